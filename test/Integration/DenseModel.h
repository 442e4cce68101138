//===- DenseModel.h - entry points of dense attention, as data --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The table of dense_models.py as the tests see it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_DENSEMODEL_H
#define FP8ATTN_TEST_INTEGRATION_DENSEMODEL_H

#include "fp8attn/Runtime/fp8attn.h"

#include <cstddef>
#include <cstdint>
#include <optional>

/// Everything that an entry point may take.
struct DenseArguments {
  fp8attn_tensor query, keys, values, keyScale, valueScale, sink, out, lse;
  fp8attn_tensor alibi, mask, documents, keyLens, queryOffsets, queryScale,
      outScale;
};

/// A row of dense_models.py.
struct DenseModel {
  const char *name;
  /// Element types of keys, values, queries and outputs.
  fp8attn_type keyType, valueType, queryType, outType;
  /// Heads of keys, and of values.
  int64_t numKvHeads, numValueHeads;
  /// Query heads per head of the keys.
  int64_t group;
  /// Channels of queries and keys, and of values and outputs.
  int64_t headDim, valueDim;
  /// One scale per KV head, or one for the tensor; only FP8 has any.
  bool keyScalePerHead, valueScalePerHead;
  /// What the scales of the query and of the output differ by: "tensor", "head"
  /// or "row", batch entry, head and query, or "none" where there is no FP8.
  const char *queryScaleKind, *outScaleKind;
  /// Causal is a right side of 0.
  std::optional<int64_t> windowLeft, windowRight;
  bool topLeft;
  /// A sink for each query head.
  bool sink;
  /// The element type of sinks and ALiBi slopes.
  fp8attn_type headType;
  /// A cap or 0, ALiBi slopes, the mask's element type or "none", whether there
  /// is one for each batch entry ("b") and head ("h"), with a row for each
  /// query
  /// ("q"), or one for all ("1"), and a region that hides the keys of other
  /// documents.
  float softcap;
  bool alibi;
  const char *mask;
  const char *shared;
  bool documents;
  /// Entries have fewer keys than the tensors, and positions of their queries.
  bool keyLens, queryOffsets;
  fp8attn_status (*attend)(fp8attn_context *context,
                           const DenseArguments &arguments);
  int64_t (*workspaceBytes)(int32_t numWorkers);

  int64_t numHeads() const { return numKvHeads * group; }
};

extern const DenseModel kDenseModels[];
extern const size_t kNumDenseModels;

#endif // FP8ATTN_TEST_INTEGRATION_DENSEMODEL_H
