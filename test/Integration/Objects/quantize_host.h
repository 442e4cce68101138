//===- quantize_host.h - a host of quantize.mlir ----------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the hosts in C have in common: they use the header and no library.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_OBJECTS_QUANTIZE_HOST_H
#define FP8ATTN_TEST_INTEGRATION_OBJECTS_QUANTIZE_HOST_H

#include "quantize.h"

#include <stdio.h>

/// Channels of the entry point.
enum { kChannels = 32 };

/// The signature of the entry point.
typedef fp8attn_status (*quantize_fn)(fp8attn_context *context,
                                      const fp8attn_tensor *source,
                                      const fp8attn_tensor *scale,
                                      const fp8attn_tensor *destination);

/// Quantises 1, -1, the largest e4m3 and the smallest, and prints their codes.
/// Returns the exit code of the program.
static int run(quantize_fn function) {
  // The upper halves of the floats 1, -1, 448 and 2^-9.
  uint16_t values[kChannels] = {0x3f80, 0xbf80, 0x43e0, 0x3b00};
  float one = 1;
  uint8_t codes[kChannels] = {0};
  fp8attn_tensor source = {
      values, FP8ATTN_TYPE_BF16, 2, {1, kChannels, 0, 0}, {kChannels, 1, 0, 0}};
  fp8attn_tensor scale = {&one, FP8ATTN_TYPE_F32, 0, {0}, {0}};
  fp8attn_tensor destination = {codes,
                                FP8ATTN_TYPE_F8E4M3FN,
                                2,
                                {1, kChannels, 0, 0},
                                {kChannels, 1, 0, 0}};
  fp8attn_context context = FP8ATTN_CONTEXT_INIT;
  if (function(&context, &source, &scale, &destination) != FP8ATTN_OK) {
    printf("failed: %s\n", context.message);
    return 1;
  }
  printf("codes 0x%02x 0x%02x 0x%02x 0x%02x\n", codes[0], codes[1], codes[2],
         codes[3]);
  // A mistake is reported by the runtime inside of the object.
  scale.data = 0;
  if (function(&context, &source, &scale, &destination) !=
      FP8ATTN_NULL_POINTER) {
    printf("failed: a null scale was taken\n");
    return 1;
  }
  printf("%s\n", context.message);
  return 0;
}

#endif // FP8ATTN_TEST_INTEGRATION_OBJECTS_QUANTIZE_HOST_H
