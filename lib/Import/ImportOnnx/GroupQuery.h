//===- GroupQuery.h - GroupQueryAttention of com.microsoft ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operator of ONNX Runtime that language models are exported with.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_IMPORTONNX_GROUPQUERY_H
#define FP8ATTN_LIB_IMPORT_IMPORTONNX_GROUPQUERY_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Operation.h"

#include <string>

namespace mlir::fp8attn {

/// Whether an operation is GroupQueryAttention, with the operands that it has
/// at least.
bool isGroupQuery(Operation *op);

/// Builds what stands for the results that are used, null for others. If it
/// cannot be meant exactly, returns failure, and says why in `why`.
FailureOr<SmallVector<Value>> buildGroupQuery(OpBuilder &builder, Operation *op,
                                              std::string &why);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_IMPORTONNX_GROUPQUERY_H
