// RUN: fp8attn-opt %s --fp8attn-decompose-quantization | FileCheck %s
// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-quantization),fp8attn-specialize-isas{isa=generic},func.func(fp8attn-select-kernels))' | FileCheck %s --check-prefix=KERNELS

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#token_head = affine_map<(page, head, token, channel) -> (page, head, token)>
#blocks = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 32)>
#channel = affine_map<(page, head, token, channel) -> (channel)>
#sixteen = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 16)>
!keys = !fp8attn.cache<latent, heads = 8, head_dim = 64, value_head_dim = 64, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>

// A scale that differs by token or channel stays a map.
// CHECK-LABEL: func.func @given
// CHECK:         fp8attn.tile.store key {{.*}} scales(%{{.+}}[#{{.+}}] : memref<?x8x32xf32>) into
// CHECK:         fp8attn.tile.store value {{.*}} scales(%{{.+}}[#{{.+}}] : memref<64xf32>) into

// Of tokens that have a slot, the scales are collected for the kernel. By channels,
// sixteen tokens are divided at a time, then stored as f32 with a scale of 1.
// KERNELS-LABEL: func.func private @given.generic
// KERNELS:         %[[SCALES:.+]] = memref.view {{.+}} to memref<64xf32>
// KERNELS:         scf.for
// KERNELS-NOT:       arith.divf
// KERNELS:           scf.for %[[TOKEN:.+]] =
// KERNELS:             arith.cmpi sge
// KERNELS:             scf.if
// KERNELS:               memref.store %{{.+}}, %[[SCALES]][%[[TOKEN]]]
// KERNELS:           fp8attn.ukernel.call @fp8attn_uk_store_key_bf16_e4m3_f32_16x1x32_generic({{.*}}, %[[SCALES]], {{.*}} memref<64xf32>, index,
// KERNELS:         scf.for
// KERNELS:           arith.divf
// KERNELS:           %[[ONE:.+]] = arith.constant 1.000000e+00 : f32
// KERNELS:           fp8attn.ukernel.call @fp8attn_uk_store_value_f32_e4m3_f32_16x1x32_generic({{.*}}, %[[ONE]],
func.func @given(%key: memref<?x8x64xbf16>, %value: memref<?x8x64xbf16>, %slots: memref<?xi64>,
    %key_scale: memref<?x8x32xf32>, %value_scale: memref<64xf32>, %cache: !kv) {
  fp8attn.kv_write key(%key : memref<?x8x64xbf16>) value(%value : memref<?x8x64xbf16>)
      slots(%slots : memref<?xi64>) key_scale(%key_scale : memref<?x8x32xf32>, #token_head)
      value_scale(%value_scale : memref<64xf32>, #channel) cache(%cache : !kv)
  return
}

// Scales that are computed.
// CHECK-LABEL: func.func @dynamic
// CHECK:         fp8attn.tile.store key {{.*}} computed into
// CHECK:         fp8attn.tile.store value {{.*}} : memref<?x8x32x2xf8E8M0FNU>) computed into

// The kernel computes the scales of tokens, which are stored behind it. Of blocks of
// channels, the largest magnitude is found among bits: a reduction that LLVM vectorises.
// KERNELS-LABEL: func.func private @dynamic.generic
// KERNELS:         %[[SCALES:.+]] = memref.view {{.+}} to memref<64xf32>
// KERNELS:         %[[COMPUTED:.+]] = arith.constant 1 : index
// KERNELS:         fp8attn.ukernel.call @fp8attn_uk_store_key_bf16_e4m3_f32_16x1x32_generic({{.*}}, %[[SCALES]], %[[COMPUTED]],
// KERNELS:         scf.if
// KERNELS:           %[[SCALE:.+]] = memref.load %[[SCALES]]
// KERNELS:           memref.store %[[SCALE]], %{{.+}} : memref<?x8x32xf32>
// KERNELS:         %[[LARGEST:.+]] = scf.for {{.*}} -> (i32)
// KERNELS:           %[[LARGER:.+]] = arith.maxui
// KERNELS:           scf.yield %[[LARGER]] : i32
// KERNELS:         arith.bitcast %[[LARGEST]] : i32 to f32
func.func @dynamic(%key: memref<?x8x64xbf16>, %value: memref<?x8x64xbf16>, %slots: memref<?xi64>,
    %key_scale: memref<?x8x32xf32>, %value_scale: memref<?x8x32x2xf8E8M0FNU>, %cache: !kv) {
  fp8attn.kv_write dynamic key(%key : memref<?x8x64xbf16>) value(%value : memref<?x8x64xbf16>)
      slots(%slots : memref<?xi64>) key_scale(%key_scale : memref<?x8x32xf32>, #token_head)
      value_scale(%value_scale : memref<?x8x32x2xf8E8M0FNU>, #blocks) cache(%cache : !kv)
  return
}

// An outer scale is a number beside the map, and multiplied with each scale before
// elements are divided.
// CHECK-LABEL: func.func @outer
// CHECK-SAME:    %[[BLOCKS:[a-z0-9_]+]]: memref<?x8x32x4xf8E4M3FN>, %[[OUTER:[a-z0-9_]+]]: memref<8xf32>
// CHECK:         %[[NUMBER:.+]] = memref.load %[[OUTER]][%[[HEAD:.+]]] : memref<8xf32>
// CHECK:         fp8attn.tile.store key {{.*}} scale %[[NUMBER]] scales(%[[BLOCKS]][#{{.+}}] : memref<?x8x32x4xf8E4M3FN>) into %{{.+}}[%[[HEAD]]]

// KERNELS-LABEL: func.func private @outer.generic
// KERNELS:         %[[SCALE:.+]] = arith.extf %{{.+}} : f8E4M3FN to f32
// KERNELS:         %[[PRODUCT:.+]] = arith.mulf %[[SCALE]], %{{.+}} : f32
// KERNELS:         arith.divf %{{.+}}, %[[PRODUCT]] : f32
func.func @outer(%latent: memref<?x8x64xf32>, %slots: memref<?xi64>, %scale: memref<?x8x32x4xf8E4M3FN>,
    %outer: memref<8xf32>, %cache: !keys) {
  fp8attn.kv_write key(%latent : memref<?x8x64xf32>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<?x8x32x4xf8E4M3FN>, #sixteen) key_outer_scale(%outer : memref<8xf32>)
      cache(%cache : !keys)
  return
}
