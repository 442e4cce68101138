// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// paged_attention_c9: a window that does not reach the query itself.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>, %cache: !cache, %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>, %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects window_left to be at least 0, got -1}}
  fp8attn.paged_attention causal window_left = -1
      query(%query : memref<?x16x64xbf16>) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// paged_attention_c9: the other side.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>, %cache: !cache, %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>, %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects window_right to be at least 0, got -9223372036854775808}}
  fp8attn.paged_attention window_right = -9223372036854775808
      query(%query : memref<?x16x64xbf16>) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// paged_attention_c10: causal says it already.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>, %cache: !cache, %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>, %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects no window_right beside causal, which is window_right = 0, got 0}}
  fp8attn.paged_attention causal window_right = 0
      query(%query : memref<?x16x64xbf16>) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}
