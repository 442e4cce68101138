//===- Reference.cpp - attention as it is defined -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reference.h"

#include <algorithm>
#include <cmath>

using namespace distributed;

/// Returns the row of one new token and query head of the first group.
static std::vector<double> attendTo(const Shape &shape, int64_t query,
                                    int64_t head) {
  const int64_t kvHead = head / (kQueryHeads / kKvHeads);
  const int64_t position = shape.queryToken(query);
  std::vector<double> scores(size_t(position + 1));
  for (int64_t token = 0; token <= position; ++token) {
    double sum = 0;
    for (int64_t channel = 0; channel < kHeadDim; ++channel)
      sum += double(elementOf(Tensor::Query, 0, position, head, channel)) *
             elementOf(Tensor::Key, 0, token, kvHead, channel);
    scores[size_t(token)] = sum / std::sqrt(double(kHeadDim));
  }
  const double most = *std::max_element(scores.begin(), scores.end());
  double total = 0;
  std::vector<double> row(kHeadDim);
  for (int64_t token = 0; token <= position; ++token) {
    const double weight = std::exp(scores[size_t(token)] - most);
    total += weight;
    for (int64_t channel = 0; channel < kHeadDim; ++channel)
      row[size_t(channel)] +=
          weight * elementOf(Tensor::Value, 0, token, kvHead, channel);
  }
  for (double &element : row)
    element /= total;
  return row;
}

double distributed::relativeError(const Shape &shape,
                                  const std::vector<float> &rows) {
  double error = 0, norm = 0;
  for (int64_t query = 0; query < shape.numQueries; ++query)
    for (int64_t head = 0; head < kQueryHeads; ++head) {
      const std::vector<double> expected = attendTo(shape, query, head);
      const float *row = rows.data() + (query * kQueryHeads + head) * kHeadDim;
      for (size_t channel = 0; channel < expected.size(); ++channel) {
        error += std::pow(row[channel] - expected[channel], 2);
        norm += std::pow(expected[channel], 2);
      }
    }
  return std::sqrt(error / norm);
}
