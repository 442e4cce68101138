//===- standalone_host.c - a C host without a library of ours -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Links an object with embedded kernels and the C library.
//
//===----------------------------------------------------------------------===//

#include "quantize_host.h"

int main(void) { return run(quantize); }
