#===- repeated.py - a model with the same operation many times ------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Prints a function with so many operations of a kind: quantize or paged_attention.

With a third argument, "apart", each has operands of its own.
"""

import re
import sys

ARGUMENTS = {
    "quantize": """%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E4M3FN>""",
    "paged_attention": """%query: memref<?x32x128xbf16>, %cache: !cache, %scale: memref<8xf32>,
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>,
    %out: memref<?x32x128xbf16>""",
}
OPERATIONS = {
    "quantize": """
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E4M3FN>""",
    "paged_attention": """
  fp8attn.paged_attention causal
      query(%query : memref<?x32x128xbf16>)
      cache(%cache : !cache)
      key_scale(%scale : memref<8xf32>, #per_head)
      value_scale(%scale : memref<8xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)""",
}

kind, count = sys.argv[1], int(sys.argv[2])
print("!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN>")
print("#per_head = affine_map<(page, head, token, channel) -> (head)>")
def rename(text, layer):
    return re.sub(r"(%\w+)", rf"\1_{layer}", text) if "apart" in sys.argv[3:] else text


layers = range(count)
arguments = dict.fromkeys(rename(ARGUMENTS[kind], layer) for layer in layers)
operations = "".join(rename(OPERATIONS[kind], layer) for layer in layers)
print(f"func.func @layers({', '.join(arguments)}) {{{operations}\n  return\n}}")
