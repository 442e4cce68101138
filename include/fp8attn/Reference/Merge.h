//===- Merge.h - merge of partial results in double precision ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention over two sets of keys from the results over each, and the error
// that a kernel may make.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_REFERENCE_MERGE_H
#define FP8ATTN_REFERENCE_MERGE_H

#include "fp8attn/Runtime/fp8attn.h"

#include <vector>

namespace fp8attn::reference {

/// Results of attention over some keys: out [rows, channels], and the natural
/// log-sum-exp of each row, -inf if it has no keys.
struct PartialResult {
  std::vector<double> out;
  std::vector<double> lse;
};

/// A merged result with the error allowed for each element.
struct MergeResult : PartialResult {
  /// One rounding to the type of the result, and a few to f32 of each of the
  /// two terms.
  std::vector<double> allowedOutError;
  std::vector<double> allowedLseError;
};

/// Merges parts of the same shape, elements of `partType`, into a result of
/// `outType`: bf16, f16 or f32. A part whose lse is -inf is not looked at, and
/// the result is then the other part, exactly unless its type is another; 0 and
/// -inf if both are.
MergeResult merge(const PartialResult &first, const PartialResult &second,
                  fp8attn_type partType, fp8attn_type outType);

} // namespace fp8attn::reference

#endif // FP8ATTN_REFERENCE_MERGE_H
