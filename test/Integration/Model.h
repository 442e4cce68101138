//===- Model.h - entry points under test, as data ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The table of models.py as the tests see it. Entry points differ in their
// arguments (scales or none, one cache or two); the table's functions take all
// that there can be and pass on what the entry point has.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_MODEL_H
#define FP8ATTN_TEST_INTEGRATION_MODEL_H

#include "fp8attn/Runtime/fp8attn.h"

#include <cstddef>
#include <cstdint>

/// Everything that an entry point may take. A key_value cache is keyCache.
struct Arguments {
  fp8attn_tensor key, value, slots;
  fp8attn_tensor keyScale, valueScale;
  fp8attn_cache keyCache, valueCache;
  fp8attn_tensor query, queryStart, seqLens, blockTable, out, lse;
  fp8attn_tensor alibi, mask, documents;
};

using EntryPoint = fp8attn_status (*)(fp8attn_context *context,
                                      const Arguments &arguments);

/// A row of models.py.
struct Model {
  const char *name;
  /// Element type of the cache.
  fp8attn_type cache;
  int64_t numKvHeads;
  /// Query heads per KV head.
  int64_t group;
  int64_t headDim;
  int64_t pageTokens;
  /// One scale per KV head, or one for the tensor; bf16 caches have none.
  bool keyScalePerHead;
  bool valueScalePerHead;
  bool causal;
  bool lse;
  /// A key cache and a value cache.
  bool split;
  /// What modifies scores: a cap or 0, ALiBi slopes, the mask's element type or
  /// "none", and a region that hides the keys of other documents.
  float softcap;
  bool alibi;
  const char *mask;
  bool documents;
  EntryPoint write;
  int64_t (*writeWorkspaceBytes)(int32_t numWorkers);
  EntryPoint attend;
  int64_t (*attendWorkspaceBytes)(int32_t numWorkers);

  int64_t numHeads() const { return numKvHeads * group; }
  bool isQuantized() const { return cache != FP8ATTN_TYPE_BF16; }
  /// Returns the bytes of a page of the key cache, which is the key_value cache
  /// if there is only one; a value cache has as many.
  int64_t pageBytes() const {
    return numKvHeads * headDim * pageTokens * (isQuantized() ? 1 : 2) *
           (split ? 1 : 2);
  }
};

extern const Model kModels[];
extern const size_t kNumModels;

/// Returns the model of a name, which must exist.
const Model &findModel(const char *name);

#endif // FP8ATTN_TEST_INTEGRATION_MODEL_H
