//===- DenseAttention.h - dense attention in double precision ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention whose keys and values are tensors, as the definition says it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_REFERENCE_DENSEATTENTION_H
#define FP8ATTN_REFERENCE_DENSEATTENTION_H

#include "fp8attn/Reference/Attention.h"

namespace fp8attn::reference {

/// A tensor [batch, heads, tokens, channels] of bf16, f16, f32 or FP8; strides
/// are in elements.
struct DenseTensor {
  const void *data = nullptr;
  fp8attn_type type = FP8ATTN_TYPE_BF16;
  int64_t sizes[4] = {};
  int64_t strides[4] = {};

  /// Returns the address of an element.
  const uint8_t *address(int64_t entry, int64_t head, int64_t token,
                         int64_t channel) const;
};

/// A call of dense attention. Nothing is checked: sizes agree. What is not
/// explained is as in AttentionCall.
struct DenseCall {
  /// All are rounded to bf16 before anything else, but for FP8 and, with
  /// f32Products, the query.
  DenseTensor query, key, value;
  bool f32Products = false;
  /// As in AttentionCall, of a query of a batch entry.
  std::function<double(int64_t entry, int64_t head, int64_t query)> queryScale;
  Scales keyScale, valueScale;
  double softmaxScale = 1;
  std::optional<int64_t> windowLeft, windowRight;
  bool topLeft = false;
  /// [batch] or null: the keys that an entry has, of those of the tensors.
  const int32_t *keyLens = nullptr;
  const int32_t *queryOffsets = nullptr;
  const float *sink = nullptr;
  /// The sequence of a place is the batch entry, the token the query.
  decltype(AttentionCall::modifyScore) modifyScore;
};

/// Computes attention. `out` and `magnitude` are [B, Hq, Sq, Dv], the rest is
/// [B, Hq, Sq].
AttentionResult attend(const DenseCall &call);

} // namespace fp8attn::reference

#endif // FP8ATTN_REFERENCE_DENSEATTENTION_H
