//===- subproject.c - a host in a project that has fp8attn as a folder ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Finds the header, and links the runtime.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/fp8attn.h"

#include <stdio.h>

int main(void) {
  printf("%s\n", fp8attn_status_string(FP8ATTN_OK));
  return 0;
}
