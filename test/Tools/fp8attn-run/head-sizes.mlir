// RUN: fp8attn-run %s --entry=mla --check --context=300,40 --query-len=3,1 | FileCheck %s
// RUN: fp8attn-run %s --entry=mla --check --context=70 --isa-cap=generic | FileCheck %s
// RUN: %if avx512-bf16 %{ fp8attn-run %s --entry=mla --check --context=70 --emulate-amx --isa=amx_bf16 | FileCheck %s %}
// RUN: fp8attn-run %s --entry=odd --check --context=300,40 --query-len=3,40 | FileCheck %s --check-prefix=ODD
// RUN: fp8attn-run %s --entry=odd --check --context=300,40 --query-len=3,40 --isa-cap=generic | FileCheck %s --check-prefix=ODD
// RUN: %if avx512-bf16 %{ fp8attn-run %s --entry=odd --check --context=300,40 --query-len=3,40 --emulate-amx --isa=amx_bf16 | FileCheck %s --check-prefix=ODD %}

// Latent attention: keys and values of different head sizes, one KV head.
!mla_keys = !fp8attn.cache<key, heads = 1, head_dim = 576, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
!mla_values = !fp8attn.cache<value, heads = 1, head_dim = 512, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>

// CHECK: check of out passed
func.func @mla(%query: memref<?x128x576xbf16>, %keys: !mla_keys, %values: !mla_values,
    %key_scale: memref<f32>, %value_scale: memref<f32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x128x512xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x128x576xbf16>)
      cache(%keys, %values : !mla_keys, !mla_values)
      key_scale(%key_scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      value_scale(%value_scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x128x512xbf16>)
  return
}

// A head size that fills no tile, values of another type, and a write of both
// into pages of NaN first: nothing of the padding may be seen.
!keys = !fp8attn.cache<key, heads = 2, head_dim = 40, page = 32, f8E5M2, #fp8attn.layout<pairs>>
!values = !fp8attn.cache<value, heads = 2, head_dim = 8, page = 32, bf16, #fp8attn.layout<pairs>>

// ODD: check of out passed
// ODD: check of keys passed
// ODD: check of values passed
func.func @odd(%query: memref<?x6x40xf16>, %key: memref<?x2x40xf32>, %value: memref<?x2x8xf16>,
    %slots: memref<?xi64>, %keys: !keys, %values: !values, %key_scale: memref<2xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x6x8xf32>) {
  fp8attn.kv_write
      key(%key : memref<?x2x40xf32>) value(%value : memref<?x2x8xf16>) slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<2xf32>, affine_map<(page, head, token, channel) -> (head)>)
      cache(%keys, %values : !keys, !values)
  fp8attn.paged_attention causal
      query(%query : memref<?x6x40xf16>)
      cache(%keys, %values : !keys, !values)
      key_scale(%key_scale : memref<2xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x6x8xf32>)
  return
}
