// The same attention over dense tensors and over a cache, to be timed one after
// the other: fp8attn-run benchmarks/dense.mlir --entry=dense_bf16 --time

!kv_bf16 = !fp8attn.cache<key_value, heads = 2, head_dim = 128, page = 64, bf16, #fp8attn.layout<pairs>>
!kv_e4m3 = !fp8attn.cache<key_value, heads = 2, head_dim = 128, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
!rows = memref<?x8x128xbf16>
!dense = memref<?x8x?x128xbf16>
#head = affine_map<(outer, head, token, channel) -> (head)>

func.func @paged_bf16(%query: !rows, %cache: !kv_bf16, %starts: memref<?xi32>, %lens: memref<?xi32>,
                      %table: memref<?x?xi32>, %out: !rows) {
  fp8attn.paged_attention query(%query : !rows) cache(%cache : !kv_bf16)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : !rows)
  return
}

func.func @dense_bf16(%query: !dense, %key: memref<?x2x?x128xbf16>, %value: memref<?x2x?x128xbf16>,
                      %out: !dense) {
  fp8attn.attention query(%query : !dense)
      key(%key : memref<?x2x?x128xbf16>) value(%value : memref<?x2x?x128xbf16>) out(%out : !dense)
  return
}

func.func @paged_e4m3(%query: !rows, %cache: !kv_e4m3, %scale: memref<2xf32>, %starts: memref<?xi32>,
                      %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: !rows) {
  fp8attn.paged_attention query(%query : !rows) cache(%cache : !kv_e4m3)
      key_scale(%scale : memref<2xf32>, #head) value_scale(%scale : memref<2xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : !rows)
  return
}

func.func @dense_e4m3(%query: !dense, %key: memref<?x2x?x128xf8E4M3FN>, %value: memref<?x2x?x128xf8E4M3FN>,
                      %scale: memref<2xf32>, %out: !dense) {
  fp8attn.attention query(%query : !dense)
      key(%key : memref<?x2x?x128xf8E4M3FN>) value(%value : memref<?x2x?x128xf8E4M3FN>)
      key_scale(%scale : memref<2xf32>, #head) value_scale(%scale : memref<2xf32>, #head)
      out(%out : !dense)
  return
}
