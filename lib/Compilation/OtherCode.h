//===- OtherCode.h - code beside the model to LLVM --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// fp8attn-to-llvm leaves what is not of the model as it is. Where an object is
// made of the whole module, this lowers the rest with MLIR's own conversions.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_COMPILATION_OTHERCODE_H
#define FP8ATTN_LIB_COMPILATION_OTHERCODE_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::fp8attn {

/// Lowers what is not of the LLVM dialect in a module of which fp8attn-to-llvm
/// has lowered the model: functions, globals and bodies in affine, arith, cf,
/// func, math, memref, scf and vector. Private functions become local. Reports
/// an operation that is left.
LogicalResult lowerOtherCode(ModuleOp module);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_COMPILATION_OTHERCODE_H
