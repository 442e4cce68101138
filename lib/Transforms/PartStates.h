//===- PartStates.h - states of the online softmax by parts -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row has a state of the online softmax for each part of FP8ATTN_PART_KEYS
// keys. If the parts of a block of rows are work items of their own, their
// states stand in the workspace, where any worker finds them: each worker's
// scratch begins with room for the states of FP8ATTN_PARTS_PER_WORKER work
// items, and the first worker's with a counter for each block.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_PARTSTATES_H
#define FP8ATTN_LIB_TRANSFORMS_PARTSTATES_H

#include "Scratch.h"

namespace mlir::fp8attn {

/// Memory of max and sum, f32 [rows], and acc, tiles of f32 [rows, channels].
struct SoftmaxState {
  Value max, sum, acc;
};

/// Returns `yes` if `condition`, else `no`.
SoftmaxState selectState(OpBuilder &builder, Location loc, Value condition,
                         const SoftmaxState &yes, const SoftmaxState &no);

/// The states of the parts of one work item's block.
class PartStates {
public:
  /// Of a work item that may be a part. `state` has the types of its states.
  PartStates(WorkItemOp item, const SoftmaxState &state,
             WorkerScratchOp scratch)
      : item(item.getItem()), parts(item.getParts()), state(state),
        scratchType(scratch.getScratch().getType()) {}

  /// Reserves the room, for states of `channels` channels. It comes before all
  /// other buffers, so that it is in one place for all items of a loop.
  static void reserve(int64_t channels, ScratchBuilder &scratch);

  /// Reads the item; call before the others.
  void emitPreparation(OpBuilder &builder, Location loc);

  /// Whether the item is one of several parts of its block.
  Value isPart() const { return divided; }
  /// The number of parts of the block that have keys, at least 1.
  Value count() const { return numParts; }

  /// Returns the state of part `part` of the block.
  SoftmaxState stateOf(OpBuilder &builder, Location loc, Value part) const;
  /// Returns the state of the item's own part.
  SoftmaxState ownState(OpBuilder &builder, Location loc) const;

private:
  Value item;
  /// Work items of each block; some may be surplus.
  Value parts;
  SoftmaxState state;
  MemRefType scratchType;
  Value divided, numParts, part, block;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_PARTSTATES_H
