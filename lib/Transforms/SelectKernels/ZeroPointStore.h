//===- ZeroPointStore.h - codes that have zero points -*- C++ -*- ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// No kernel that writes a cache knows of zero points. Quotients are rounded and
// stored here, code by code.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ZEROPOINTSTORE_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ZEROPOINTSTORE_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Emits the stores of the codes of quotients[t], for the first `count` tokens
/// of `slots` that have a slot, as emitQuotients makes them.
void emitZeroPointCodes(OpBuilder &builder, StoreOp op, Value slots,
                        Value count, Value quotients);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ZEROPOINTSTORE_H
