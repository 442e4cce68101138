// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

// Everything optional is there; keys and values differ in type and head size.
// CHECK-LABEL: func @everything
// CHECK: fp8attn.attention causal window_left = 127 alignment = top_left
// CHECK-SAME: query(%{{.+}} : memref<?x32x?x128xbf16, strided<[?, 128, 4096, 1]>>)
// CHECK-SAME: key(%{{.+}} : memref<?x8x?x128xf8E4M3FN>) value(%{{.+}} : memref<?x8x?x64xf8E5M2>)
// CHECK-SAME: key_scale(%{{.+}} : memref<8xf32>, #{{[a-z0-9]+}}) value_scale(%{{.+}} : memref<f32>, #{{[a-z0-9]+}})
// CHECK-SAME: sink(%{{.+}} : memref<32xf32>) out(%{{.+}} : memref<2x32x?x64xf32>) lse(%{{.+}} : memref<?x32x?xf32>)
// CHECK-SAME: alibi(%{{.+}} : memref<32xf32>) mask(%{{.+}} : memref<?x1x?x?xi8>) score {
// CHECK: fp8attn.yield
// CHECK: softcap = 5.000000e+01 : f32, softmax_scale = 1.250000e-01 : f32
func.func @everything(
    %query: memref<?x32x?x128xbf16, strided<[?, 128, 4096, 1]>>,
    %key: memref<?x8x?x128xf8E4M3FN>, %value: memref<?x8x?x64xf8E5M2>,
    %key_scale: memref<8xf32>, %value_scale: memref<f32>, %sink: memref<32xf32>,
    %out: memref<2x32x?x64xf32>, %lse: memref<?x32x?xf32>, %alibi: memref<32xf32>,
    %mask: memref<?x1x?x?xi8>, %bias: f32) {
  fp8attn.attention causal window_left = 127 alignment = top_left
      query(%query : memref<?x32x?x128xbf16, strided<[?, 128, 4096, 1]>>)
      key(%key : memref<?x8x?x128xf8E4M3FN>) value(%value : memref<?x8x?x64xf8E5M2>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<f32>, affine_map<(batch, head, token, channel) -> ()>)
      sink(%sink : memref<32xf32>) out(%out : memref<2x32x?x64xf32>) lse(%lse : memref<?x32x?xf32>)
      alibi(%alibi : memref<32xf32>) mask(%mask : memref<?x1x?x?xi8>)
      score {
      ^bb0(%score: f32, %entry: index, %head: index, %q: index, %t: index):
        %new = arith.addf %score, %bias : f32
        fp8attn.yield %new : f32
      } {softmax_scale = 0.125 : f32, softcap = 50.0 : f32}
  return
}

// Nothing optional, no batch entries and no keys; the default alignment is not
// printed; f16 and f32 have no scales.
// CHECK-LABEL: func @little
// CHECK: fp8attn.attention window_right = 3 query(%{{.+}} : memref<0x3x4x8xf32>)
// CHECK-SAME: key(%{{.+}} : memref<0x1x0x8xf32>) value(%{{.+}} : memref<0x1x0x576xf16>)
// CHECK-SAME: out(%{{.+}} : memref<0x3x4x576xf16>)
// CHECK-NOT: {{scale|lse|mask}}
func.func @little(%query: memref<0x3x4x8xf32>, %key: memref<0x1x0x8xf32>,
                  %value: memref<0x1x0x576xf16>, %out: memref<0x3x4x576xf16>) {
  fp8attn.attention window_right = 3 alignment = bottom_right
      query(%query : memref<0x3x4x8xf32>) key(%key : memref<0x1x0x8xf32>)
      value(%value : memref<0x1x0x576xf16>) out(%out : memref<0x3x4x576xf16>)
  return
}
