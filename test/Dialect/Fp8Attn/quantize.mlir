// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

// A scale for each head.
// CHECK-LABEL: func @per_head
// CHECK: fp8attn.quantize %{{.+}} scale(%{{.+}}, #{{[a-z0-9]+}}) into %{{.+}} : memref<?x8x128xbf16>, memref<8xf32>, memref<?x8x128xf8E4M3FN>
func.func @per_head(%x: memref<?x8x128xbf16>, %scale: memref<8xf32>,
                    %y: memref<?x8x128xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, h, c) -> (h)>) into %y
      : memref<?x8x128xbf16>, memref<8xf32>, memref<?x8x128xf8E4M3FN>
  return
}

// A scale for each token of a dynamic number, rows apart.
// CHECK-LABEL: func @per_token
// CHECK: fp8attn.dequantize {{.+}} : memref<?x?xf8E5M2, strided<[256, 1]>>, memref<?xf32, strided<[2]>>, memref<?x?xf32>
func.func @per_token(%x: memref<?x?xf8E5M2, strided<[256, 1]>>,
                     %scale: memref<?xf32, strided<[2]>>, %y: memref<?x?xf32>) {
  fp8attn.dequantize %x scale(%scale, affine_map<(t, c) -> (t)>) into %y
      : memref<?x?xf8E5M2, strided<[256, 1]>>, memref<?xf32, strided<[2]>>, memref<?x?xf32>
  return
}

// To integers, and back.
// CHECK-LABEL: func @integers
// CHECK: fp8attn.quantize {{.+}} : memref<?x64xf16>, memref<f32>, memref<?x64xi8>
// CHECK: fp8attn.dequantize {{.+}} : memref<?x64xi8>, memref<f32>, memref<?x64xf16>
func.func @integers(%x: memref<?x64xf16>, %scale: memref<f32>, %y: memref<?x64xi8>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x64xf16>, memref<f32>, memref<?x64xi8>
  fp8attn.dequantize %y scale(%scale, affine_map<(t, c) -> ()>) into %x
      : memref<?x64xi8>, memref<f32>, memref<?x64xf16>
  return
}

// One scale, the lowest and the highest rank.
// CHECK-LABEL: func @per_tensor
// CHECK: fp8attn.dequantize {{.+}} : memref<?xf8E4M3FN>, memref<f32>, memref<?xbf16>
// CHECK: fp8attn.quantize {{.+}} : memref<2x3x4x5xbf16>, memref<f32>, memref<2x3x4x5xf8E5M2>
func.func @per_tensor(%x: memref<?xf8E4M3FN>, %scale: memref<f32>,
                      %y: memref<?xbf16>, %z: memref<2x3x4x5xbf16>,
                      %w: memref<2x3x4x5xf8E5M2>) {
  fp8attn.dequantize %x scale(%scale, affine_map<(c) -> ()>) into %y
      : memref<?xf8E4M3FN>, memref<f32>, memref<?xbf16>
  fp8attn.quantize %z scale(%scale, affine_map<(a, b, c, d) -> ()>) into %w
      : memref<2x3x4x5xbf16>, memref<f32>, memref<2x3x4x5xf8E5M2>
  return
}
