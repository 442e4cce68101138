//===- AttentionImport.h - attention of front ends --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the importers have in common: attention on tensors of four dimensions,
// made of what was read, or the reason why it cannot be.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_SUPPORT_ATTENTIONIMPORT_H
#define FP8ATTN_LIB_IMPORT_SUPPORT_ATTENTIONIMPORT_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include <functional>
#include <optional>
#include <string>

namespace mlir::fp8attn {

/// Builds what becomes of (score, batch entry, query head, query, key), an f32
/// and four indices, where a query counts as it stands among the keys; null,
/// and why, if it cannot.
using ScoreBuilder =
    std::function<Value(OpBuilder &, Location, ValueRange, std::string &why)>;

/// Attention as a front end means it. Tensors are [batch, heads, tokens,
/// channels].
struct AttentionImport {
  Value query, key, value;
  /// Of the last dimensions of [batch, heads, queries, keys], each 1 or not;
  /// null if there is none.
  Value mask;
  /// Keys that the mask has no columns for are masked; else there are none.
  bool padsMask = false;
  /// Each query sees the keys up to its own position: the first stands at the
  /// first key, or, if there is a past, the last at the last.
  bool isCausal = false, hasPast = false;
  /// Numbers of keys, from the first, that batch entries have, i32 [batch];
  /// null if all have all of them.
  Value keyLens;
  /// 1 / sqrt(channels of the key) if absent.
  std::optional<double> scale;
  /// The same as a value, f32, instead; null if it is none.
  Value scaleValue;
  std::optional<double> softcap;
  /// Keys that a query sees before its own position and behind it; all if
  /// absent.
  std::optional<int64_t> windowLeft, windowRight;
  /// A logit for each head that joins the denominator, f32 [heads]; null if
  /// there is none.
  Value sink;
  /// Null if scores stay as they are.
  ScoreBuilder score;
  /// Whether keys and values may have different numbers of heads; front ends
  /// but PyTorch know one number of both.
  bool repeatsHeads = false;
  /// A tensor that the result may be written to; a new one if null, of
  /// `outType`, or else of the type of the query's elements.
  Value out;
  Type outType;
};

/// Builds the attention, with tensors that it writes to, and returns its
/// results: out [batch, heads, queries, channels], and if `wantsLse`, the
/// log-sum-exp [batch, heads, queries]. If it cannot be meant exactly, or is
/// wrong, returns failure, and says why in `why`.
FailureOr<SmallVector<Value>> buildAttention(OpBuilder &builder, Location loc,
                                             const AttentionImport &import,
                                             bool wantsLse, std::string &why);

/// Returns what the verifier has against an operation of ours; empty if
/// nothing.
std::string findFault(Operation *op);

/// Returns the type of an operand of four dimensions, `name`; null, and why, if
/// it has others.
RankedTensorType getTensorType(Value value, StringRef name, std::string &why);

/// Returns a mask with as many dimensions of size 1 before its own as make it
/// one of four; null, and why, if it has none or more.
Value addLeadingDimensions(OpBuilder &builder, Location loc, Value mask,
                           std::string &why);

/// Tensors that attention writes to: the log-sum-exp is null if it is not
/// wanted.
struct Outputs {
  Value out, lse;
  /// The sizes of `out`.
  SmallVector<OpFoldResult> sizes;
};

/// Returns what attention is to write to, new tensors unless there are some.
Outputs getOutputs(OpBuilder &builder, Location loc,
                   const AttentionImport &import, bool wantsLse);

/// Returns where a whole tensor is, which becomes where a part of it is.
SmallVector<Range> getWhole(OpBuilder &builder, Location loc, Value tensor);

/// Returns a result as the type that a front end has for it, which may know
/// more or fewer sizes; if it cannot be one, returns null, and says why.
Value castResult(OpBuilder &builder, Location loc, Value result, Type type,
                 std::string &why);

/// Replaces `op` by what `build` returns for its results, which is cast to
/// their types, or null for those that nothing uses. If it cannot, says why in
/// a remark, leaves nothing of what was built, and returns failure.
LogicalResult replaceResults(Operation *op,
                             llvm::function_ref<FailureOr<SmallVector<Value>>(
                                 OpBuilder &, Operation *op, std::string &why)>
                                 build);

/// Says in a remark that `op` was left alone, and why.
void remarkMissed(Operation *op, StringRef why);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_SUPPORT_ATTENTIONIMPORT_H
