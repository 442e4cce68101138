// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// operand_c5: dense attention reads queries of other heads after it has written.
func.func @dense(%query: memref<?x8x?x64xbf16>, %key: memref<?x8x?x64xbf16>) {
  // expected-error@below {{'fp8attn.attention' op expects out, which is written, to be memory of its own, got the value of query}}
  fp8attn.attention query(%query : memref<?x8x?x64xbf16>)
      key(%key : memref<?x8x?x64xbf16>) value(%key : memref<?x8x?x64xbf16>)
      out(%query : memref<?x8x?x64xbf16>)
  return
}

// -----

// operand_c5: nor can it be that of the values.
func.func @values(%query: memref<?x8x?x64xbf16>, %key: memref<?x8x?x64xbf16>, %value: memref<?x8x?x64xbf16>) {
  // expected-error@below {{'fp8attn.attention' op expects out, which is written, to be memory of its own, got the value of value}}
  fp8attn.attention query(%query : memref<?x8x?x64xbf16>)
      key(%key : memref<?x8x?x64xbf16>) value(%value : memref<?x8x?x64xbf16>)
      out(%value : memref<?x8x?x64xbf16>)
  return
}

// -----

// operand_c5: a mask of the shape of the log-sum-exps.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16>
func.func @paged(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>,
                 %lens: memref<?xi32>, %table: memref<?x?xi32>, %lse: memref<?x8xf32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects lse, which is written, to be memory of its own, got the value of mask}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%query : memref<?x8x64xbf16>) lse(%lse : memref<?x8xf32>) mask(%lse : memref<?x8xf32>)
  return
}

// -----

// operand_c5: scales that are computed.
#each = affine_map<(page, head, token, channel) -> (page, head, token)>
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN>
func.func @dynamic(%key: memref<?x8x64xbf16>, %slots: memref<?xi64>, %scale: memref<?x8x32xf32>, %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects key_scale, which is written, to be memory of its own, got the value of value_scale}}
  fp8attn.kv_write dynamic key(%key : memref<?x8x64xbf16>) value(%key : memref<?x8x64xbf16>)
      slots(%slots : memref<?xi64>) key_scale(%scale : memref<?x8x32xf32>, #each)
      value_scale(%scale : memref<?x8x32xf32>, #each) cache(%cache : !cache)
  return
}
