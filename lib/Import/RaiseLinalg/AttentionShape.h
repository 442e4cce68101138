//===- AttentionShape.h - dimensions of found attention ---------*- C++ -*-===//
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which loops are the batch, the heads and the queries, and tensors with them
// in the order that attention has.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_RAISELINALG_ATTENTIONSHAPE_H
#define FP8ATTN_LIB_IMPORT_RAISELINALG_ATTENTIONSHAPE_H

#include "AttentionPattern.h"

namespace mlir::fp8attn {

/// Places in [batch, heads, tokens, channels] of each tensor; in those of the
/// mask, batch and heads may be none.
struct AttentionShape {
  Indices query, key, value, out, mask;
  /// Whether the heads of the mask are the KV heads.
  bool isMaskOfKvHeads = false;
};

/// Returns the places of what was found, whose result is read at `out`; if it
/// is not attention, returns nothing, and says why.
std::optional<AttentionShape> getShape(const AttentionPattern &pattern,
                                       const Indices &out,
                                       const ElementReader &reader,
                                       std::string &why);

/// Returns a tensor read at `from` as one read at `to`, which have the same
/// digits, each once: reshaped in place, and transposed where their order
/// demands it.
Value arrange(OpBuilder &builder, Location loc, Value tensor, Indices from,
              Indices to, const ElementReader &reader);

/// Whether that is in place.
bool isInOrder(const Indices &from, const Indices &to);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_RAISELINALG_ATTENTIONSHAPE_H
