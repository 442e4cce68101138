//===- AttentionPattern.h - attention in elements ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What an element of attention is, without its sizes and the order of its
// dimensions.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_RAISELINALG_ATTENTIONPATTERN_H
#define FP8ATTN_LIB_IMPORT_RAISELINALG_ATTENTIONPATTERN_H

#include "Elements.h"

#include <string>

namespace mlir::fp8attn {

/// sum over keys of softmax(score) * value, where a score is scale times the
/// sum over channels of query * key, capped, with a mask. Each of the elements
/// is that of a tensor.
struct AttentionPattern {
  Element *query = nullptr, *key = nullptr, *value = nullptr;
  /// Added; of i1, true where a score is kept. Null if there is none.
  Element *mask = nullptr;
  double scale = 1;
  /// Numbers that the scale is multiplied by, or divided where it is set.
  SmallVector<std::pair<Element *, bool>, 1> scalars;
  std::optional<double> softcap;
  /// Keys that a query sees before and behind the key of its own number; all if
  /// absent. If there is one, the loop over queries.
  std::optional<int64_t> windowLeft, windowRight;
  std::optional<Index> queries;
  /// The loops over keys, and over the channels of queries and keys.
  Digit keys = 0, channels = 0;
  /// The operation that makes the products of queries and keys.
  Operation *products = nullptr;
};

/// Returns the attention that an element is. If there is none, returns nothing;
/// if there is a softmax that could have been one, says in `why` what is not as
/// expected.
std::optional<AttentionPattern>
matchAttention(ElementReader &reader, Element *element, std::string &why);

/// Whether one of the digits of an element is `digit`.
bool hasDigit(const Element &element, Digit digit);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_RAISELINALG_ATTENTIONPATTERN_H
