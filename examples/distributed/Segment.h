//===- Segment.h - a part of the keys of a group of heads -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The unit that is given to ranks. A segment is always the same tokens, however
// many ranks there are, and partial results are merged in the order of
// segments: so the bits of the result do not depend on who computed what, or
// when.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_DISTRIBUTED_SEGMENT_H
#define FP8ATTN_EXAMPLES_DISTRIBUTED_SEGMENT_H

#include "Numbers.h"

#include "fp8attn/Runtime/fp8attn.h"

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <vector>

namespace distributed {

/// A sequence, whose last numQueries tokens are new.
struct Shape {
  int64_t numGroups = 1;
  int64_t numSegments = 4;
  int64_t segmentTokens = 32768; // a multiple of kPageTokens
  int64_t numQueries = 1;        // at most segmentTokens

  int64_t numTokens() const { return numSegments * segmentTokens; }
  /// Position in the sequence of new token i.
  int64_t queryToken(int64_t i) const { return numTokens() - numQueries + i; }
  /// Floats of a partial result: out [numQueries, kQueryHeads, kHeadDim], and
  /// the log-sum-exp [numQueries, kQueryHeads] behind it.
  size_t partialFloats() const {
    return size_t(numQueries * kQueryHeads * (kHeadDim + 1));
  }
};

struct FreeMemory {
  void operator()(void *memory) const { std::free(memory); }
};
/// Memory that is aligned as caches and workspaces are.
using AlignedMemory = std::unique_ptr<std::byte, FreeMemory>;

/// A serial context, with the workspace that any of the compiled functions
/// wants.
class Context {
public:
  Context();
  Context(const Context &) = delete;
  Context &operator=(const Context &) = delete;

  operator fp8attn_context *() { return &context; }
  /// Throws std::runtime_error with the text of a call that failed.
  void check(fp8attn_status status) const;

private:
  fp8attn_context context;
  AlignedMemory workspace;
};

class Segment {
public:
  /// Writes the segment's keys and values into a cache of its own. Throws
  /// std::bad_alloc, and what Context::check does.
  Segment(Context &context, const Shape &shape, int64_t group, int64_t index);

  /// Attends to the segment's keys for all new tokens: `query` is that of the
  /// group, `partial` is shape.partialFloats() floats. Throws what
  /// Context::check does.
  void attend(Context &context, std::vector<uint16_t> &query, float *partial);

private:
  fp8attn_cache cache() const;

  Shape shape;
  int64_t index;
  AlignedMemory memory;
  std::vector<int32_t> pages; // the block table: page i is page i
};

/// Returns the queries of a group, [numQueries, kQueryHeads, kHeadDim] in bf16.
std::vector<uint16_t> makeQuery(const Shape &shape, int64_t group);

/// Merges the next segment's result into that of the segments before it; both
/// as of Segment::attend. Throws what Context::check does.
void mergeNext(Context &context, const Shape &shape, float *before,
               float *next);

} // namespace distributed

#endif // FP8ATTN_EXAMPLES_DISTRIBUTED_SEGMENT_H
