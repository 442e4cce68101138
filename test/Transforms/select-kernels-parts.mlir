// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention{runtime-checks=false},fp8attn-fold-scales,fp8attn-select-kernels))' | FileCheck %s

// The first of the 2,048 keys that a row has one state for goes into the item's
// state, others are joined to it. The state of an item that is one part of its
// block stands in the share of the worker that its number gives.
// CHECK-LABEL: func.func @parts
// CHECK:         %[[PARTS:.+]] = fp8attn.tile.num_parts
// CHECK:         %[[ITEM:.+]] = fp8attn.tile.work_item %{{.+}} parts %[[PARTS]]
// CHECK:         %[[FIRST:.+]] = fp8attn.tile.first_key %[[ITEM]]
// CHECK:         %[[OWN:.+]] = fp8attn.worker_scratch : [[SCRATCH:memref<[0-9]+xi8>]]
// CHECK:         %[[OWN_MAX:.+]] = memref.view %[[OWN]]{{.+}} to memref<16xf32>
// CHECK:         %[[COUNT:.+]] = fp8attn.tile.item_parts %[[ITEM]]
// CHECK:         %[[PART:.+]] = fp8attn.tile.item_part %[[ITEM]]
// CHECK:         %[[BLOCK:.+]] = fp8attn.tile.item_block %[[ITEM]]
// CHECK:         %[[IS_PART:.+]] = arith.cmpi ugt, %[[COUNT]], %c1
// CHECK:         %[[BASE:.+]] = arith.muli %[[BLOCK]], %[[PARTS]]
// CHECK:         %[[SLOT:.+]] = arith.addi %[[BASE]], %[[PART]]
// CHECK:         %[[WORKER:.+]] = arith.divui %[[SLOT]], %c32
// CHECK:         %[[THEIRS:.+]] = fp8attn.worker_scratch of %[[WORKER]] : [[SCRATCH]]
// CHECK:         %[[SLOT_MAX:.+]] = memref.view %[[THEIRS]][
// CHECK:         %[[MAX:.+]] = arith.select %[[IS_PART]], %[[SLOT_MAX]],
// CHECK:         scf.if
// CHECK-NEXT:      fp8attn.ukernel.call @fp8attn_uk_init{{.+}}, %[[MAX]],
// CHECK:         scf.for {{.+}} step %c2048
// CHECK:           %[[BEGIN:.+]] = arith.maxui %{{.+}}, %[[FIRST]]
// CHECK:           %[[IS_OTHER:.+]] = arith.cmpi ne, %[[BEGIN]], %[[FIRST]]
// CHECK:           %[[STATE:.+]] = arith.select %[[IS_OTHER]], %[[OTHER_MAX:.+]], %[[MAX]]
// CHECK:           ukernel.call @fp8attn_uk_attend{{.+}}, %[[BEGIN]], {{.+}}, %[[STATE]],
// CHECK:           scf.if %[[IS_OTHER]]
// CHECK-NEXT:        ukernel.call @fp8attn_uk_join{{.+}}, %[[MAX]], {{.+}}, %[[OTHER_MAX]],

// The part that is ready last joins all of the block, in order, and finishes it.
// CHECK:         %[[READY:.+]] = scf.if %[[IS_PART]]
// CHECK-NEXT:      fp8attn.tile.count_part %[[ITEM]]
// CHECK:         scf.if %[[READY]]
// CHECK:           scf.for {{.+}} = %c1{{.*}} to %[[COUNT]]
// CHECK:             ukernel.call @fp8attn_uk_join
// CHECK:           ukernel.call @fp8attn_uk_finish
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!i = memref<?xi32>
func.func @parts(%query: memref<?x8x64xbf16>, %cache: !kv, %starts: !i, %lens: !i, %table: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : !i, !i, memref<?x?xi32>) out(%out : memref<?x8x64xbf16>)
  return
}
