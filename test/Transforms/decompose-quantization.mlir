// RUN: fp8attn-opt %s --fp8attn-decompose-quantization | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E5M2, #fp8attn.layout<pairs>>
!k = !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!v = !fp8attn.cache<value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>

// Blocks of 64 tokens of one head, each head with its own scale. Of one token,
// whose heads have 2 * 64 elements each, all are written at once.
// CHECK-LABEL: func.func @kv_write
// CHECK:         %[[TOKENS:.+]] = memref.dim
// CHECK:         %[[COUNT:.+]] = arith.muli
// CHECK:         %[[SIZE:.+]] = arith.minui %[[TOKENS]], %{{.+}}
// CHECK:         %[[ELEMENTS:.+]] = arith.muli %[[SIZE]], %{{.+}}
// CHECK:         %[[DIVISOR:.+]] = arith.maxui %[[ELEMENTS]], %{{.+}}
// CHECK:         arith.addi %c16384, %[[DIVISOR]]
// CHECK:         %[[AT_ONCE:.+]] = arith.divui %{{.+}}, %[[DIVISOR]]
// CHECK:         %[[GROUPS:.+]] = fp8attn.tile.grouped %[[COUNT]] by %[[AT_ONCE]]
// CHECK:         scf.forall (%[[I:.+]]) in (%[[GROUPS]])
// CHECK:           %[[HEAD:.+]] = arith.remui %[[I]]
// CHECK:           %[[KEY:.+]] = memref.subview {{.*}} to memref<?x64xbf16
// CHECK:           %[[KS:.+]] = memref.load %{{.+}}[%[[HEAD]]] : memref<8xf32>
// CHECK:           fp8attn.tile.store key %[[KEY]], %{{.+}} scale %[[KS]] into %[[CACHE:.+]][%[[HEAD]]]
// CHECK:           %[[VS:.+]] = memref.load %{{.+}}[%[[HEAD]]] : memref<8xf32>
// CHECK:           fp8attn.tile.store value %{{.+}} scale %[[VS]] into %[[CACHE]][%[[HEAD]]]
func.func @kv_write(%key: memref<?x8x64xbf16>, %value: memref<?x8x64xbf16>, %slots: memref<?xi64>,
    %key_scale: memref<8xf32>, %value_scale: memref<8xf32>, %cache: !kv) {
  fp8attn.kv_write key(%key : memref<?x8x64xbf16>) value(%value : memref<?x8x64xbf16>)
      slots(%slots : memref<?xi64>) key_scale(%key_scale : memref<8xf32>, #head)
      value_scale(%value_scale : memref<8xf32>, #head) cache(%cache : !kv)
  return
}

// Two caches, no scales.
// CHECK-LABEL: func.func @separate
// CHECK-SAME:    %[[K:[a-z0-9]+]]: !fp8attn.cache<key,
// CHECK-SAME:    %[[V:[a-z0-9]+]]: !fp8attn.cache<value,
// CHECK:         fp8attn.tile.store key %{{.+}} into %[[K]]
// CHECK:         fp8attn.tile.store value %{{.+}} into %[[V]]
func.func @separate(%key: memref<?x2x64xbf16, strided<[?, 64, 1]>>, %value: memref<?x2x64xbf16>,
    %slots: memref<?xi64>, %k: !k, %v: !v) {
  fp8attn.kv_write key(%key : memref<?x2x64xbf16, strided<[?, 64, 1]>>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>) cache(%k, %v : !k, !v)
  return
}

// The map names the scale of a row.
// CHECK-LABEL: func.func @quantize
// CHECK:         scf.forall
// CHECK:           %[[SCALE:.+]] = memref.load %{{.+}}[%[[DIM1:.+]]] : memref<8xf32>
// CHECK:           %[[ROW:.+]] = memref.subview %{{.+}}[%{{.+}}, %[[DIM1]], 0]
// CHECK:           fp8attn.tile.quantize %[[ROW]], %[[SCALE]] into
func.func @quantize(%x: memref<?x8x128xbf16>, %scale: memref<8xf32>, %y: memref<?x8x128xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, h, c) -> (h)>) into %y
      : memref<?x8x128xbf16>, memref<8xf32>, memref<?x8x128xf8E4M3FN>
  return
}

// Rows without an element are not counted.
// CHECK-LABEL: func.func @rows_of_any_size
// CHECK:         %[[ROWS:.+]] = arith.muli
// CHECK:         %[[SIZE:.+]] = memref.dim %{{.+}}, %c1
// CHECK:         %[[ANY:.+]] = arith.minui %{{.+}}, %[[SIZE]]
// CHECK:         %[[COUNT:.+]] = arith.muli %[[ROWS]], %[[ANY]]
// CHECK:         %[[DIVISOR:.+]] = arith.maxui %[[SIZE]], %{{.+}}
// CHECK:         %[[AT_ONCE:.+]] = arith.divui %{{.+}}, %[[DIVISOR]]
// CHECK:         %[[GROUPS:.+]] = fp8attn.tile.grouped %[[COUNT]] by %[[AT_ONCE]]
// CHECK:         scf.forall ({{.+}}) in (%[[GROUPS]])
func.func @rows_of_any_size(%x: memref<?x?xf32>, %scale: memref<f32>, %y: memref<?x?xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x?xf32>, memref<f32>, memref<?x?xf8E4M3FN>
  return
}

// One row needs no view.
// CHECK-LABEL: func.func @dequantize
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?xf8E5M2>
// CHECK-NOT:     memref.subview
// CHECK:         fp8attn.tile.dequantize %[[X]], %{{.+}} into
func.func @dequantize(%x: memref<?xf8E5M2>, %scale: memref<f32>, %y: memref<?xf32>) {
  fp8attn.dequantize %x scale(%scale, affine_map<(c) -> ()>) into %y
      : memref<?xf8E5M2>, memref<f32>, memref<?xf32>
  return
}
