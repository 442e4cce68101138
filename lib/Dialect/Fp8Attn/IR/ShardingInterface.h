//===- ShardingInterface.h - over several devices ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How propagation and partitioning of the shard dialect take operations of the
// model level.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_DIALECT_FP8ATTN_IR_SHARDINGINTERFACE_H
#define FP8ATTN_LIB_DIALECT_FP8ATTN_IR_SHARDINGINTERFACE_H

namespace mlir {
class MLIRContext;
} // namespace mlir

namespace mlir::fp8attn::detail {

/// Lets attention, merge, quantize and dequantize, which `context` must know,
/// implement ShardingInterface. Operations with caches do not: a cache is no
/// tensor, and its type says how many heads it has.
void attachShardingInterface(MLIRContext &context);

} // namespace mlir::fp8attn::detail

#endif // FP8ATTN_LIB_DIALECT_FP8ATTN_IR_SHARDINGINTERFACE_H
