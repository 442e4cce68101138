// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// operand_c6: an element type.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
func.func @query(%query: memref<?x8x64xf64>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
                 %table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects query to be a memref or tensor of 3 dimensions and bf16, f16, f32, f8E4M3FN or f8E5M2, got 'memref<?x8x64xf64>'}}
  fp8attn.paged_attention query(%query : memref<?x8x64xf64>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

// -----

// operand_c6: a cache.
func.func @cache(%query: memref<?x8x64xbf16>, %cache: memref<?xi8>, %starts: memref<?xi32>, %lens: memref<?xi32>,
                 %table: memref<?x?xi32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects cache to be an !fp8attn.cache, got 'memref<?xi8>'}}
  "fp8attn.paged_attention"(%query, %cache, %starts, %lens, %table, %query)
      <{operandSegmentSizes = array<i32: 1, 1, 0, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>}> ({})
      : (memref<?x8x64xbf16>, memref<?xi8>, memref<?xi32>, memref<?xi32>, memref<?x?xi32>, memref<?x8x64xbf16>) -> ()
  return
}

// -----

// operand_c6: dimensions, none of which are known.
func.func @source(%source: memref<*xbf16>, %scale: memref<f32>, %to: memref<?x64xf8E4M3FN>) {
  // expected-error@below {{'fp8attn.quantize' op expects source to be a memref or tensor of 1, 2, 3 or 4 dimensions and bf16, f16 or f32, got 'memref<*xbf16>'}}
  "fp8attn.quantize"(%source, %scale, %to) <{scaleMap = affine_map<(d0, d1) -> ()>}>
      : (memref<*xbf16>, memref<f32>, memref<?x64xf8E4M3FN>) -> ()
  return
}

// -----

// operand_c6: a scale of a dense tensor.
func.func @scale(%source: memref<?x64xf8E4M3FN>, %scale: memref<?x?x?x?xf32>, %to: memref<?x64xf16>) {
  // expected-error@below {{'fp8attn.dequantize' op expects scale to be a memref or tensor of 0, 1, 2 or 3 dimensions and f32, got 'memref<?x?x?x?xf32>'}}
  "fp8attn.dequantize"(%source, %scale, %to) <{scaleMap = affine_map<(d0, d1) -> ()>}>
      : (memref<?x64xf8E4M3FN>, memref<?x?x?x?xf32>, memref<?x64xf16>) -> ()
  return
}

// -----

// operand_c6: no memref at all.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
func.func @slots(%key: memref<?x2x64xbf16>, %slots: index, %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects slots to be a memref or tensor of 1 dimension and i64, got 'index'}}
  "fp8attn.kv_write"(%key, %key, %slots, %cache) <{operandSegmentSizes = array<i32: 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0>}>
      : (memref<?x2x64xbf16>, memref<?x2x64xbf16>, index, !cache) -> ()
  return
}

// -----

// operand_c6: memory that is not called a cache yet.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
func.func @repacked(%memory: memref<?xi8>, %cache: !cache) {
  // expected-error@below {{'fp8attn.repack' op expects source to be an !fp8attn.cache, got 'memref<?xi8>'}}
  "fp8attn.repack"(%memory, %cache) <{operandSegmentSizes = array<i32: 1, 1, 0, 0, 0>}>
      : (memref<?xi8>, !cache) -> ()
  return
}

// -----

// operand_c6: what is written, too.
func.func @written(%query: memref<1x2x?x64xbf16>, %out: index) {
  // expected-error@below {{'fp8attn.attention' op expects out to be a memref or tensor of 4 dimensions and bf16, f16, f32, f8E4M3FN or f8E5M2, got 'index'}}
  "fp8attn.attention"(%query, %query, %query, %out)
      <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0>}> ({})
      : (memref<1x2x?x64xbf16>, memref<1x2x?x64xbf16>, memref<1x2x?x64xbf16>, index) -> ()
  return
}

// -----

// operand_c6: sinks of integers.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
func.func @sink(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
                %table: memref<?x?xi32>, %sink: memref<8xi32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects sink to be a memref or tensor of 1 dimension and bf16, f16 or f32, got 'memref<8xi32>'}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%sink : memref<8xi32>) out(%query : memref<?x8x64xbf16>)
  return
}
