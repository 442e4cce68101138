// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels))' | FileCheck %s

!q = memref<?x8x?x64xbf16>
#tensor = affine_map<(batch, head, token, channel) -> ()>

// A step of keys and values is packed by the kernels that write caches, into one
// page of scratch; then its keys begin at 0, while the softmax counts from the
// sequence's start. Few rows have no fused row: it would read a whole run.
// CHECK-LABEL: func.func @dense
// CHECK:         fp8attn.worker_scratch : [[SCRATCH:memref<[0-9]+xi8>]]
// CHECK:         %[[SLOTS:.+]] = memref.view {{.*}} to memref<256xi64>
// CHECK:         scf.for
// CHECK-NEXT:      arith.index_cast
// CHECK-NEXT:      memref.store {{.*}}, %[[SLOTS]]
// CHECK-NOT:     uk_attend
// CHECK:         ukernel.call @fp8attn_uk_init
// CHECK:         scf.for %{{.+}} step %c2048
// CHECK:         scf.for %{{.+}} step %c256
// CHECK:           %[[K:.+]] = arith.maxui
// CHECK:           %[[KEYS:.+]] = arith.subi %{{.+}}, %[[K]] : index
// CHECK:           memref.subview %{{.+}}[%[[K]], 0] [%[[KEYS]], 64]
// CHECK:           ukernel.call @fp8attn_uk_store_key_e4m3_e4m3_f32_16x1x32_avx512({{.*}}, %[[SLOTS]], %{{.+}}, %[[KEY_PAGE:.+]], %{{.+}}, %{{.+}}) : {{.*}} memref<16384xi8>
// CHECK:           ukernel.call @fp8attn_uk_store_value_f32_bf16_f32_16x1x32_avx512({{.*}}, %[[SLOTS]], %{{.+}}, %[[VALUE_PAGE:.+]], %{{.+}}, %{{.+}}) : {{.*}} memref<24576xi8>
// CHECK:           %[[PACKED:.+]] = fp8attn.ukernel.packed_run %[[KEY_PAGE]], %[[VALUE_PAGE]], %[[KEYS]]
// CHECK:           %[[C0:.+]] = arith.constant 0 : index
// CHECK-NEXT:      ukernel.call @fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_amx_bf16(%[[PACKED]], %[[C0]], %[[KEYS]],
// CHECK-NEXT:      ukernel.call @fp8attn_uk_softmax_f32_bf16_f32_48x256x1_avx512_bf16(%[[K]], %[[KEYS]],
// CHECK-NEXT:      ukernel.call @fp8attn_uk_pv_bf16_bf16_f32_48x256x16_amx_bf16(%[[PACKED]], %[[C0]], %[[KEYS]],

// Many rows: 192 of them share a packed step, in blocks of 48 that see a key.
// CHECK:       } else {
// CHECK:         fp8attn.worker_scratch : [[SCRATCH]]
// CHECK:         memref.view {{.*}} to memref<12x2x16x32xbf16>
// CHECK:         memref.view {{.*}} to memref<3x16x16x16xf32>
// CHECK:         ukernel.call @fp8attn_uk_query
// CHECK:         scf.for %{{.+}} step %c256
// CHECK:           ukernel.call @fp8attn_uk_store_key
// CHECK:           ukernel.call @fp8attn_uk_store_value
// CHECK:           scf.for %[[ROW:[a-z0-9]+]] = %{{[a-z0-9_]+}} to %{{[a-z0-9_]+}} step %c48
// CHECK:             %[[TILE:.+]] = arith.divui %[[ROW]]
// CHECK:             memref.subview %{{.+}}[%[[TILE]], 0, 0, 0] [3, 2, 16, 32]
// CHECK:             scf.if
// CHECK-NEXT:          ukernel.call @fp8attn_uk_qk
// CHECK-NEXT:          ukernel.call @fp8attn_uk_softmax
// CHECK-NEXT:          ukernel.call @fp8attn_uk_pv
// CHECK:         ukernel.call @fp8attn_uk_finish
// CHECK-NOT:     fp8attn.tile.load_dense
func.func @dense(%query: !q, %key: memref<?x8x?x64xf8E4M3FN>, %value: memref<?x8x?x48xf32>,
    %scale: memref<f32>, %out: memref<?x8x?x48xbf16>) attributes {fp8attn.isa = #fp8attn.isa<amx_bf16>} {
  fp8attn.attention causal query(%query : !q)
      key(%key : memref<?x8x?x64xf8E4M3FN>) value(%value : memref<?x8x?x48xf32>)
      key_scale(%scale : memref<f32>, #tensor) out(%out : memref<?x8x?x48xbf16>)
  return
}

// A score region finds its row behind those of the blocks before.
// CHECK-LABEL: func.func @region
// CHECK:       } else {
// CHECK:           scf.for %[[ROW:[a-z0-9]+]] = %{{[a-z0-9_]+}} to %{{[a-z0-9_]+}} step %c48
// CHECK:             ukernel.call @fp8attn_uk_qk
// CHECK:             %[[FIRST:.+]] = fp8attn.tile.first_row
// CHECK-NEXT:        arith.addi %[[FIRST]], %[[ROW]]
func.func @region(%x: !q, %alibi: memref<8xf32>, %out: !q) {
  fp8attn.attention query(%x : !q) key(%x : !q) value(%x : !q) out(%out : !q) alibi(%alibi : memref<8xf32>)
  return
}
