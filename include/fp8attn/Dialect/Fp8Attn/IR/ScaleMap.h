//===- ScaleMap.h - what the map of a scale says -*- C++ -*-----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A scale of a cache is a tensor with an affine map from (page, head, token,
// channel) to its indices. Everything that is done with a scale follows from
// the map: where it may be moved, how many elements it needs, and how many
// neighbouring channels share one.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_SCALEMAP_H
#define FP8ATTN_DIALECT_FP8ATTN_IR_SCALEMAP_H

#include "mlir/IR/AffineMap.h"

#include <optional>

namespace mlir::fp8attn {

class CacheType;

/// Dimensions of the map of a cache's scale. `kToken` counts the tokens of the
/// page, from 0.
enum ScaleDim : unsigned { kPage, kHead, kToken, kChannel, kNumScaleDims };

/// Dimensions of the map of a scale of the rows of a work item. `kRowToken`
/// counts the query tokens of the call, or of a batch entry if it is dense.
enum RowScaleDim : unsigned {
  kRowSequence,
  kRowToken,
  kRowHead,
  kNumRowScaleDims
};

/// Over which elements of one head's keys or values a scale differs.
struct ScaleGranularity {
  bool byToken = false;
  bool byChannel = false;

  /// Whether it is one number for all of them.
  bool isUniform() const { return !byToken && !byChannel; }
};

/// Returns the granularity of a map of (page, head, token, channel).
ScaleGranularity getGranularity(AffineMap map);

/// Returns the largest divisor of `channels` such that aligned groups of as
/// many channels share a scale.
int64_t getChannelsPerScale(AffineMap map, int64_t channels);

/// The values of an index over all elements of a cache: from `least` up to
/// `most + perPage * page`.
struct IndexRange {
  int64_t least;
  int64_t most;
  int64_t perPage;
};

/// Returns the range of a result of a scale's map; nothing if `page` does not
/// enter it as a term of its own (as in `page mod 2`), if its factor is
/// negative, or if a bound or the size does not fit into 64 bits.
std::optional<IndexRange> getIndexRange(AffineExpr result, CacheType cache);

} // namespace mlir::fp8attn

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_SCALEMAP_H
