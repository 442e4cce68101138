//===- InputMaker.h - fills arguments with random inputs --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What makes the inputs of Inputs.h. Its functions for dense attention have a
// file of their own.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_INPUTMAKER_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_INPUTMAKER_H

#include "Arguments.h"
#include "Batch.h"
#include "Random.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include <map>

namespace mlir::fp8attn {

/// Channels whose values are several times larger, as in most models' keys.
inline float channelFactor(int64_t channel) {
  constexpr int64_t kOutlierPeriod = 61;
  constexpr float kOutlierFactor = 5;
  return channel % kOutlierPeriod == 3 ? kOutlierFactor : 1;
}

/// Channel 0 carries the attention sink: queries agree on its sign, and the
/// first key of a sequence is large there.
inline constexpr float kSinkQuery = 4;
inline constexpr float kSinkLogit = 8;

/// Fills arguments for one operation after the other.
class InputMaker {
public:
  /// `batch` must outlive this.
  InputMaker(func::FuncOp function, const Batch &batch, uint64_t seed)
      : arguments(function), batch(batch), random(seed) {}

  /// Fills the arguments of an operation that are not filled yet. Reports one
  /// whose type does not fit the batch.
  LogicalResult fill(PagedAttentionOp op);
  LogicalResult fill(AttentionOp op);
  LogicalResult fill(MergeOp op);
  LogicalResult fill(KvWriteOp op);
  LogicalResult fill(RepackOp op);
  /// Fills those of quantize or dequantize, likewise.
  template <typename ConvertOp> LogicalResult fillConversion(ConvertOp op);

  /// What was filled so far.
  Arguments arguments;

private:
  /// Allocates the argument unless an earlier operation has. `isNew` says
  /// whether it must be filled.
  LogicalResult allocate(Value value, ArrayRef<int64_t> sizes, bool &isNew);
  /// Allocates i32 and copies `numbers`.
  LogicalResult fillIntegers(Value value, ArrayRef<int32_t> numbers,
                             ArrayRef<int64_t> sizes);
  /// `sizes` are those of a scale with all its dimensions; a scale of rank 0
  /// has none.
  LogicalResult fillScale(Value scale, ArrayRef<int64_t> sizes);
  /// Fills a sink for each head, if there are any.
  LogicalResult fillSink(Value sink, int64_t heads);
  /// Fills [tokens, heads, channels] as a query.
  LogicalResult fillHeads(Value value);
  /// Returns the sizes of the results of `op` for the batch, without channels.
  SmallVector<int64_t> getPartSizes(MergeOp op);
  /// Fills a partial result whose lse has these sizes.
  LogicalResult fillPart(Value out, Value lse, ArrayRef<int64_t> sizes);
  /// Fills the slots of the new tokens.
  LogicalResult fillPageList(RepackOp op);
  LogicalResult fillSlots(Value slots, const PageTable &pages);
  /// `maskSizes` are those of the mask, if there is one.
  LogicalResult fillScoreModifiers(AttentionInterface op,
                                   ArrayRef<int64_t> maskSizes);
  /// Fills keys or values [B, Hkv, Sk, D], quantised by `scale` if FP8.
  LogicalResult fillDense(Value value, Value scale,
                          std::optional<AffineMap> map, bool isKey);
  /// Reports lengths that no dense tensor can have.
  LogicalResult checkEqualLengths(Operation *op);
  /// Fills a mask, or what a score region loads from.
  LogicalResult fillElements(Value value, ArrayRef<int64_t> sizes);
  /// Allocates caches and fills them with the tokens of all sequences.
  template <typename Op> LogicalResult fillCacheScales(Op op);
  template <typename Op> void fillCaches(Op op);
  /// Writes the keys, or the values, of those tokens.
  void writePrompt(const reference::CachePart &part,
                   const reference::Scales &scales, const PageTable &pages,
                   bool isKey);
  /// Writes a row of values of a channel each, as elements of `type`.
  void fillRow(uint8_t *row, int64_t channels, fp8attn_type type);
  /// Fills row `row` of a tensor, in row-major order, as a query.
  void fillQueryRow(Value value, int64_t row);
  /// Returns the pages of caches with the page size of `type`.
  const PageTable &getPages(CacheType type);
  /// Returns the keys of the longest sequence.
  int64_t longestContext() const {
    int64_t longest = 0;
    for (int32_t length : batch.seqLens)
      longest = std::max<int64_t>(longest, length);
    return longest;
  }

  const Batch &batch;
  Random random;
  /// By page size: caches of the same page size share their table.
  std::map<int64_t, PageTable> pageTables;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_INPUTMAKER_H
