//===- Dequantization.h - keys and values times their scales -*- C++ -*----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A scale that differs by key and by channel cannot leave the product of a key
// with a query, or of a value with a probability, and kernels know of no zero
// points. A step of such keys or values is decoded, and zero points subtracted,
// and multiplied before the kernels see it, in memory of the worker: one bf16
// page of FP8ATTN_BLOCK_KEYS tokens, overwritten by the next step.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_DEQUANTIZATION_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_DEQUANTIZATION_H

#include "SelectKernels/ElementNumbers.h"
#include "SelectKernels/LineScaling.h"
#include "Support/Scratch.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include <optional>

namespace mlir::fp8attn {

/// Emits the dequantisation of one work item's keys, or of its values.
class Dequantization {
public:
  /// Reserves memory in `buffers`, which must be built while this lives.
  /// `scale` loads the factors of the run's keys or values, a tensor of rank 2,
  /// and `zeroPoints`, likewise, what is subtracted from their codes; one of
  /// the two may be null. `rope`, which may be null, puts bf16 channels behind
  /// those of keys; `isa` is that of the code.
  Dequantization(LoadScaleOp scale, LoadScaleOp zeroPoints,
                 CacheContent content, AppendRopeOp rope, Isa isa,
                 ScratchBuilder &buffers);

  /// Emits what is done once for a work item, after the buffers are built.
  void emitPreparation(OpBuilder &builder, Location loc);

  /// Emits bf16((code - zero point) * scale), rounded to f32 in between, for
  /// `numKeys` keys or values from `firstKey` on. Returns a run in which they
  /// are keys 0 to numKeys - 1 and, likewise, values: kernels must read one
  /// part only. Of a latent cache, values are the first channels of these keys.
  /// The channels of `rope` are as they were. Keys from there to before `end`
  /// are fetched ahead.
  Value emitStep(OpBuilder &builder, Location loc, Value firstKey,
                 Value numKeys, Value end);

private:
  using Place = KeyPlace;
  /// Collects the numbers of tokens that are contiguous, then scales their
  /// tiles. `firstKey` is the key that becomes number `firstToken` of the page.
  void emitTiles(OpBuilder &builder, Location loc, Value firstKey,
                 Value firstToken, Value numTokens, Value end);
  /// Returns the first byte, in the worker's page, of a token whose tiles begin
  /// there.
  Value emitTarget(OpBuilder &builder, Location loc, Value firstToken);
  /// First bytes of tokens in a memory of codes, of those that are multiplied
  /// next, null if these are not to be fetched, and of the first ones in the
  /// worker's page.
  struct Addresses {
    Value memory, source, next, target;
  };
  /// Scales tokens by the numbers that have been collected. `ordinary` says
  /// whether factors are ordinary; nothing if it is not known.
  void emitProducts(OpBuilder &builder, Location loc, const Addresses &at,
                    Value ordinary);
  void emitTiles(OpBuilder &builder, Location loc, const Addresses &at,
                 FactorKind kind);
  /// Copies the bf16 channels of a granule behind its decoded ones, and fetches
  /// those of the next.
  void emitRope(OpBuilder &builder, Location loc, const Place &place,
                const Place &next, Value target);
  /// Puts the granule of rows that becomes the one from number `firstToken` of
  /// the page on, of a step, together, collects its factors and multiplies it.
  void emitRows(OpBuilder &builder, Location loc, Value firstKey,
                Value firstToken, Value numKeys, Value end);
  Place emitPlace(OpBuilder &builder, Location loc, Value key);
  /// Returns the first byte of a token that takes `tokenBytes`.
  Value emitSource(OpBuilder &builder, Location loc, const Place &place,
                   int64_t tokenBytes);
  /// Collects the numbers of tokens that differ in them, and fetches those of
  /// the next. Returns whether factors are ordinary, or nothing.
  Value emitNumbers(OpBuilder &builder, Location loc, FindPlace find,
                    FindPlace findNext, Value numTokens);
  /// `source` and `target` are the first bytes of the tile in the memory of
  /// codes and in the page; `tileNumbers` are those of all of its rows, if they
  /// have the same.
  void emitLine(OpBuilder &builder, Location loc, Value memory, Value source,
                Value target, Value tile, Value line, FactorKind kind,
                std::optional<RowNumbers> tileNumbers);
  /// Returns the numbers of elements `paired` and the next of all lanes.
  RowNumbers loadRow(OpBuilder &builder, Location loc, Value tile, Value paired,
                     FactorKind kind);
  bool isKey() const { return content == CacheContent::Key; }
  /// Returns the bytes of a line of codes: of 4 bits, half as many.
  int64_t getCodeBytes() const;
  /// Returns those of a token of codes.
  int64_t getTokenBytes() const;

  CacheContent content;
  /// The head and the run of the numbers.
  Value head, run;
  /// In pages of the caller, and in the one of the worker.
  TypedValue<CacheType> cache;
  LineScaling scaling;
  CacheType page;
  /// Whether tokens are rows in the cache, and then the granule that they are
  /// put together in.
  bool areRows;
  CacheType granule;
  /// Null if all channels are codes.
  TypedValue<CacheType> rope;
  /// Channels of a token of the cache, and of the page, which has those of
  /// `rope` behind them; and tokens that are contiguous, in the granule of
  /// rows.
  int64_t channels, pageChannels, together;
  /// First byte of the head in page 0 of the cache, and that of the page.
  Value codes, ropeBytes, bytes;
  /// The granule of rows, and where these begin in the cache, [token].
  Value granuleBytes, rowBegins;
  ElementNumbers factors, zeroPoints;
  /// Whether factors that do not differ by token are ordinary, or null.
  Value sharedAreOrdinary;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_DEQUANTIZATION_H
