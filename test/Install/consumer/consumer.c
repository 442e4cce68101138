//===- consumer.c - two models and the compiler in one program ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Quantises a number by both models, and compiles a third.
//
//===----------------------------------------------------------------------===//

#include "fp8attn-c/Compile.h"
#include "quantize.h"
#include "quantize_pairs.h"

#include <stdio.h>
#include <string.h>

enum { kChannels = 8 };

static fp8attn_tensor make_row(void *data, fp8attn_type type) {
  fp8attn_tensor row = {
      data, type, 2, {1, kChannels, 0, 0}, {kChannels, 1, 0, 0}};
  return row;
}

static void print_size(const void *bytes, size_t size, void *user_data) {
  (void)bytes;
  (void)user_data;
  printf("compiled: %d\n", size != 0);
}

int main(void) {
  float numbers[kChannels] = {1.5f}, one = 1;
  unsigned char e4m3[kChannels], e5m2[kChannels];
  fp8attn_tensor source = make_row(numbers, FP8ATTN_TYPE_F32);
  fp8attn_tensor scale = {&one, FP8ATTN_TYPE_F32, 0, {0}, {0}};
  fp8attn_tensor first = make_row(e4m3, FP8ATTN_TYPE_F8E4M3FN);
  fp8attn_tensor second = make_row(e5m2, FP8ATTN_TYPE_F8E5M2);
  fp8attn_context context = FP8ATTN_CONTEXT_INIT;
  if (quantize(&context, &source, &scale, &first) ||
      quantize_other(&context, &source, &scale, &second)) {
    printf("failed: %s\n", context.message);
    return 1;
  }
  static const char model[] = "func.func @f(%m: memref<1xf32>) { return }";
  if (fp8attnCompile(model, strlen(model), NULL, NULL, print_size, NULL))
    return 1;
  printf("codes 0x%02x 0x%02x\n", e4m3[0], e5m2[0]);
  return 0;
}
