// REQUIRES: avx512-bf16
// DEFINE: %{force} = --force=attend_bf16_e5m2_f32_16x256x32_avx512_bf16
// RUN: fp8attn-compile %s --mcpu=sapphirerapids --isa=amx_bf16 --mix-isas %{force} --explain=all | FileCheck %s --check-prefix=EXPLAIN
// RUN: fp8attn-run %s --emulate-amx --isa=amx_bf16 --mix-isas %{force} --check --context=300,40 | FileCheck %s
// RUN: fp8attn-run %s --emulate-amx --isa=amx_bf16 --mix-isas %{force} --check --context=300,40 --query-len=60,7 | FileCheck %s

// Decode on vectors, prefill on tiles, in one body and over one cache.

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E5M2, #fp8attn.layout<pairs>>
#tensor = affine_map<(page, head, token, channel) -> ()>

// EXPLAIN: attend, body amx_bf16, phase decode
// EXPLAIN: chosen {{.*}} attend_{{.*}}_avx512_bf16
// EXPLAIN: attend, body amx_bf16, phase prefill
// EXPLAIN: chosen {{.*}} prefill_{{.*}}_amx_bf16
// CHECK: ran on amx_bf16
// CHECK: check of out passed
func.func @attend(%query: memref<?x8x64xbf16>, %cache: !cache, %scale: memref<f32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #tensor) value_scale(%scale : memref<f32>, #tensor)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}
