//===- RotaryModels.h - table of rotary_models.py ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Entry points that rotate what they write, and how each is called.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_ROTARYMODELS_H
#define FP8ATTN_TEST_INTEGRATION_ROTARYMODELS_H

#include "fp8attn/Runtime/fp8attn.h"

#include <vector>

/// Arguments by name; those that a model has not are not looked at. The query
/// of a model in place is its output, too.
struct RotaryArguments {
  fp8attn_tensor key, value, query, slots, key_norm, query_norm, positions, cos,
      sin, query_out, key_scale, value_scale;
  fp8attn_cache cache;
};

struct RotaryModel {
  const char *name;
  /// Of keys and values, of queries and what becomes of them, of the cache, and
  /// of tables and weights.
  fp8attn_type key, query, out, cache, table;
  /// Heads of the query, 0 if there is none, and of the cache.
  int64_t heads, kvHeads;
  int64_t dim;
  /// Of a latent cache its values, and its channels that are bf16 beside codes;
  /// others have 0.
  int64_t valueDim, ropeDim;
  /// Columns of the tables, 0 if there are none.
  int64_t columns;
  /// Kind of the scales (ScaleKinds.h), null if there are none.
  const char *scale;
  bool dynamic, microscaling, interleaved, inPlace, keyNorm, queryNorm;
  fp8attn_status (*call)(fp8attn_context *, const RotaryArguments &);
  int64_t (*workspaceBytes)(int32_t);
};

/// Made by rotary_models.py.
extern const std::vector<RotaryModel> kRotaryModels;

#endif // FP8ATTN_TEST_INTEGRATION_ROTARYMODELS_H
