//===- TorchRepeats.h - heads that torch repeats ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs of torch repeat the heads of keys and values for the heads of a
// group; attention here takes them as they were before.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_TORCH_TORCHREPEATS_H
#define FP8ATTN_LIB_IMPORT_TORCH_TORCHREPEATS_H

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// If both are [batch, heads, tokens, channels] whose heads were repeated for
/// as many groups, lets them be what was repeated.
void dropRepeatedHeads(OpBuilder &builder, Value &key, Value &value);

/// Erases what made the values, as far as nothing uses it: conversions,
/// constants and operations that only change shapes or types.
void eraseUnusedShapes(ArrayRef<Value> values);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_TORCH_TORCHREPEATS_H
