// RUN: fp8attn-compile %s -o - --emit=header | FileCheck %s

// A cache with tokens before heads, as engines on GPUs write it, to the layout of the kernels
// and back: keys and values in one, or each in a cache of its own. For HandOverTest.cpp.
// CHECK: #define TAKE_OVER_SOURCE_PAGE_BYTES 8192
// CHECK: #define TAKE_OVER_KEYS_SOURCE_PAGE_BYTES 4096

!gpu = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<nhd>>
!gpu_heads = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<hnd>>
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!gpu_keys = !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<nhd>>
!keys = !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!gpu_values = !fp8attn.cache<value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<nhd>>
!values = !fp8attn.cache<value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!rows = memref<?x8x64xbf16>
!out = memref<?x8x64xf32>
!tokens = memref<?x2x64xbf16>
#head = affine_map<(page, head, token, channel) -> (head)>

func.func @take_over(%source: !gpu, %destination: !kv) {
  fp8attn.repack %source into %destination : !gpu, !kv
  return
}
func.func @take_over_heads(%source: !gpu_heads, %destination: !kv) {
  fp8attn.repack %source into %destination : !gpu_heads, !kv
  return
}
func.func @take_over_keys(%source: !gpu_keys, %destination: !keys) {
  fp8attn.repack %source into %destination : !gpu_keys, !keys
  return
}
func.func @take_over_values(%source: !gpu_values, %destination: !values) {
  fp8attn.repack %source into %destination : !gpu_values, !values
  return
}
func.func @hand_back(%source: !kv, %destination: !gpu) {
  fp8attn.repack %source into %destination : !kv, !gpu
  return
}

func.func @write_tokens(%key: !tokens, %value: !tokens, %slots: memref<?xi64>,
    %key_scale: memref<2xf32>, %value_scale: memref<2xf32>, %cache: !kv) {
  fp8attn.kv_write key(%key : !tokens) value(%value : !tokens) slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<2xf32>, #head) value_scale(%value_scale : memref<2xf32>, #head)
      cache(%cache : !kv)
  return
}

func.func @attend_one_cache(%query: !rows, %cache: !kv, %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>,
    %out: !out, %lse: memref<?x8xf32>) {
  fp8attn.paged_attention causal query(%query : !rows) cache(%cache : !kv)
      key_scale(%key_scale : memref<2xf32>, #head) value_scale(%value_scale : memref<2xf32>, #head)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : !out) lse(%lse : memref<?x8xf32>)
  return
}
func.func @attend_two_caches(%query: !rows, %key_cache: !keys, %value_cache: !values, %key_scale: memref<2xf32>,
    %value_scale: memref<2xf32>, %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>, %out: !out, %lse: memref<?x8xf32>) {
  fp8attn.paged_attention causal query(%query : !rows) cache(%key_cache, %value_cache : !keys, !values)
      key_scale(%key_scale : memref<2xf32>, #head) value_scale(%value_scale : memref<2xf32>, #head)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : !out) lse(%lse : memref<?x8xf32>)
  return
}
