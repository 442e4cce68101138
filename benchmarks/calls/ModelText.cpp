//===- ModelText.cpp - the MLIR of a model --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One layer: attention over any batch, and the write of new tokens.
//
//===----------------------------------------------------------------------===//

#include "CompiledModel.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir::fp8attn;

/// {0}: KV heads, {1}: head size, {2}: tokens of a page, {3}: element type,
/// {4}: heads, {5}: arguments of scales, {6}: their use.
static const char kText[] =
    R"(!cache = !fp8attn.cache<key_value, heads = {0}, head_dim = {1}, page = {2}, {3}, #fp8attn.layout<pairs>>
#per_head = affine_map<(page, head, token, channel) -> (head)>

func.func @attend(%query: memref<?x{4}x{1}xbf16>, %cache: !cache, {5}
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>, %out: memref<?x{4}x{1}xbf16>) {{
  fp8attn.paged_attention causal query(%query : memref<?x{4}x{1}xbf16>)
      cache(%cache : !cache) {6}
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x{4}x{1}xbf16>)
  return
}

func.func @kv_write(%key: memref<?x{0}x{1}xbf16>, %value: memref<?x{0}x{1}xbf16>,
    %slots: memref<?xi64>, {5} %cache: !cache) {{
  fp8attn.kv_write key(%key : memref<?x{0}x{1}xbf16>)
      value(%value : memref<?x{0}x{1}xbf16>) slots(%slots : memref<?xi64>) {6}
      cache(%cache : !cache)
  return
}
)";

std::string mlir::fp8attn::writeModel(const Model &model,
                                      const Format &format) {
  std::string arguments, uses;
  if (format.isScaled()) {
    const std::string type = llvm::formatv("memref<{0}xf32>", model.kvHeads);
    arguments = llvm::formatv("%key_scale: {0}, %value_scale: {0},", type);
    uses = llvm::formatv("key_scale(%key_scale : {0}, #per_head) "
                         "value_scale(%value_scale : {0}, #per_head)",
                         type);
  }
  return llvm::formatv(kText, model.kvHeads, model.headDim, model.pageTokens,
                       format.type, model.heads, arguments, uses);
}
