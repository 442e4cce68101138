//===- AttentionSteps.h - calls of a step of the online softmax -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What separate kernels do with one step of keys: bring it into a form that
// they read, if it is not in one, then qk, softmax and pv. Scales that differ
// by key enter between the calls, on what the kernels hand to each other; those
// that differ by key and by channel before them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ATTENTIONSTEPS_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ATTENTIONSTEPS_H

#include "SelectKernels/AttentionBuffers.h"
#include "SelectKernels/DensePacking.h"
#include "SelectKernels/Dequantization.h"
#include "SelectKernels/KernelSelection.h"

#include <optional>

namespace mlir::fp8attn {

class AttentionSteps {
public:
  /// All that is given must live as long.
  AttentionSteps(AttentionMatch &match, const AttentionCandidate &candidate,
                 Isa isa, const AttentionBuffers &buffers)
      : match(match), candidate(candidate), isa(isa), buffers(buffers) {}

  /// Reserves memory for keys and values that kernels cannot read where they
  /// are. This must not move before `scratch` is built.
  void reserve(ScratchBuilder &scratch);

  /// Emits what is done once for a work item, after the scratch is built.
  void emitPreparation(OpBuilder &builder, Location loc);

  /// Emits the step of the keys from `firstKey` on for the item's rows.
  void emit(OpBuilder &body, Location loc, Value firstKey, Value numKeys,
            const RowBlock &all);

  /// What kernels are told of scales of blocks, if they multiply by them.
  ArrayRef<Value> getKeyScales() const { return keyScales; }
  ArrayRef<Value> getValueScales() const { return valueScales; }

private:
  /// The run that has the keys, or the values, of a step, and the place of the
  /// first there.
  struct RunPlace {
    Value run;
    Value first;
  };
  struct KeyStep {
    Value firstKey;
    Value numKeys;
    RunPlace keys, values;
  };

  KeyStep findStep(OpBuilder &body, Location loc, Value firstKey,
                   Value numKeys);
  void emitBlock(OpBuilder &body, Location loc, const KeyStep &step,
                 const RowBlock &block);
  void emitVisibleBlock(OpBuilder &body, Location loc, KeyStep step,
                        const RowBlock &block);

  AttentionMatch &match;
  const AttentionCandidate &candidate;
  Isa isa;
  const AttentionBuffers &buffers;
  /// Of dense keys and values.
  std::optional<DensePacking> packing;
  /// Of keys and values whose elements have a factor or a zero point each.
  std::optional<Dequantization> dequantizedKeys, dequantizedValues;
  SmallVector<Value> keyScales, valueScales;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ATTENTIONSTEPS_H
