//===- ScoreModifiers.h - softcap, ALiBi, masks as regions ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All modifications of scores become one region, in the order that
// paged_attention documents.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_DECOMPOSEATTENTION_SCOREMODIFIERS_H
#define FP8ATTN_LIB_TRANSFORMS_DECOMPOSEATTENTION_SCOREMODIFIERS_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Returns the scores of a tile as `op`, which modifies scores, wants them.
/// `diagonal` is the position of query 0 of the item's sequence, which masks of
/// dense attention and of drafts need.
Value createModify(OpBuilder &builder, Location loc, AttentionInterface op,
                   Value scores, Value item, Value diagonal, Value firstKey);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_DECOMPOSEATTENTION_SCOREMODIFIERS_H
