//===- TorchValues.h - constants and tensors of torch -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Options of operations of torch are operands, made by operations of their own,
// and tensors have types of their own.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_TORCH_TORCHVALUES_H
#define FP8ATTN_LIB_IMPORT_TORCH_TORCHVALUES_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

#include <optional>

namespace mlir::fp8attn {

/// Whether the value is torch's None.
bool isTorchNone(Value value);

/// Returns the value of a constant; nothing if it is none.
std::optional<bool> getTorchBool(Value value);
std::optional<int64_t> getTorchInt(Value value);
std::optional<double> getTorchFloat(Value value);
std::optional<StringRef> getTorchString(Value value);

/// Returns the tensor type that `!torch.vtensor<[1,8,?,64],bf16>` says; null if
/// a type says none, such as one without sizes.
RankedTensorType getBuiltinTensor(Type type);

/// The same of a tensor that may change, `!torch.tensor<[4,8],f32>`, too.
RankedTensorType getTorchTensor(Type type);

/// Returns the value as a tensor of MLIR: what it was made of, or a conversion.
/// Its type must say one.
Value toBuiltinTensor(OpBuilder &builder, Location loc, Value value);

/// Whether a type is that of torch's numbers, `!torch.float`.
bool isTorchFloat(Type type);

/// Returns such a number as an f64: what it was made of, or a conversion.
Value toBuiltinFloat(OpBuilder &builder, Location loc, Value value);

/// Whether nothing uses a value but what says its sizes.
bool isTorchUnused(Value value);

/// Replaces all uses of a tensor of torch by a tensor of MLIR: its conversions,
/// or all at once through a conversion back.
void replaceByBuiltinTensor(OpBuilder &builder, Value old, Value tensor);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_TORCH_TORCHVALUES_H
