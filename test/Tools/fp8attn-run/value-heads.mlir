// RUN: fp8attn-run %s --entry=more --check --time --context=300,300 --query-len=20 | FileCheck %s
// RUN: fp8attn-run %s --entry=fewer --check --context=90 --query-len=1 --isa-cap=generic | FileCheck %s

// Keys and values of different numbers of heads.

#head = affine_map<(batch, head, token, channel) -> (head)>
// CHECK: check of out passed
func.func @more(%query: memref<?x12x?x64xbf16>, %key: memref<?x2x?x64xf8E4M3FN>, %value: memref<?x4x?x40xf8E5M2>,
    %key_scale: memref<2xf32>, %value_scale: memref<4xf32>, %out: memref<?x12x?x40xf32>) {
  fp8attn.attention causal query(%query : memref<?x12x?x64xbf16>) key(%key : memref<?x2x?x64xf8E4M3FN>)
      value(%value : memref<?x4x?x40xf8E5M2>) key_scale(%key_scale : memref<2xf32>, #head)
      value_scale(%value_scale : memref<4xf32>, #head) out(%out : memref<?x12x?x40xf32>)
  return
}

func.func @fewer(%query: memref<?x12x?x64xbf16>, %key: memref<?x6x?x64xf32>, %value: memref<?x4x?x40xbf16>,
    %out: memref<?x12x?x40xf32>) {
  fp8attn.attention query(%query : memref<?x12x?x64xbf16>) key(%key : memref<?x6x?x64xf32>)
      value(%value : memref<?x4x?x40xbf16>) out(%out : memref<?x12x?x40xf32>)
  return
}
