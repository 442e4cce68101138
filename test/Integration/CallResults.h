//===- CallResults.h - what a call of attention writes ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_CALLRESULTS_H
#define FP8ATTN_TEST_INTEGRATION_CALLRESULTS_H

#include <cstring>
#include <vector>

/// Results of a call: the same if all bytes are.
struct Results {
  std::vector<float> out, lse;

  bool operator==(const Results &other) const {
    const auto isSame = [](const std::vector<float> &a,
                           const std::vector<float> &b) {
      return a.size() == b.size() &&
             std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
    };
    return isSame(out, other.out) && isSame(lse, other.lse);
  }
};

#endif // FP8ATTN_TEST_INTEGRATION_CALLRESULTS_H
