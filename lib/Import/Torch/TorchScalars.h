//===- TorchScalars.h - functions of torch on scalars -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions that modify a score or say which keys a query sees are written on
// tensors without dimensions. Here they become operations on scalars.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_TORCH_TORCHSCALARS_H
#define FP8ATTN_LIB_IMPORT_TORCH_TORCHSCALARS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Returns the type of a scalar, f32, f16, bf16, i1, i8, i32 or i64, that
/// `!torch.vtensor<[],si32>` stands for; null if a type is none.
Type getScalarType(Type type);

/// Converts a scalar as PyTorch does; null for a float to an integer.
Value convertScalar(OpBuilder &builder, Location loc, Value value, Type type);

/// Builds what the function computes of `arguments`, scalars of the types of
/// its arguments, and returns its one result. If an operation of it has no
/// counterpart that gives the same number, returns null and says which in
/// `why`.
Value inlineTorchScalars(OpBuilder &builder, func::FuncOp function,
                         ValueRange arguments, std::string &why);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_TORCH_TORCHSCALARS_H
