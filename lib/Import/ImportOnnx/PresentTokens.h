//===- PresentTokens.h - keys and values of buffers -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A past may have room for what is added, or be as long as it is. Batch entries
// have pasts of their own lengths in it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_IMPORTONNX_PRESENTTOKENS_H
#define FP8ATTN_LIB_IMPORT_IMPORTONNX_PRESENTTOKENS_H

#include "mlir/IR/Builders.h"

#include <string>

namespace mlir::fp8attn {

/// What says how many tokens the present has room for.
struct PresentShape {
  /// The type of the result, null if there is none, and the operand
  /// `total_sequence_length`, which decides where types do not know.
  Type type;
  Value total;
};

/// Whether a past is known to have no tokens.
bool hasNoTokens(Value past);

/// Returns how many tokens the present has room for: those of the past, in
/// place, or those of both; failure, and why, if types say otherwise.
FailureOr<Value> getPresentTokens(OpBuilder &builder, Location loc, Value past,
                                  Value added, const PresentShape &shape,
                                  std::string &why);

/// Returns [batch, heads, room, channels] of [batch, heads, tokens, channels]
/// of the past and of what is added, which stands behind as many tokens of each
/// entry as `countPast` says, an index that leaves room for it; null, and why,
/// if the types say otherwise. The past is written where it has that room.
Value writePresent(
    OpBuilder &builder, Location loc, Value past, Value added, Value room,
    llvm::function_ref<Value(OpBuilder &, Value entry)> countPast,
    std::string &why);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_IMPORTONNX_PRESENTTOKENS_H
