//===- ShardedAttention.cpp - attend, exchange, merge ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ShardedAttention.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>

using namespace distributed;

ShardedAttention::Range ShardedAttention::ownPart(int64_t count,
                                                  const char *what) const {
  const int64_t ranks = communicator.size(), rank = communicator.rank();
  if (count % ranks != 0)
    throw std::runtime_error("expects a number of " + std::string(what) +
                             " that is a multiple of the ranks (" +
                             std::to_string(ranks) + "), got " +
                             std::to_string(count));
  return {count / ranks * rank, count / ranks * (rank + 1)};
}

ShardedAttention::ShardedAttention(const Shape &shape, ShardBy shardBy,
                                   Communicator &communicator)
    : shape(shape), communicator(communicator), groups{0, shape.numGroups},
      segments{0, shape.numSegments} {
  if (shardBy == ShardBy::Sequence)
    segments = ownPart(shape.numSegments, "segments");
  else
    groups = ownPart(shape.numGroups, "groups of heads");
  for (int64_t group = groups.begin; group < groups.end; ++group) {
    queries.push_back(makeQuery(shape, group));
    for (int64_t segment = segments.begin; segment < segments.end; ++segment)
      own.emplace_back(context, shape, group, segment);
  }
  mine.resize(own.size() * shape.partialFloats());
  if (shardBy == ShardBy::Sequence)
    all.resize(size_t(communicator.size()) * mine.size());
}

size_t ShardedAttention::exchangedBytes() const {
  return all.empty() ? 0 : mine.size() * sizeof(float);
}

static double now() {
  const std::chrono::duration<double> time =
      std::chrono::steady_clock::now().time_since_epoch();
  return time.count();
}

std::vector<float> ShardedAttention::attend(StepTimes &times) {
  const size_t partial = shape.partialFloats();
  const double begin = now();
  const auto numGroups = size_t(groups.size());
  const auto segmentsOfRank = size_t(segments.size());
  for (size_t i = 0; i < own.size(); ++i)
    own[i].attend(context, queries[i / segmentsOfRank],
                  mine.data() + i * partial);
  const double attended = now();

  if (!all.empty())
    communicator.allGather(mine.data(), mine.size() * sizeof(float),
                           all.data());
  std::vector<float> &parts = all.empty() ? mine : all;
  const double exchanged = now();

  const size_t ranks = parts.size() / mine.size();
  const size_t rows = partial / (kHeadDim + 1) * kHeadDim;
  std::vector<float> results;
  results.reserve(numGroups * rows);
  for (size_t group = 0; group < numGroups; ++group) {
    const auto partOf = [&](size_t rank, size_t segment) {
      const size_t part = (rank * numGroups + group) * segmentsOfRank + segment;
      return parts.data() + part * partial;
    };
    float *result = partOf(0, 0);
    // From the first segment to the last, whoever computed them.
    for (size_t next = 1; next < ranks * segmentsOfRank; ++next)
      mergeNext(context, shape, result,
                partOf(next / segmentsOfRank, next % segmentsOfRank));
    results.insert(results.end(), result, result + rows);
  }
  times = {attended - begin, exchanged - attended, now() - exchanged};
  return results;
}
