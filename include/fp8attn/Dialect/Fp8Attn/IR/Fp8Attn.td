//===- Fp8Attn.td - root of the dialect's definitions -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Includes every definition, for tools that want them all.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTN_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTN_TD

include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnOps.td"
include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnCacheOps.td"
include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnDenseOps.td"
include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnMergeOp.td"
include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnModuleOps.td"
include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnTileOps.td"
include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnRowOps.td"
include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnSelectionOps.td"
include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnKernelOps.td"
include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnCheckOps.td"

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTN_TD
