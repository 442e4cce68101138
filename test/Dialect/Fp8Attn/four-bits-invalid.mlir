// RUN: fp8attn-opt %s --split-input-file --verify-diagnostics

// cache_c11: nobody else has two elements in a byte as tiles have them.
// expected-error@below {{expects the layout pairs, or one of rows, because two elements of 'f4E2M1FN' are in a byte, got vllm_vector}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 16, f4E2M1FN, #fp8attn.layout<vllm_vector>>)

// -----

// cache_c11
// expected-error@below {{expects the layout pairs, or one of rows, because two elements of 'i4' are in a byte, got quads}}
func.func private @cache(!fp8attn.cache<key, heads = 8, head_dim = 64, page = 64, i4, #fp8attn.layout<quads>>)

// -----

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, i4, #fp8attn.layout<pairs>>
func.func @view(%x: memref<?xi4>) {
  // cache_view_c1: does such a memref have a byte for each element?
  // expected-error@below {{'fp8attn.cache_view' op expects memory of i8, because two elements of 'i4' are in a byte, got 'memref<?xi4>'}}
  %0 = fp8attn.cache_view %x : memref<?xi4> to !kv
  return
}

// -----

// repack_c5: nothing becomes elements of 4 bits, or is made of them.
#one = affine_map<(page, head, token, channel) -> ()>
!source = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!destination = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, i4, #fp8attn.layout<pairs>>
// expected-note@below {{source is defined here}}
func.func @quantized(%source: !source, %destination: !destination, %scale: memref<f32>) {
  // expected-error@below {{'fp8attn.repack' op expects a destination with elements that come from those of source ('!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, <pairs>>'), got '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, i4, <pairs>>'}}
  fp8attn.repack %source into %destination key_scale(%scale : memref<f32>, #one) : !source, !destination
  return
}

// -----

// repack_c5
#one = affine_map<(page, head, token, channel) -> ()>
!source = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>
!destination = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// expected-note@below {{source is defined here}}
func.func @widened(%source: !source, %destination: !destination, %scale: memref<f32>) {
  // expected-error@below {{'fp8attn.repack' op expects a destination with elements that come from those of source ('!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, f4E2M1FN, <pairs>>'), got '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, <pairs>>'}}
  fp8attn.repack %source into %destination key_scale(%scale : memref<f32>, #one) : !source, !destination
  return
}

// -----

// operand_c6: a dense tensor has no elements of 4 bits.
func.func @dense(%x: memref<?x64xf32>, %scale: memref<f32>, %y: memref<?x64xi4>) {
  // expected-error@below {{'fp8attn.quantize' op expects destination to be}}
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y : memref<?x64xf32>, memref<f32>, memref<?x64xi4>
  return
}
