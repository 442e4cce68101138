//===- ShardedAttention.h - attention over the shards of ranks --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// By sequence, each rank has some segments of all groups of heads: partial
// results are exchanged, and every rank merges them. By heads, each rank has
// all segments of some groups, and attention needs no exchange. The results are
// the same bits in both, and with one rank.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_DISTRIBUTED_SHARDEDATTENTION_H
#define FP8ATTN_EXAMPLES_DISTRIBUTED_SHARDEDATTENTION_H

#include "Communicator.h"
#include "Segment.h"

namespace distributed {

enum class ShardBy { Sequence, Heads };

/// Seconds of a step on this rank.
struct StepTimes {
  double attention = 0, exchange = 0, merge = 0;
};

class ShardedAttention {
public:
  /// Writes this rank's segments. Throws std::runtime_error if the segments, or
  /// groups, are not a multiple of the ranks, or a call fails.
  ShardedAttention(const Shape &shape, ShardBy shardBy,
                   Communicator &communicator);

  /// Attends for all new tokens. Returns the rows [groups, numQueries,
  /// kQueryHeads, kHeadDim] of this rank's groups, which by sequence are all.
  /// All ranks call it. Throws what Communicator and Segment do.
  std::vector<float> attend(StepTimes &times);

  /// Bytes that this rank gives to each other one in a step.
  size_t exchangedBytes() const;

private:
  /// A range of groups, or of segments.
  struct Range {
    int64_t begin, end;
    int64_t size() const { return end - begin; }
  };
  /// Returns the part of `count` that this rank has.
  Range ownPart(int64_t count, const char *what) const;

  Shape shape;
  Communicator &communicator;
  Context context;
  Range groups, segments;
  std::vector<std::vector<uint16_t>> queries; // [groups]
  std::vector<Segment> own;                   // [groups, segments]
  /// Partial results: of this rank's segments, and of all ranks',
  /// [ranks][groups, segments of a rank], which by heads is not needed.
  std::vector<float> mine, all;
};

} // namespace distributed

#endif // FP8ATTN_EXAMPLES_DISTRIBUTED_SHARDEDATTENTION_H
