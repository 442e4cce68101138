//===- PageTensors.h - batches and slots of programs of torch ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What stands for writes and attention, once their cache is an
// `!fp8attn.cache`.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_IMPORTTORCHPAGES_PAGETENSORS_H
#define FP8ATTN_LIB_IMPORT_IMPORTTORCHPAGES_PAGETENSORS_H

#include "PageUses.h"

namespace mlir::fp8attn {

/// Builds what two operations write, keys and values, to the slot of each token
/// of `key`, in one cache or in one of keys and one of values; says why if it
/// cannot.
LogicalResult buildPageWrite(OpBuilder &builder, const TorchIntegers &integers,
                             const PageWrite &key, const PageWrite &value,
                             AffineExpr slot, ValueRange caches,
                             std::string &why);

/// Builds attention over such caches, and returns what stands for its result;
/// null, and why, if it cannot.
Value buildPageAttention(OpBuilder &builder, const TorchIntegers &integers,
                         const PageAttention &attention, ValueRange caches,
                         std::string &why);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_IMPORTTORCHPAGES_PAGETENSORS_H
