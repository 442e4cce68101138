// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E5M2, #fp8attn.layout<pairs>>
!k = !fp8attn.cache<key, heads = 2, head_dim = 128, page = 64, bf16, #fp8attn.layout<pairs>>
!v = !fp8attn.cache<value, heads = 2, head_dim = 128, page = 64, bf16, #fp8attn.layout<pairs>>

// CHECK-LABEL: func @one_cache
// CHECK: fp8attn.kv_write key(%{{.+}} : memref<?x8x64xbf16, strided<[1024, 64, 1]>>)
// CHECK-SAME: value(%{{.+}} : memref<4x8x64xbf16>) slots(%{{.+}} : memref<4xi64>)
// CHECK-SAME: key_scale(%{{.+}} : memref<f32>, #{{[a-z0-9]+}}) value_scale(%{{.+}} : memref<8xf32>, #{{[a-z0-9]+}}) cache(
func.func @one_cache(
    %key: memref<?x8x64xbf16, strided<[1024, 64, 1]>>,
    %value: memref<4x8x64xbf16>, %slots: memref<4xi64>, %key_scale: memref<f32>,
    %value_scale: memref<8xf32>, %cache: !kv) {
  fp8attn.kv_write
      key(%key : memref<?x8x64xbf16, strided<[1024, 64, 1]>>)
      value(%value : memref<4x8x64xbf16>) slots(%slots : memref<4xi64>)
      key_scale(%key_scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      cache(%cache : !kv)
  return
}

// CHECK-LABEL: func @two_caches
// CHECK: fp8attn.kv_write
// CHECK-NOT: scale
// CHECK-SAME: cache(%{{.+}}, %{{.+}} : !fp8attn.cache<key, {{.+}}>, !fp8attn.cache<value, {{.+}}>)
func.func @two_caches(%source: memref<?x2x128xbf16>, %slots: memref<?xi64>,
                      %keys: !k, %values: !v) {
  fp8attn.kv_write
      key(%source : memref<?x2x128xbf16>) value(%source : memref<?x2x128xbf16>)
      slots(%slots : memref<?xi64>) cache(%keys, %values : !k, !v)
  return
}
