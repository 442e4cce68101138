//===- BypassFunctions.h - functions of several operations ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The functions of bypass.mlir as data: their arguments, and the operations
// that they are to do one after the other, each of which is an entry point of
// its own, too.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_FUZZ_BYPASSFUNCTIONS_H
#define FP8ATTN_FUZZ_BYPASSFUNCTIONS_H

#include "fp8attn/Runtime/fp8attn.h"

#include <cstddef>
#include <cstdint>
#include <vector>

/// An argument of an entry point. Only one of the three is meant.
struct Argument {
  enum Kind { kTensor, kCache, kInteger };
  /// What its elements are.
  enum Contents {
    kNumbers,
    kSlots,
    kScales,
    kPowers,
    kStarts,
    kLengths,
    kTable,
    kPages
  };

  const char *name;
  Kind kind;
  Contents contents;
  fp8attn_tensor tensor;
  fp8attn_cache cache;
  int32_t integer;
  /// Whether null is passed instead of the descriptor.
  bool isNull = false;
  /// Passed instead of the descriptor, if not null.
  const void *elsewhere = nullptr;

  /// Returns where its memory begins.
  void *&data() { return kind == kCache ? cache.data : tensor.data; }
  void *data() const { return kind == kCache ? cache.data : tensor.data; }
  /// Whether others are told by its elements where to read and write.
  bool isControl() const { return contents != kNumbers; }
};

using CallEntry = fp8attn_status (*)(fp8attn_context *context,
                                     Argument *const *arguments);

/// An entry point with one operation.
struct Operation {
  const char *name;
  CallEntry call;
  int64_t (*workspaceBytes)(int32_t numWorkers);
  /// The operands from here on are written.
  size_t firstWritten;
  /// As repack has it, between those written and the end.
  size_t numLists;

  bool writes(size_t operand, size_t numOperands) const {
    return operand >= firstWritten && operand < numOperands - numLists;
  }
};

/// An operation of a function, with the places of its operands among the
/// function's arguments.
struct Step {
  const Operation *operation;
  std::vector<size_t> operands;
};

struct Function {
  const char *name;
  CallEntry call;
  int64_t (*workspaceBytes)(int32_t numWorkers);
  /// Without memory; sizes are those of a valid call.
  std::vector<Argument> arguments;
  std::vector<Step> steps;
  /// The last argument is an integer: how often the steps are done from the
  /// first to this one.
  size_t numRepeated = 0;
};

/// Bytes of a page of every cache, and the tokens and pages of a valid call.
constexpr int64_t kPageBytes = 4096;
constexpr int64_t kPageTokens = 32, kNumPages = 4, kTokens = 5;

const std::vector<Function> &bypassFunctions();

#endif // FP8ATTN_FUZZ_BYPASSFUNCTIONS_H
