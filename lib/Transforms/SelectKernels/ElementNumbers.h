//===- ElementNumbers.h - factors and zero points of elements ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The factors, or the zero points, of a granule of keys or values, collected
// from where their map says they are, so that those of 16 lanes of a tile are
// neighbours.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ELEMENTNUMBERS_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ELEMENTNUMBERS_H

#include "SelectKernels/LineScaling.h"
#include "Support/Scratch.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include <functional>

namespace mlir::fp8attn {

/// A page of a run, and one of its tokens.
struct KeyPlace {
  Value page, token;
};
/// Returns the place of a token that is counted from the first of a granule.
using FindPlace = function_ref<KeyPlace(OpBuilder &builder, Value token)>;

class ElementNumbers {
public:
  /// `load`, which may be null, loads the numbers of keys or values whose
  /// tokens have `channels` channels in tiles, the padding included, of which
  /// `together` are contiguous.
  ElementNumbers(LoadScaleOp load, CacheContent content, int64_t channels,
                 int64_t together);

  /// Whether there are some.
  bool exist() const { return static_cast<bool>(load); }
  /// Whether tokens differ in theirs.
  bool differByToken() const { return differ; }
  /// Whether all rows of a tile have the same.
  bool areSharedByTile() const;

  /// Reserves the memory that they are collected in.
  void reserve(ScratchBuilder &buffers);

  /// Collects those of `numTokens` tokens that `find` finds, and fetches those
  /// that `findNext` finds. Returns whether all are ordinary, or null where
  /// that is not known.
  Value collect(OpBuilder &builder, Location loc, FindPlace find,
                FindPlace findNext, Value numTokens) const;
  /// Collects those that all tokens have.
  Value collect(OpBuilder &builder, Location loc) const;

  /// Returns those of elements `paired` and the next of all lanes of a tile,
  /// after `prepare`.
  RowFactors loadRow(OpBuilder &builder, Location loc, Value tile, Value paired,
                     function_ref<Value(Value)> prepare) const;

private:
  /// Returns the number, f32, of a token's channel.
  using LoadNumber = std::function<Value(OpBuilder &builder, Value channel)>;
  LoadNumber findNumber(Location loc, const KeyPlace &place) const;
  using BeginToken = function_ref<LoadNumber(OpBuilder &builder, Value token)>;
  Value collect(OpBuilder &builder, Location loc, Value numTokens,
                BeginToken begin) const;
  Value storePairs(OpBuilder &builder, Location loc, Value numTokens,
                   BeginToken begin) const;
  void storeToken(OpBuilder &builder, Location loc, Value token,
                  const LoadNumber &number) const;
  Value areKeysOrdinary(OpBuilder &builder, Location loc) const;
  Value loadLanes(OpBuilder &builder, Location loc, Value tile,
                  Value paired) const;
  bool isKey() const { return content == CacheContent::Key; }

  LoadScaleOp load;
  CacheContent content;
  int64_t headDim = 0, channels, together;
  /// Neighbouring channels that share a number; and whether all lanes of a tile
  /// of values do.
  int64_t shared = 0;
  bool sharedByLanes = false;
  bool differ = false;
  /// [groups of channels, tokens] of keys, [tokens, channels] of values, or, if
  /// lanes share them, [pairs of tokens, channels]: those of both tokens in
  /// turns, as a row of a tile has the elements of two tokens in turns.
  Value buffer;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ELEMENTNUMBERS_H
