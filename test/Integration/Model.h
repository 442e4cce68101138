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

#include "fp8attn/Reference/Fp8.h"
#include "fp8attn/Runtime/fp8attn.h"

#include <cstddef>
#include <cstdint>
#include <optional>

/// Everything that an entry point may take. A key_value or latent cache is
/// keyCache.
struct Arguments {
  fp8attn_tensor key, value, slots;
  fp8attn_tensor keyScale, valueScale, keyZeroPoint, valueZeroPoint;
  fp8attn_cache keyCache, valueCache;
  fp8attn_tensor query, queryStart, seqLens, blockTable, sink, out, lse;
  fp8attn_tensor alibi, mask, draftMask, queryScale, outScale, documents,
      selected;
};

using EntryPoint = fp8attn_status (*)(fp8attn_context *context,
                                      const Arguments &arguments);

/// A row of models.py.
struct Model {
  const char *name;
  /// Element types of keys and values in the cache, of keys and values before
  /// they are written, of the query, and of the output.
  fp8attn_type cache;
  fp8attn_type valueCache;
  fp8attn_type sourceType;
  fp8attn_type queryType;
  fp8attn_type outType;
  /// Heads of keys, and of values.
  int64_t numKvHeads, numValueHeads;
  /// Query heads per head of keys.
  int64_t group;
  /// Channels of queries and keys, and of values and outputs.
  int64_t headDim;
  int64_t valueDim;
  /// How many channels of keys, the last ones, are bf16, whatever `cache` is.
  int64_t ropeDim;
  int64_t pageTokens;
  /// Kinds of scales (ScaleKinds.h), or "none" of a bf16 cache.
  const char *keyScaleKind;
  const char *valueScaleKind;
  /// The same of zero points, or "none".
  const char *keyZeroKind;
  const char *valueZeroKind;
  /// What the scales of the query and of the output differ by: "tensor", "head"
  /// or "token_head", or "none" where there is no FP8.
  const char *queryScaleKind;
  const char *outScaleKind;
  bool causal;
  bool lse;
  /// A key cache and a value cache.
  bool split;
  /// Keys of which the first channels are the values, with the scale of keys.
  bool latent;
  std::optional<int64_t> windowLeft;
  std::optional<int64_t> windowRight;
  bool topLeft;
  /// A sink for each query head.
  bool sink;
  /// The element type of sinks and ALiBi slopes.
  fp8attn_type headType;
  /// What modifies scores: a cap or 0, ALiBi slopes, the element types of the
  /// mask and of that of drafts or "none", and a region that hides the keys of
  /// other documents.
  float softcap;
  bool alibi;
  const char *mask;
  const char *draftMask;
  bool documents;
  /// A region of the caller's says all of that, but for the draft mask.
  bool written;
  /// Tensors may have strides of the caller's; their channels are contiguous.
  bool strided;
  /// Products are of f32.
  bool f32Products;
  /// "pages" or "tokens" of which queries have lists, or "none", and how many a
  /// token has, 0 if there is no dimension of them.
  const char *selected;
  int64_t numLists;
  bool selects() const { return selected[0] != 'n'; }
  /// Returns how many tokens an entry of a list stands for.
  int64_t selectedUnit() const { return selected[0] == 'p' ? pageTokens : 1; }
  /// Returns the lists of a token, at least 1.
  int64_t listsOfToken() const { return numLists > 0 ? numLists : 1; }
  bool modifiesScores() const {
    return softcap != 0 || alibi || documents || mask[0] != 'n' ||
           draftMask[0] != 'n';
  }
  EntryPoint write;
  int64_t (*writeWorkspaceBytes)(int32_t numWorkers);
  EntryPoint attend;
  int64_t (*attendWorkspaceBytes)(int32_t numWorkers);

  /// Channels of keys that have scales, if any have.
  int64_t codedDim() const { return headDim - ropeDim; }
  int64_t numHeads() const { return numKvHeads * group; }
  /// Returns the bytes of a page of the key cache, which is the only one if
  /// there is no other.
  int64_t keyPageBytes() const {
    const int64_t codedBytes = (codedDim() + 31) / 32 * 32 *
                               fp8attn::reference::elementBits(cache) / 8;
    const int64_t bytes = numKvHeads * pageTokens * (codedBytes + 2 * ropeDim);
    return split || latent ? wholeLines(bytes)
                           : wholeLines(bytes + valueBytes());
  }
  /// Returns the bytes of a page of the cache of values.
  int64_t valuePageBytes() const { return wholeLines(valueBytes()); }

  static int64_t wholeLines(int64_t bytes) { return (bytes + 63) / 64 * 64; }
  int64_t valueBytes() const {
    return numValueHeads * pageTokens * ((valueDim + 15) / 16 * 16) *
           fp8attn::reference::elementBits(valueCache) / 8;
  }
};

extern const Model kModels[];
extern const size_t kNumModels;

/// Returns the model of a name, which must exist.
const Model &findModel(const char *name);

#endif // FP8ATTN_TEST_INTEGRATION_MODEL_H
