//===- call.c - calls what the C API made ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Usage: fp8attn-capi-call LIBRARY
//
// Loads the library that the object was linked to, and compares its attention
// with what is worked out by hand.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/fp8attn.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { kChannels = 8, kQueries = 2, kKeys = 3 };

typedef fp8attn_status (*attend_fn)(fp8attn_context *context,
                                    const fp8attn_tensor *query,
                                    const fp8attn_tensor *key,
                                    const fp8attn_tensor *value,
                                    const fp8attn_tensor *out);
typedef int64_t (*workspace_fn)(int32_t num_workers);

static fp8attn_tensor make_tensor(float *data, int64_t rows) {
  fp8attn_tensor tensor = {data,
                           FP8ATTN_TYPE_F32,
                           4,
                           {1, 1, rows, kChannels},
                           {rows * kChannels, rows * kChannels, kChannels, 1}};
  return tensor;
}

/// Copies a function's address: ISO C has no conversion from one of an object.
static int load(void *library, const char *name, void *function) {
  void *symbol = dlsym(library, name);
  memcpy(function, &symbol, sizeof(symbol));
  return symbol != NULL;
}

/// The mean of the values where scores are alike, and the value of the key that
/// outweighs the others by e^50 at least.
static int check(attend_fn attend, void *workspace, int64_t workspace_bytes) {
  float query[kQueries * kChannels] = {0};
  float key[kKeys * kChannels] = {0};
  float value[kKeys * kChannels];
  float out[kQueries * kChannels] = {0};
  query[kChannels] = 16;
  key[2 * kChannels] = 16;
  for (int i = 0; i < kChannels; ++i) {
    value[i] = 1;
    value[kChannels + i] = 2;
    value[2 * kChannels + i] = 6;
  }
  fp8attn_tensor tensors[] = {
      make_tensor(query, kQueries), make_tensor(key, kKeys),
      make_tensor(value, kKeys), make_tensor(out, kQueries)};
  fp8attn_context context = FP8ATTN_CONTEXT_INIT;
  context.workspace = workspace;
  context.workspace_bytes = workspace_bytes;
  if (attend(&context, &tensors[0], &tensors[1], &tensors[2], &tensors[3]) !=
      FP8ATTN_OK) {
    printf("failed: %s\n", context.message);
    return 1;
  }
  // Probabilities may be bf16, of 8 bits.
  for (int i = 0; i < kChannels; ++i)
    if (fabsf(out[i] - 3) > 3.0f / 256 ||
        fabsf(out[kChannels + i] - 6) > 6.0f / 256) {
      printf("failed: channel %d is %f and %f, expected 3 and 6\n", i, out[i],
             out[kChannels + i]);
      return 1;
    }
  printf("mean %.2f, selected %.2f\n", out[0], out[kChannels]);
  return 0;
}

int main(int argc, char **argv) {
  enum { kWorkspaceBytes = 1 << 20 };
  static _Alignas(FP8ATTN_ALIGNMENT) char workspace[kWorkspaceBytes];
  void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  attend_fn attend;
  workspace_fn workspace_bytes;
  if (!library || !load(library, "attend", &attend) ||
      !load(library, "attend_workspace_bytes", &workspace_bytes)) {
    printf("failed: %s\n", argc == 2 ? dlerror() : "expects a library");
    return 1;
  }
  if (workspace_bytes(1) > kWorkspaceBytes) {
    printf("failed: needs a workspace of %lld bytes\n",
           (long long)workspace_bytes(1));
    return 1;
  }
  return check(attend, workspace, kWorkspaceBytes);
}
