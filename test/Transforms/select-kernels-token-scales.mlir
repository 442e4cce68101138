// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-quantization,fp8attn-select-kernels))' | FileCheck %s

// Scales of tokens are collected for the kernel, and those of the next head, which are on
// other lines, are fetched; for computed ones, lines to write to.

!cache = !fp8attn.cache<latent, heads = 8, head_dim = 128, value_head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>

// CHECK-LABEL: func.func @given
// CHECK:         %[[SCALE:.+]] = memref.load %arg2[%[[PAGE:.+]], %[[HEAD:.+]], %[[TOKEN:.+]]] :
// CHECK:         memref.store %[[SCALE]], %[[SCALES:.+]][%{{.+}}] : memref<64xf32>
// CHECK:         %[[NEXT:.+]] = arith.addi %[[HEAD]], %c1
// CHECK:         %[[SEVEN:.+]] = arith.constant 7
// CHECK:         %[[AFTER:.+]] = arith.minui %[[NEXT]], %[[SEVEN]]
// CHECK:         memref.prefetch %arg2[%[[PAGE]], %[[AFTER]], %[[TOKEN]]], read, locality<3>, data
// CHECK:         call @fp8attn_uk_store_key
func.func @given(%key: memref<?x8x128xbf16>, %slots: memref<?xi64>, %scale: memref<?x8x32xf32>, %cache: !cache) {
  fp8attn.kv_write key(%key : memref<?x8x128xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<?x8x32xf32>, affine_map<(page, head, token, channel) -> (page, head, token)>)
      cache(%cache : !cache)
  return
}

// CHECK-LABEL: func.func @computed
// CHECK:         call @fp8attn_uk_store_key
// CHECK:         memref.store %{{.+}}, %arg2[%[[PAGE:.+]], %[[HEAD:.+]], %[[TOKEN:.+]]] :
// CHECK:         memref.prefetch %arg2[%[[PAGE]], %{{.+}}, %[[TOKEN]]], write, locality<3>, data
func.func @computed(%key: memref<?x8x128xbf16>, %slots: memref<?xi64>, %scale: memref<?x8x32xf32>, %cache: !cache) {
  fp8attn.kv_write dynamic key(%key : memref<?x8x128xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<?x8x32xf32>, affine_map<(page, head, token, channel) -> (page, head, token)>)
      cache(%cache : !cache)
  return
}

// All heads have the same.
// CHECK-LABEL: func.func @shared
// CHECK-NOT:     memref.prefetch
func.func @shared(%key: memref<?x8x128xbf16>, %slots: memref<?xi64>, %scale: memref<?x32xf32>, %cache: !cache) {
  fp8attn.kv_write key(%key : memref<?x8x128xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<?x32xf32>, affine_map<(page, head, token, channel) -> (page, token)>)
      cache(%cache : !cache)
  return
}
