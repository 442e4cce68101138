// RUN: fp8attn-opt %s --split-input-file --verify-diagnostics

// form_c1: a tensor among memrefs.
func.func @mixed(%query: memref<2x8x?x64xbf16>, %key: tensor<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  // expected-error@below {{'fp8attn.attention' op expects memrefs or tensors as operands, and not both, got query, a 'memref<2x8x?x64xbf16>', and key, a 'tensor<2x2x?x64xbf16>'}}
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : tensor<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>)
  return
}

// -----

// form_c1: memory for the result of tensors.
func.func @mixed_out(%x: tensor<?x64xf32>, %scale: tensor<f32>, %codes: memref<?x64xf8E5M2>) {
  // expected-error@below {{'fp8attn.quantize' op expects memrefs or tensors as operands, and not both, got destination, a 'memref<?x64xf8E5M2>', and source, a 'tensor<?x64xf32>'}}
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %codes : tensor<?x64xf32>, tensor<f32>, memref<?x64xf8E5M2>
  return
}

// -----

// form_c2: no result.
func.func @no_result(%x: tensor<2x2x4x64xbf16>, %lse: tensor<2x2x4xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects a result for each tensor that it writes (out, lse), got 0}}
  fp8attn.attention
      query(%x : tensor<2x2x4x64xbf16>) key(%x : tensor<2x2x4x64xbf16>) value(%x : tensor<2x2x4x64xbf16>)
      out(%x : tensor<2x2x4x64xbf16>) lse(%lse : tensor<2x2x4xf32>)
  return
}

// -----

// form_c2: a result of memrefs.
func.func @result_of_memrefs(%x: memref<?x64xf32>, %scale: memref<f32>, %codes: memref<?x64xf8E5M2>) {
  // expected-error@below {{'fp8attn.quantize' op expects no result, because it writes no tensor, got 1}}
  %result = fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %codes
      : memref<?x64xf32>, memref<f32>, memref<?x64xf8E5M2> -> tensor<?x64xf8E5M2>
  return
}

// -----

// form_c2: kv_write writes the cache, and scales only if they are dynamic.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @result_of_cache(%key: tensor<?x2x64xbf16>, %slots: tensor<?xi64>, %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects no result, because it writes no tensor, got 1}}
  %result = fp8attn.kv_write key(%key : tensor<?x2x64xbf16>) value(%key : tensor<?x2x64xbf16>)
      slots(%slots : tensor<?xi64>) cache(%cache : !cache) -> tensor<?x2x64xbf16>
  return
}

// -----

// form_c3: of another shape.
func.func @result_type(%x: tensor<2x2x4x64xbf16>, %lse: tensor<2x2x4xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects result 1 to be of the type of lse ('tensor<2x2x4xf32>'), got 'tensor<2x2x?xf32>'}}
  %result:2 = fp8attn.attention
      query(%x : tensor<2x2x4x64xbf16>) key(%x : tensor<2x2x4x64xbf16>) value(%x : tensor<2x2x4x64xbf16>)
      out(%x : tensor<2x2x4x64xbf16>) lse(%lse : tensor<2x2x4xf32>) -> (tensor<2x2x4x64xbf16>, tensor<2x2x?xf32>)
  return
}

// -----

// score_region_c10: an element of a tensor, among memrefs.
func.func @extract(%x: memref<2x2x4x64xbf16>, %y: memref<2x2x4x64xbf16>, %bias: tensor<2xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects memref.load and no tensor.extract in the score region of an operation on memrefs}}
  fp8attn.attention
      query(%x : memref<2x2x4x64xbf16>) key(%x : memref<2x2x4x64xbf16>) value(%x : memref<2x2x4x64xbf16>)
      out(%y : memref<2x2x4x64xbf16>)
      score {
      ^bb0(%score: f32, %entry: index, %head: index, %q: index, %k: index):
        // expected-note@below {{the operation is here}}
        %new = tensor.extract %bias[%head] : tensor<2xf32>
        fp8attn.yield %new : f32
      }
  return
}

// -----

// score_region_c5 holds of tensors, too.
func.func @extract_f64(%x: tensor<2x2x4x64xbf16>, %bias: tensor<2xf64>) -> tensor<2x2x4x64xbf16> {
  // expected-error@below {{'fp8attn.attention' op expects loads of f32, bf16, f16, i1, i8, i32 or i64 in a score region, got 'tensor<2xf64>'}}
  %result = fp8attn.attention
      query(%x : tensor<2x2x4x64xbf16>) key(%x : tensor<2x2x4x64xbf16>) value(%x : tensor<2x2x4x64xbf16>)
      out(%x : tensor<2x2x4x64xbf16>)
      score {
      ^bb0(%score: f32, %entry: index, %head: index, %q: index, %k: index):
        %bad = tensor.extract %bias[%head] : tensor<2xf64>
        fp8attn.yield %score : f32
      } -> tensor<2x2x4x64xbf16>
  return %result : tensor<2x2x4x64xbf16>
}

// -----

// Constraints of sizes hold of tensors as of memrefs.
// expected-note@below {{query is defined here}}
func.func @batch(%x: tensor<2x2x4x64xbf16>, %out: tensor<3x2x4x64xbf16>) -> tensor<3x2x4x64xbf16> {
  // expected-error@below {{'fp8attn.attention' op expects batch of out (3) to equal batch of query (2)}}
  %result = fp8attn.attention
      query(%x : tensor<2x2x4x64xbf16>) key(%x : tensor<2x2x4x64xbf16>) value(%x : tensor<2x2x4x64xbf16>)
      out(%out : tensor<3x2x4x64xbf16>) -> tensor<3x2x4x64xbf16>
  return %result : tensor<3x2x4x64xbf16>
}
