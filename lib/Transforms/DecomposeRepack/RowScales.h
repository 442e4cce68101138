//===- RowScales.h - scales that stand in rows ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a turn of a repack's loop does with scales.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_ROWSCALES_H
#define FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_ROWSCALES_H

#include "DecomposeRepack/PartMover.h"

namespace mlir::fp8attn {

/// Copies the scales of the tokens of an entry where the source, or the
/// destination, has them within; those of the other cache are `key_scale`.
/// `move` is that of the codes that they are of.
void moveRowScales(OpBuilder &builder, RepackOp op, const Turn &turn,
                   const PartMove &move);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_ROWSCALES_H
