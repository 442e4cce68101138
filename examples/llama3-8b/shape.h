//===- shape.h - the sizes of the example -----------------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The numbers of attention.mlir, and the batch that main.c runs.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_LLAMA3_8B_SHAPE_H
#define FP8ATTN_EXAMPLES_LLAMA3_8B_SHAPE_H

enum {
  /// As in attention.mlir.
  kQueryHeads = 32,
  kKvHeads = 8,
  kHeadDim = 128,
  kPageTokens = 32,
  /// Query heads that share a KV head.
  kGroup = kQueryHeads / kKvHeads,
  /// Bytes of the keys, or of the values, of one head in a page.
  kPartBytes = kPageTokens * kHeadDim,
  kPageBytes = kKvHeads * 2 * kPartBytes,
  /// Eight conversations of 2,048 tokens.
  kSequences = 8,
  kContext = 2048,
  kPagesPerSequence = kContext / kPageTokens,
  kPages = kSequences * kPagesPerSequence
};

#endif // FP8ATTN_EXAMPLES_LLAMA3_8B_SHAPE_H
