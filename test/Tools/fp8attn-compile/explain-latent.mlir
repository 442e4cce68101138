// RUN: fp8attn-compile %s --mcpu=x86-64-v4 --mattr=+avx512vbmi,+avx512bf16,+amx-tile,+amx-bf16 --isa=amx_bf16 --explain=all | FileCheck %s

// A latent cache is read once, by fused kernels on tiles as by others.

!cache = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, page = 32, f8E4M3FN>

// CHECK: attend, body amx_bf16, phase decode: 16 rows, 576 bytes a key from memory
// CHECK: chosen {{.*}} attend_bf16_e4m3_f32_16x256x32_amx_bf16{{$}}
// CHECK: attend, body amx_bf16, phase prefill: 48 rows, 576 bytes a key
// CHECK: chosen {{.*}} prefill_bf16_e4m3_f32_1056x256x32_amx_bf16{{$}}
func.func @attend(%query: memref<?x16x576xbf16>, %cache: !cache, %scale: memref<f32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x16x512xbf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x16x576xbf16>)
      cache(%cache : !cache)
      key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x512xbf16>)
  return
}
