// RUN: fp8attn-compile %s -o - --emit=header | FileCheck %s

// Scales that stand in the pages, beside the data: views whose pages are as far
// apart as those of the cache. For PageScalesTest.cpp.
// CHECK:      #define WRITE_PAGE_SCALES_CACHE_PAGE_BYTES 7168
// CHECK:      key_scale: f32 [?, 2, 32], strides [?, 32, 1]
// CHECK-NEXT: value_scale: f8E8M0FNU [?, 32, 2], strides [?, 2, 1]

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 40, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!tokens = memref<?x2x40xbf16>
!floats = memref<?x2x32xf32, strided<[?, 32, 1]>>
!powers = memref<?x32x2xf8E8M0FNU, strided<[?, 2, 1]>>
#floats = affine_map<(page, head, token, channel) -> (page, head, token)>
#powers = affine_map<(page, head, token, channel) -> (page, token, head)>

func.func @write_page_scales(%key: !tokens, %value: !tokens, %slots: memref<?xi64>, %key_scale: !floats,
    %value_scale: !powers, %cache: !kv) {
  fp8attn.kv_write dynamic key(%key : !tokens) value(%value : !tokens) slots(%slots : memref<?xi64>)
      key_scale(%key_scale : !floats, #floats) value_scale(%value_scale : !powers, #powers) cache(%cache : !kv)
  return
}

func.func @attend_page_scales(%query: memref<?x6x40xbf16>, %key_scale: !floats, %value_scale: !powers, %cache: !kv,
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>,
    %out: memref<?x6x40xbf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x6x40xbf16>) cache(%cache : !kv)
      key_scale(%key_scale : !floats, #floats) value_scale(%value_scale : !powers, #powers)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x6x40xbf16>)
  return
}
