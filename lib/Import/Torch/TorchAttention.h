//===- TorchAttention.h - operands of attention of torch --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What operations of torch that are attention have in common.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_TORCH_TORCHATTENTION_H
#define FP8ATTN_LIB_IMPORT_TORCH_TORCHATTENTION_H

#include "Support/AttentionImport.h"

namespace mlir::fp8attn {

/// Reads a scale: None, a constant or a number that is computed; says why if it
/// is none of them.
LogicalResult readTorchScale(Value scale, AttentionImport &import,
                             std::string &why);

/// Lets keys and values be repeated, each as often as it takes, if heads are
/// said to be groups; PyTorch refuses other heads than the query's without, and
/// so why is said where types of four dimensions have them.
LogicalResult readTorchGroups(bool areGroups, AttentionImport &import,
                              std::string &why);

/// The operands of an operation, by name; null for those that it does not have.
struct TorchOperands {
  Value query, key, value, mask, dropout, isCausal, scale, enableGqa;
};

/// Returns the operands of attention; nothing for another operation.
std::optional<TorchOperands> getTorchOperands(Operation *op);

/// Reads what does not ask for code; says why if it cannot be meant.
LogicalResult readTorchOptions(const TorchOperands &operands,
                               AttentionImport &import, std::string &why);

/// Converts values of torch; says why if the type of a tensor says no sizes.
LogicalResult convertTorchOperands(OpBuilder &builder, Location loc,
                                   AttentionImport &import, std::string &why);

/// Returns a result as the tensor that `old`, of torch, is; null, and why, if
/// it cannot be one.
Value castTorchResult(OpBuilder &builder, Location loc, Value result, Value old,
                      std::string &why);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_TORCH_TORCHATTENTION_H
