//===- InputMaker.h - fills arguments with random inputs --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What makes the inputs of Inputs.h. Tensors are made in InputMaker.cpp, the
// inputs of operations on caches, of dense attention and of all others in a
// file each.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_INPUTMAKER_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_INPUTMAKER_H

#include "Arguments.h"
#include "Batch.h"
#include "Random.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include <algorithm>
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

/// Makes arguments for one operation after the other. What an earlier operation
/// has is left as it is; all else is allocated and filled. Functions fail, with
/// a report, where a static size does not fit the batch.
class InputMaker {
public:
  /// `batch` must outlive this.
  InputMaker(func::FuncOp function, const Batch &batch, uint64_t seed)
      : arguments(function), batch(batch), random(seed) {}

  /// Makes the arguments of an operation.
  LogicalResult makeInputs(PagedAttentionOp op);
  LogicalResult makeInputs(AttentionOp op);
  LogicalResult makeInputs(MergeOp op);
  LogicalResult makeInputs(KvWriteOp op);
  LogicalResult makeInputs(RepackOp op);
  /// Makes those of quantize or dequantize, likewise.
  template <typename ConvertOp> LogicalResult makeConversion(ConvertOp op);
  /// Gives constants of the module their elements.
  LogicalResult makeConstants(func::FuncOp function);
  /// Makes what a copy reads, or leaves it to the operations that use the copy:
  /// they know what it is.
  LogicalResult makeInputs(memref::CopyOp op);
  /// Makes what is copied and used by no operation of the model.
  LogicalResult makeOtherCopies();
  /// Reports sizes of views and allocations that the function computes and that
  /// are not those which its operations want.
  LogicalResult checkSizes(func::FuncOp function);

  /// What was made so far.
  Arguments arguments;

private:
  /// Makes a tensor, and has `fill` write its elements if it is new; without
  /// `fill`, which is for what an operation writes, they are NaN or -1.
  LogicalResult make(Value value, ArrayRef<int64_t> sizes,
                     function_ref<void(const Argument &)> fill = nullptr);
  /// Makes floats, each `number` of its index in row-major order.
  LogicalResult makeNumbers(Value value, ArrayRef<int64_t> sizes,
                            function_ref<float(int64_t)> number);
  /// Makes i32 and copies `numbers`, also into a tensor that was made before.
  LogicalResult makeIntegers(Value value, ArrayRef<int64_t> sizes,
                             ArrayRef<int32_t> numbers);
  /// Makes an optional scale of f32, f8E8M0FNU or f8E4M3FN, or zero points.
  /// `sizes` are those of a scale with all its dimensions; a scale of rank 0
  /// has none.
  LogicalResult makeScale(Value scale, ArrayRef<int64_t> sizes);
  /// Makes a sink for each head, if there are any.
  LogicalResult makeSink(Value sink, int64_t heads);
  /// Makes queries, or keys and values to be written; the last dimension is
  /// that of channels.
  LogicalResult makeQueries(Value value, ArrayRef<int64_t> sizes);
  /// Makes the scale of the rows of a tensor of these sizes, if there is one.
  LogicalResult makeRowScale(Value scale, std::optional<AffineMap> map,
                             ArrayRef<int64_t> sizes);
  /// Makes a mask, or what a score region loads from.
  LogicalResult makeElements(Value value, ArrayRef<int64_t> sizes);
  /// Makes a number that a score region uses.
  void makeNumber(Value value);
  /// Makes a factor of scores of `keyDim` channels, near the usual one.
  void makeSoftmaxScale(Value value, int64_t keyDim);
  /// Makes the slopes of ALiBi, the masks, and what the score region loads
  /// from. `maskSizes` are those of the mask, if there is one.
  LogicalResult makeScoreModifiers(AttentionInterface op,
                                   ArrayRef<int64_t> maskSizes);

  /// Makes an optional scale, or zero points, of a cache of so many pages, as
  /// the map says.
  LogicalResult makeCacheScale(Value scale, std::optional<AffineMap> map,
                               CacheType cache, int64_t numPages);
  /// Makes the scales and zero points of the caches of `op`.
  template <typename Op> LogicalResult makeCacheScales(Op op);
  /// Makes the scales for caches of these types and of so many pages.
  template <typename Op>
  LogicalResult makeCacheScales(Op op, CacheType keys, CacheType values,
                                int64_t numPages);
  /// Makes caches that hold the tokens of all sequences.
  template <typename Op> void makeCaches(Op op);
  /// Makes the lists of the keys that queries see.
  LogicalResult makeSelected(PagedAttentionOp op);
  /// Makes the slots of the new tokens.
  LogicalResult makeSlots(Value slots, const PageTable &pages);
  /// Makes the positions of the new tokens, and the other operands of norms and
  /// rotary embeddings.
  LogicalResult makeRotation(KvWriteOp op);
  /// Makes numbers of the scales within a cache, if it has some.
  void makeRowScales(TypedValue<CacheType> cache);
  /// Makes the list of pages to repack.
  LogicalResult makePageList(RepackOp op);
  /// Writes the keys, or the values, of all tokens of all sequences.
  void writePrompt(const reference::CachePart &part,
                   const reference::Scales &scales, const PageTable &pages,
                   bool isKey);

  /// Makes keys or values [B, Hkv, Sk, D], quantised by `scale` if FP8.
  LogicalResult makeDense(Value value, Value scale,
                          std::optional<AffineMap> map, bool isKey);
  /// Makes the keys that batch entries have, and where their queries stand.
  LogicalResult makeEntryKeys(AttentionOp op);
  /// Reports lengths that no dense tensor can have.
  LogicalResult checkEqualLengths(Operation *op);

  /// Returns the sizes of the results of `op` for the batch, without channels.
  SmallVector<int64_t> getPartSizes(MergeOp op);
  /// Makes a partial result whose lse has these sizes.
  LogicalResult makePart(Value out, Value lse, ArrayRef<int64_t> sizes);

  /// Fills a row, a random number for each channel, as elements of `type`.
  void fillRow(uint8_t *row, int64_t channels, fp8attn_type type);
  /// Returns the pages of caches with the page size of `type`.
  const PageTable &getPages(CacheType type);
  /// Returns the keys of the longest sequence.
  int64_t longestContext() const {
    return *std::max_element(batch.seqLens.begin(), batch.seqLens.end());
  }

  /// Elements of a memref that have been made.
  enum class Made { None, Some, All };
  LogicalResult describeView(Value value);
  Made getMade(Value value);
  void setMade(Value value);
  /// Gives what is copied the elements that operations want of the copies.
  LogicalResult makeCopied();

  const Batch &batch;
  Random random;
  struct MadeElements {
    bool whole = false;
    std::vector<bool> elements;
  };
  /// By place of the memory.
  std::map<size_t, MadeElements> made;
  /// Copies of what no operation has made.
  std::vector<memref::CopyOp> copies;
  /// By page size: caches of the same page size share their table.
  std::map<int64_t, PageTable> pageTables;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_INPUTMAKER_H
