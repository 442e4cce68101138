//===- BufferizableInterface.h - from tensors to memrefs --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How one-shot bufferization takes operations of the model level.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_DIALECT_FP8ATTN_IR_BUFFERIZABLEINTERFACE_H
#define FP8ATTN_LIB_DIALECT_FP8ATTN_IR_BUFFERIZABLEINTERFACE_H

namespace mlir {
class MLIRContext;
} // namespace mlir

namespace mlir::fp8attn::detail {

/// Lets the operations of the model level, which `context` must know, implement
/// BufferizableOpInterface.
void attachBufferizableInterface(MLIRContext &context);

} // namespace mlir::fp8attn::detail

#endif // FP8ATTN_LIB_DIALECT_FP8ATTN_IR_BUFFERIZABLEINTERFACE_H
