// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

// Numbers of each batch entry, behind all that both kinds of attention have.
// CHECK-LABEL: func @memrefs
// CHECK:         fp8attn.attention causal {{.*}} softmax_scale(%{{.+}} : f32) key_lens(%{{.+}} : memref<?xi32>) query_offsets(%{{.+}} : memref<3xi32>)
func.func @memrefs(%x: memref<3x4x?x64xbf16>, %out: memref<3x4x?x64xbf16>, %lens: memref<?xi32>,
                   %offsets: memref<3xi32>, %scale: f32) {
  fp8attn.attention query_offsets(%offsets : memref<3xi32>) causal query(%x : memref<3x4x?x64xbf16>)
      key(%x : memref<3x4x?x64xbf16>) value(%x : memref<3x4x?x64xbf16>) out(%out : memref<3x4x?x64xbf16>)
      key_lens(%lens : memref<?xi32>) softmax_scale(%scale : f32)
  return
}

// CHECK-LABEL: func @tensors
// CHECK:         fp8attn.attention {{.*}} out(%{{.+}}) key_lens(%{{.+}} : tensor<3xi32>) -> tensor<3x4x?x64xbf16>
func.func @tensors(%x: tensor<3x4x?x64xbf16>, %out: tensor<3x4x?x64xbf16>, %lens: tensor<3xi32>) -> tensor<3x4x?x64xbf16> {
  %0 = fp8attn.attention query(%x : tensor<3x4x?x64xbf16>) key(%x : tensor<3x4x?x64xbf16>)
      value(%x : tensor<3x4x?x64xbf16>) out(%out : tensor<3x4x?x64xbf16>) key_lens(%lens : tensor<3xi32>)
      -> tensor<3x4x?x64xbf16>
  return %0 : tensor<3x4x?x64xbf16>
}
