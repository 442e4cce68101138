// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels))' | FileCheck %s

// The first of the 2,048 keys that a row has one state for goes into the item's
// state, others are joined to it. A fused kernel empties the state itself,
// unless there is no key.
// CHECK-LABEL: func.func @parts
// CHECK:         %[[BLOCKS:.+]] = fp8attn.tile.num_work_items
// CHECK:         %[[PARTS:.+]] = fp8attn.tile.num_parts %[[BLOCKS]]
// CHECK:         %[[ITEMS:.+]] = arith.muli %[[BLOCKS]], %[[PARTS]]
// CHECK:         %[[GROUPS:.+]] = fp8attn.tile.grouped %[[ITEMS]] by %{{.+}}
// CHECK:         scf.forall (%[[I:.+]]) in (%[[GROUPS]])
// CHECK:         %[[ITEM:.+]] = fp8attn.tile.work_item %[[I]] parts %[[PARTS]]
// CHECK:         %[[FIRST:.+]] = fp8attn.tile.first_key %[[ITEM]]
// CHECK:         %[[SCRATCH:.+]] = fp8attn.worker_scratch : [[BYTES:memref<[0-9]+xi8>]]
// CHECK:         %[[MAX:.+]] = memref.view %[[SCRATCH]]{{.+}} to memref<16xf32>
// CHECK:         scf.if
// CHECK-NEXT:      fp8attn.ukernel.call @fp8attn_uk_init{{.+}}, %[[MAX:[a-z0-9_]+]], %[[SUM:[a-z0-9_]+]], %[[ACC:[a-z0-9_]+]])
// CHECK:         scf.for {{.+}} step %c2048
// CHECK:           %[[BEGIN:.+]] = arith.maxui %{{.+}}, %[[FIRST]]
// CHECK:           %[[IS_OTHER:.+]] = arith.cmpi ne, %[[BEGIN]], %[[FIRST]]
// CHECK:           %[[STATE:.+]] = arith.select %[[IS_OTHER]], %[[OTHER_MAX:.+]], %[[MAX]]
// CHECK:           ukernel.call @fp8attn_uk_attend{{.+}}, %[[BEGIN]], {{.+}}, %[[STATE]],
// CHECK:           scf.if %[[IS_OTHER]]
// CHECK-NEXT:        ukernel.call @fp8attn_uk_join{{.+}}, %[[MAX]], {{.+}}, %[[OTHER_MAX]],

// The item's state is that of the block, or of a part: then the last one has it.
// CHECK:         %[[COUNT:.+]] = fp8attn.tile.item_parts %[[ITEM]]
// CHECK:         %[[IS_PART:.+]] = arith.cmpi ugt, %[[COUNT]], %c1
// CHECK:         %[[READY:.+]] = scf.if %[[IS_PART]]
// CHECK-NEXT:      fp8attn.ukernel.hand_over %[[ITEM]], %{{.+}}, %[[MAX]], %[[SUM]], %[[ACC]] of %[[SCRATCH]] join @fp8attn_uk_join
// CHECK:         scf.if %[[READY]]
// CHECK:           ukernel.call @fp8attn_uk_finish{{.+}}%[[ACC]], %[[MAX]], %[[SUM]],
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!i = memref<?xi32>
func.func @parts(%query: memref<?x8x64xbf16>, %cache: !kv, %starts: !i, %lens: !i, %table: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : !i, !i, memref<?x?xi32>) out(%out : memref<?x8x64xbf16>)
  return
}
