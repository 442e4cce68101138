// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// paged_attention_c11: a sink for each KV head.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @attention(
    // expected-note@below {{query is defined here}}
    %query: memref<?x16x64xbf16>, %cache: !cache, %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>,
    %sink: memref<8xf32>, %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects sink to have an element for each head of query (16), got 8}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%sink : memref<8xf32>) out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// paged_attention_c11: the number of sinks is static.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>, %cache: !cache, %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>,
    %sink: memref<?xf32>, %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects the size of sink to be static, got ? in}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%sink : memref<?xf32>) out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// operand_c4: sinks are contiguous.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>, %cache: !cache, %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>,
    %sink: memref<16xf32, strided<[2]>>, %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects innermost stride of sink to be 1, got 2}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%sink : memref<16xf32, strided<[2]>>) out(%out : memref<?x16x64xbf16>)
  return
}
