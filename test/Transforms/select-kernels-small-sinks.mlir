// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels))' | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

// Kernels take sinks of f32: those of the item's heads are extended into scratch, and
// slopes where they are loaded.
// CHECK-LABEL: func.func @f
// CHECK-SAME:    %[[SINK:[a-z0-9]+]]: memref<8xbf16>, %[[SLOPES:[a-z0-9]+]]: memref<8xf16>
// CHECK:         %[[SINKS:.+]] = memref.view {{.*}} to memref<8xf32>
// CHECK:         %[[BITS:.+]] = fp8attn.element_bits %[[SLOPES]]
// CHECK:         memref.load %[[BITS]]
// CHECK:         %[[GROUP:.+]] = fp8attn.tile.group %[[ITEM:.+]]
// CHECK:         %[[KV_HEAD:.+]] = fp8attn.tile.kv_head %[[ITEM]]
// CHECK:         %[[FIRST:.+]] = arith.muli %[[KV_HEAD]], %[[GROUP]]
// CHECK:         scf.for %[[I:[a-z0-9]+]] = %{{.+}} to %[[GROUP]]
// CHECK-NEXT:      %[[HEAD:.+]] = arith.addi %[[FIRST]], %[[I]]
// CHECK-NEXT:      %[[SMALL:.+]] = memref.load %[[SINK]][%[[HEAD]]] : memref<8xbf16>
// CHECK-NEXT:      %[[NUMBER:.+]] = arith.extf %[[SMALL]] : bf16 to f32
// CHECK-NEXT:      memref.store %[[NUMBER]], %[[SINKS]][%[[HEAD]]]
// CHECK:         ukernel.call @fp8attn_uk_finish_{{.*}}, %[[SINKS]],
func.func @f(%query: memref<?x8x64xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %sink: memref<8xbf16>, %slopes: memref<8xf16>, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%sink : memref<8xbf16>) out(%out : memref<?x8x64xbf16>) alibi(%slopes : memref<8xf16>)
  return
}
