//===- PairBlocks.h - blocks of the layout `pairs` --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Four tokens of 16 channels in `pairs` are chunks of 16 bytes: of keys, one in
// each of 4 (FP8) or 8 (bf16) lines; of values, all of one line, or of two.
// Between these and rows of channels there are transpositions of 4 x 4 words of
// 32 bits, and permutations within 16 bytes.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_PAIRBLOCKS_H
#define FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_PAIRBLOCKS_H

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Loads four tokens whose first element is at `index` of a part, a memref of
/// integers as wide as elements. Token and channel are multiples of 4 and 16.
/// Returns the rows, vectors of 16 of these.
SmallVector<Value> loadPairs(OpBuilder &builder, Location loc, bool isKey,
                             Value part, Value index);

/// Stores rows as such tokens, or as several times as many keys of a block;
/// past the caches if `streams`.
void storePairs(OpBuilder &builder, Location loc, bool isKey, Value part,
                Value index, ArrayRef<Value> rows, bool streams);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_PAIRBLOCKS_H
