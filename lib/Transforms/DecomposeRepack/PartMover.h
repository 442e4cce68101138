//===- PartMover.h - the keys or values of a head in an entry ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a turn of a repack's loop does with one part of a cache.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_PARTMOVER_H
#define FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_PARTMOVER_H

#include "DecomposeRepack/RepackSide.h"

namespace mlir::fp8attn {

/// Tokens of an entry that are moved for all heads, part by part, before the
/// next ones are.
struct TokenBlock {
  Value first;
  int64_t tokens;
  /// What is moved behind it, of the first head: as many tokens of a part, from
  /// this one on.
  RepackSide next;
  Value nextFirst;
};

/// What one turn moves.
struct Turn {
  Value entry, head;
  /// The entry behind it, or again the last one.
  Value nextEntry;
  /// For padding.
  Value zero;
  /// Whether what is stored goes past the caches.
  bool streams;
  /// Which tokens, if not all of the entry's.
  std::optional<TokenBlock> block = std::nullopt;
};

/// A part of the source, and where it goes.
struct PartMove {
  RepackedPart source, destination;
};

/// Moves a part of a head of the pages of an entry, or of the turn's block.
void movePart(OpBuilder &builder, RepackOp op, const Turn &turn,
              const PartMove &move);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_PARTMOVER_H
