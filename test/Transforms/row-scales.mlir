// RUN: fp8attn-opt %s --fp8attn-decompose-attention | FileCheck %s --check-prefix=TILES
// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales))' \
// RUN:   | FileCheck %s --check-prefix=FOLDED
// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels))' \
// RUN:   | FileCheck %s --check-prefix=CALLS

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

// The scale of a row of the query multiplies its scores, and becomes a factor of the rows
// of the product. Kernels have it in the row's scale. That of a row of the result stands
// in the same memory afterwards.
// TILES-LABEL: func.func @paged
// TILES:         %[[Q:.+]] = fp8attn.tile.load_query
// TILES:         %[[QS:.+]] = fp8attn.tile.load_row_scale %{{.+}}, %{{.+}}[#[[ROW:.+]]] : memref<?x8xf32> -> tensor<16xf32>
// TILES:         %[[S:.+]] = fp8attn.tile.qk %[[Q]],
// TILES:         fp8attn.tile.scale %[[S]], %[[QS]] along 0
// TILES:         %[[OS:.+]] = fp8attn.tile.load_row_scale %{{.+}}, %{{.+}}[#{{.+}}] : memref<f32> -> tensor<16xf32>
// TILES:         fp8attn.tile.finish {{.*}} out_scale(%[[OS]] : tensor<16xf32>) into
// FOLDED-LABEL: func.func @paged
// FOLDED:         %[[QS:.+]] = fp8attn.tile.load_row_scale
// FOLDED-NOT:     fp8attn.tile.scale
// FOLDED:         fp8attn.tile.qk {{.*}} factor %{{.+}} row_factor(%[[QS]] : tensor<16xf32>)
// FOLDED-NOT:     fp8attn.tile.scale
// CALLS-LABEL: func.func @paged
// CALLS-SAME:    %[[QUERY_SCALE:[a-z0-9]+]]: memref<?x8xf32>, %[[OUT_SCALE:[a-z0-9]+]]: memref<f32>)
// CALLS:         ukernel.call @fp8attn_uk_query_e4m3_bf16_f32_48x1x32_{{[a-z0-9]+}}({{.*}}, %[[ROWS:[a-z0-9_]+]], %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) :
// CALLS:         %[[BEGIN:.+]] = fp8attn.tile.query_begin
// CALLS:         scf.for %[[R:[a-z0-9]+]] =
// CALLS:           %[[SCALE:.+]] = memref.load %[[QUERY_SCALE]][%{{.+}}, %{{.+}}]
// CALLS:           %[[OLD:.+]] = memref.load %[[ROWS]][%[[R]]]
// CALLS:           %[[NEW:.+]] = arith.mulf %[[OLD]], %[[SCALE]]
// CALLS:           memref.store %[[NEW]], %[[ROWS]][%[[R]]]
// CALLS:         memref.load %[[OUT_SCALE]][]
// CALLS-NEXT:    memref.store %{{.+}}, %[[ROWS]]
// CALLS:         ukernel.call @fp8attn_uk_finish_f32_e5m2_f32_48x1x16_{{[a-z0-9]+}}({{.*}}, %[[ROWS]], {{.*}})
func.func @paged(%query: memref<?x8x64xf8E4M3FN>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x8x64xf8E5M2>, %query_scale: memref<?x8xf32>, %out_scale: memref<f32>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xf8E4M3FN>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xf8E5M2>)
      query_scale(%query_scale : memref<?x8xf32>, affine_map<(token, head, channel) -> (token, head)>)
      out_scale(%out_scale : memref<f32>, affine_map<(token, head, channel) -> ()>)
  return
}

// A dense tensor has the batch before the head, and the tokens behind it.
// TILES-LABEL: func.func @dense
// TILES:         fp8attn.tile.load_row_scale %{{.+}}, %{{.+}}[#[[DENSE:.+]]] : memref<?x8x?xf32> -> tensor<16xf32>
// CALLS-LABEL: func.func @dense
// CALLS-SAME:    %[[SCALE:[a-z0-9]+]]: memref<?x8x?xf32>)
// CALLS:         ukernel.call @fp8attn_uk_query_e5m2
// CALLS-NEXT:    %[[ENTRY:.+]] = fp8attn.tile.sequence
// CALLS-NEXT:    %[[BEGIN:.+]] = fp8attn.tile.query_begin
// CALLS:         %[[TOKEN:.+]] = arith.addi %[[BEGIN]], %{{.+}} : index
// CALLS:         %[[HEAD:.+]] = arith.addi
// CALLS:         memref.load %[[SCALE]][%[[ENTRY]], %[[HEAD]], %[[TOKEN]]]
func.func @dense(%query: memref<?x8x?x64xf8E5M2>, %key: memref<?x2x?x64xbf16>, %out: memref<?x8x?x64xbf16>, %scale: memref<?x8x?xf32>) {
  fp8attn.attention query(%query : memref<?x8x?x64xf8E5M2>) key(%key : memref<?x2x?x64xbf16>)
      value(%key : memref<?x2x?x64xbf16>) out(%out : memref<?x8x?x64xbf16>)
      query_scale(%scale : memref<?x8x?xf32>, affine_map<(batch, head, token, channel) -> (batch, head, token)>)
  return
}

// Keys without a column of the mask are not there for any item.
// TILES-LABEL: func.func @narrow
// TILES:         %[[COLUMNS:.+]] = memref.dim %{{.+}}, %c1{{.*}} : memref<?x?xi8>
// TILES:         fp8attn.tile.num_parts {{.*}} most_keys %[[COLUMNS]] window_right = 0
// TILES:         fp8attn.tile.work_item {{.*}} most_keys %[[COLUMNS]] window_right = 0
func.func @narrow(%query: memref<?x8x64xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x8x64xbf16>, %mask: memref<?x?xi8>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xbf16>)
      mask(%mask : memref<?x?xi8>)
  return
}
