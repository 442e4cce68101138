// RUN: fp8attn-opt %s --split-input-file --verify-diagnostics

!query = memref<?x4x?x64xf32>
!key = memref<?x2x?x64xf32>
// paged_attention_c16: of dense attention, too.
func.func @dense(%query: !query, %key: !key, %out: !query, %scale: f32) {
  // expected-error@below {{'fp8attn.attention' op expects softmax_scale as an attribute or as a value, got both}}
  fp8attn.attention query(%query : !query) key(%key : !key) value(%key : !key) out(%out : !query)
      softmax_scale(%scale : f32) {softmax_scale = 0.125 : f32}
  return
}

// -----

!query = memref<?x8x64xbf16>
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// paged_attention_c16: as there.
func.func @paged(%query: !query, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
                 %out: !query, %scale: f32) {
  // expected-error@below {{'fp8attn.paged_attention' op expects softmax_scale as an attribute or as a value, got both}}
  fp8attn.paged_attention query(%query : !query) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : !query)
      softmax_scale(%scale : f32) {softmax_scale = 0.125 : f32}
  return
}
