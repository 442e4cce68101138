// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>
!integers = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
#sixteen = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 16)>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 32)>
#head = affine_map<(page, head, token, channel) -> (head)>

// CHECK-LABEL: func @store
// CHECK: fp8attn.tile.store key %{{.+}}, %{{.+}} scale %{{.+}} scales(%{{.+}}[#map] : memref<?x2x32x4xf8E4M3FN>) into
// CHECK: fp8attn.tile.store key %{{.+}}, %{{.+}} scales(%{{.+}}[#map1] : memref<?x2x32x2xf8E8M0FNU>) computed microscaling into
// CHECK: fp8attn.tile.store value %{{.+}}, %{{.+}} scales(%{{.+}}[#map2] : memref<2xf32>) zero_points(%{{.+}}[#map1] : memref<?x2x32x2xi8>) into
func.func @store(%x: memref<?x64xf32>, %slots: memref<?xi64>, %outer: f32, %scales: memref<?x2x32x4xf8E4M3FN>,
    %powers: memref<?x2x32x2xf8E8M0FNU>, %cache: !kv, %scale: memref<2xf32>, %points: memref<?x2x32x2xi8>,
    %integers: !integers, %head: index) {
  fp8attn.tile.store key %x, %slots scale %outer scales(%scales[#sixteen] : memref<?x2x32x4xf8E4M3FN>) into %cache[%head]
      : memref<?x64xf32>, memref<?xi64>, !kv
  fp8attn.tile.store key %x, %slots scales(%powers[#block] : memref<?x2x32x2xf8E8M0FNU>) computed microscaling
      into %cache[%head] : memref<?x64xf32>, memref<?xi64>, !kv
  fp8attn.tile.store value %x, %slots scales(%scale[#head] : memref<2xf32>) zero_points(%points[#block] : memref<?x2x32x2xi8>)
      into %integers[%head] : memref<?x64xf32>, memref<?xi64>, !integers
  return
}
