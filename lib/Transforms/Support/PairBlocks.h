//===- PairBlocks.h - blocks of the layout `pairs` --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Four tokens of 16 channels in `pairs` are chunks of 16 bytes: of keys, one in
// each of 4 (FP8) or 8 (bf16) lines; of values, all of one line, or of two.
// Between these and rows of channels there are transpositions of 4 x 4 words of
// 32 bits, and permutations within 16 bytes. Vectors are as wide as there is
// work of one kind: a processor with wide registers then has fewer operations,
// and stores of whole lines, of which more wait for memory at a time.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SUPPORT_PAIRBLOCKS_H
#define FP8ATTN_LIB_TRANSFORMS_SUPPORT_PAIRBLOCKS_H

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// A part of a page, a memref of integers as wide as elements, and for each
/// group of 16 channels the index of the first element of four tokens. Tokens
/// and channels are multiples of 4 and 16. Two elements may be packed to a byte
/// (Support/PackedCodes.h).
struct PairPlace {
  Value part;
  SmallVector<Value> groups;
  bool arePacked;
};

/// Loads four tokens. Returns the rows, vectors of the channels of all groups.
SmallVector<Value> loadPairs(OpBuilder &builder, Location loc, bool isKey,
                             const PairPlace &place);

/// Stores rows as such tokens, or as several times as many of a block, keys of
/// one group; past the caches if `streams`.
void storePairs(OpBuilder &builder, Location loc, bool isKey,
                const PairPlace &place, ArrayRef<Value> rows, bool streams);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SUPPORT_PAIRBLOCKS_H
