// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A cache that is no argument.
// CHECK: error: 'builtin.unrealized_conversion_cast' op cannot be compiled; caches and memrefs are arguments, or made by operations of memref
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @attend(%query: memref<?x32x128xbf16>, %bytes: memref<?xi8>, %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) {
  %cache = builtin.unrealized_conversion_cast %bytes : memref<?xi8> to !cache
  fp8attn.paged_attention
      query(%query : memref<?x32x128xbf16>)
      cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}
