//===- OnnxOperands.h - operands of the onnx dialect ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An operand may be absent, by number or by its type; attributes have defaults.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_IMPORTONNX_ONNXOPERANDS_H
#define FP8ATTN_LIB_IMPORT_IMPORTONNX_ONNXOPERANDS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Operation.h"

#include <optional>
#include <string>

namespace mlir::fp8attn {

/// Returns an operand; null if it is absent.
Value getOnnxOperand(Operation *op, unsigned place);

/// Demands past keys and past values, or neither; says why if there is one.
LogicalResult checkPastPair(Operation *op, unsigned key, unsigned value,
                            std::string &why);

/// Returns, for all results, those of `values`, which are for the first ones,
/// that are used, and null for others.
SmallVector<Value> getUsedResults(Operation *op, ArrayRef<Value> values);

/// Returns the value of an attribute; nothing if it is none.
std::optional<int64_t> getOnnxInteger(Operation *op, StringRef name);
std::optional<double> getOnnxFloat(Operation *op, StringRef name);

/// Returns element `[entry]` or `[entry, 0]` of a tensor of integers, as an
/// index; `[]` or `[0]` if there is no entry.
Value readOnnxInteger(OpBuilder &builder, Location loc, Value tensor,
                      Value entry);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_IMPORTONNX_ONNXOPERANDS_H
