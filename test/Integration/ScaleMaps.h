//===- ScaleMaps.h - attention with every pair of scale maps ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The table that scale_maps.py generates.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_SCALEMAPS_H
#define FP8ATTN_TEST_INTEGRATION_SCALEMAPS_H

#include "fp8attn/Runtime/fp8attn.h"

#include <cstddef>
#include <iterator>

/// An entry point of paged attention with scales of two granularities.
struct ScaleMaps {
  /// Names of scale_maps.py.
  const char *key;
  const char *value;
  /// Query heads, head size, and tokens of a page.
  int64_t heads, dim, page;
  fp8attn_type cache;
  /// Whether there are a softcap of 30 and a window of 150 keys to the left.
  bool hasOptions;
  fp8attn_status (*attend)(
      fp8attn_context *context, const fp8attn_tensor *query,
      const fp8attn_cache *cache, const fp8attn_tensor *keyScale,
      const fp8attn_tensor *valueScale, const fp8attn_tensor *queryStart,
      const fp8attn_tensor *seqLens, const fp8attn_tensor *blockTable,
      const fp8attn_tensor *out);
  int64_t (*workspaceBytes)(int32_t numWorkers);
};

extern const ScaleMaps kScaleMaps[];
extern const size_t kNumScaleMaps;

#endif // FP8ATTN_TEST_INTEGRATION_SCALEMAPS_H
