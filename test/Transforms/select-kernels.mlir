// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-decompose-quantization,fp8attn-fold-scales,fp8attn-select-kernels))' | FileCheck %s

!fp8 = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!bf16 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>

// On AMX, few rows take one fused row and many another, for which items have as
// many rows as it takes; kernels around them are AVX-512's. 104 powers of two go into the query and 40 into
// the probabilities; the finish takes them out and applies the value scale.
// The scratch of both branches has one size, the distance between workers.
// CHECK-LABEL: func.func @amx
// CHECK:         %[[ROWS:.+]] = fp8attn.tile.item_rows {{.*}}most = 1056
// CHECK:         fp8attn.tile.num_work_items {{.*}} rows %[[ROWS]]
// CHECK:         fp8attn.tile.num_parts {{.*}} rows %[[ROWS]]
// CHECK:         fp8attn.tile.work_item {{.*}} rows %[[ROWS]]
// CHECK:         %[[FACTOR:.+]] = arith.mulf
// CHECK:         fp8attn.worker_scratch : [[SCRATCH:memref<[0-9]+xi8>]]
// CHECK:         %[[C40:.+]] = arith.constant 40 : index
// CHECK:         %[[C104:.+]] = arith.constant 104 : index
// CHECK:         ukernel.call @fp8attn_uk_query_bf16_bf16_f32_48x1x32_avx512({{.*}}%[[FACTOR]], %[[C104]], %[[TILES:.+]], %[[ROW_SCALE:.+]], %[[BEGIN:.+]], %[[LIMIT:.+]]) : !fp8attn.work_item
// CHECK:         scf.for
// CHECK:           ukernel.call @fp8attn_uk_attend_bf16_e4m3_f32_16x256x32_amx_bf16(%{{.+}}, %[[TILES]], {{.*}}, %[[ROW_SCALE]], %[[BEGIN]], %[[LIMIT]], %[[C40]],
// CHECK:         %[[NO_SINK:.+]] = fp8attn.ukernel.null : memref<?xf32>
// CHECK:         ukernel.call @fp8attn_uk_finish_f32_bf16_f32_48x1x16_avx512({{.*}}%[[NO_SINK]],
// CHECK:       } else {
// CHECK:         fp8attn.worker_scratch : [[SCRATCH]]
// CHECK:         memref.view {{.*}} to memref<66x4x16x32xbf16>
// CHECK:         memref.view {{.*}} to memref<688128xi8>
// CHECK:         scf.for {{.+}} step %c2048
// CHECK:           ukernel.call @fp8attn_uk_prefill_bf16_e4m3_f32_1056x256x32_amx_bf16({{.*}} : !fp8attn.key_run
// CHECK:           scf.if
// CHECK-NEXT:        ukernel.call @fp8attn_uk_join
// CHECK-NOT:     fp8attn.tile.qk
func.func @amx(%query: memref<?x32x128xbf16>, %cache: !fp8, %scale: memref<8xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x32x128xbf16>) attributes {fp8attn.isa = #fp8attn.isa<amx_bf16>} {
  fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !fp8)
      key_scale(%scale : memref<8xf32>, #head) value_scale(%scale : memref<8xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}

// So do bodies for vectors. Decoded keys and values of large heads need more
// scratch.
!large = !fp8attn.cache<key_value, heads = 2, head_dim = 288, page = 32, f8E5M2, #fp8attn.layout<pairs>>
// CHECK-LABEL: func.func @vectors
// CHECK:         fp8attn.tile.item_rows {{.*}}most = 1056
// CHECK:         ukernel.call @fp8attn_uk_attend_bf16_e5m2_f32_16x256x32_avx2
// CHECK:       } else {
// CHECK:         memref.view {{.*}} to memref<720896xi8>
// CHECK:         ukernel.call @fp8attn_uk_query_bf16_bf16_f32_48x1x32_avx2
// CHECK:           ukernel.call @fp8attn_uk_prefill_bf16_e5m2_f32_1056x256x32_avx2
func.func @vectors(%query: memref<?x8x288xbf16>, %cache: !large, %scale: memref<2xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x8x288xbf16>) attributes {fp8attn.isa = #fp8attn.isa<avx2>} {
  fp8attn.paged_attention query(%query : memref<?x8x288xbf16>) cache(%cache : !large)
      key_scale(%scale : memref<2xf32>, #head) value_scale(%scale : memref<2xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x288xbf16>)
  return
}

// What stands between scores and softmax has kernels of its own around it, and
// items of 48 rows.
// CHECK-LABEL: func.func @modified
// CHECK:         fp8attn.tile.item_rows {{.*}}most = 48
// CHECK-NOT:     fp8attn_uk_prefill
// CHECK:       } else {
// CHECK:         ukernel.call @fp8attn_uk_init
// CHECK:         scf.for
// CHECK:           ukernel.call @fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_amx_bf16
// CHECK:           ukernel.call @fp8attn_uk_softmax_f32_bf16_f32_48x256x1_avx512_bf16
// CHECK-NEXT:      ukernel.call @fp8attn_uk_pv_bf16_e4m3_f32_48x256x16_amx_bf16
// CHECK-NOT:     fp8attn.tile.qk
func.func @modified(%query: memref<?x32x128xbf16>, %cache: !fp8, %scale: memref<8xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x32x128xbf16>) attributes {fp8attn.isa = #fp8attn.isa<amx_bf16>} {
  fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !fp8)
      key_scale(%scale : memref<8xf32>, #head) value_scale(%scale : memref<8xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>) {softcap = 50.0 : f32}
  return
}

// The finish takes the sink; the loops over keys begin at the first one.
// CHECK-LABEL: func.func @sink
// CHECK-SAME:    %[[SINK:[a-z0-9]+]]: memref<8xf32>
// CHECK:         ukernel.call @fp8attn_uk_finish_{{.*}}, %[[SINK]],
// CHECK:       } else {
// CHECK:         %[[FIRST:.+]] = fp8attn.tile.first_key
// CHECK:         scf.for %[[PART:[a-z0-9]+]] = {{.+}} step %c2048
// CHECK:           %[[BEGIN:.+]] = arith.maxui %[[PART]], %[[FIRST]]
// CHECK:           scf.for %[[STEP:[a-z0-9]+]] = {{.+}} step %c256
// CHECK:             arith.maxui %[[STEP]], %[[BEGIN]]
// CHECK:         ukernel.call @fp8attn_uk_finish_{{.*}}, %[[SINK]],
func.func @sink(%query: memref<?x8x64xbf16>, %cache: !bf16, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %sink: memref<8xf32>, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal window_left = 127
      query(%query : memref<?x8x64xbf16>) cache(%cache : !bf16)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%sink : memref<8xf32>) out(%out : memref<?x8x64xbf16>)
  return
}

// A module without a target is generic; bf16 needs no powers of two; strides
// of a strided query are passed on.
// CHECK-LABEL: func.func @generic
// CHECK-SAME:    %[[QUERY:[a-z0-9]+]]: memref<?x8x64xbf16, strided<[?, 64, 1]>>
// CHECK:         memref.extract_strided_metadata %[[QUERY]]
// CHECK:         ukernel.call @fp8attn_uk_query_bf16_bf16_f32_48x1x32_generic(%{{.+}}, %[[QUERY]],
// CHECK:         ukernel.call @fp8attn_uk_attend_bf16_bf16_f32_16x256x32_generic
// CHECK-NOT:     {{amx|avx512}}
func.func @generic(%query: memref<?x8x64xbf16, strided<[?, 64, 1]>>, %cache: !bf16, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16, strided<[?, 64, 1]>>) cache(%cache : !bf16)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

// Stores and conversions go by ISA alone.
// CHECK-LABEL: func.func @quantize
// CHECK:         ukernel.call @fp8attn_uk_quantize_bf16_e5m2_f32_1x1x1_avx512
func.func @quantize(%x: memref<?xbf16>, %s: f32, %y: memref<?xf8E5M2>)
    attributes {fp8attn.isa = #fp8attn.isa<avx512_bf16>} {
  fp8attn.tile.quantize %x, %s into %y : memref<?xbf16>, memref<?xf8E5M2>
  return
}

// The table has no vector row for this one: the generic one serves.
// CHECK-LABEL: func.func @dequantize
// CHECK:         ukernel.call @fp8attn_uk_dequantize_f32_e4m3_f32_1x1x1_generic
func.func @dequantize(%x: memref<?xf8E4M3FN>, %s: f32, %y: memref<?xf32>)
    attributes {fp8attn.isa = #fp8attn.isa<avx512_bf16>} {
  fp8attn.tile.dequantize %x, %s into %y : memref<?xf8E4M3FN>, memref<?xf32>
  return
}

// Keys and values of different types have no fused row. Head sizes are given to
// the kernels that touch tensors, whole tiles of them to the others.
!keys = !fp8attn.cache<key, heads = 2, head_dim = 40, page = 32, f8E5M2, #fp8attn.layout<pairs>>
!values = !fp8attn.cache<value, heads = 2, head_dim = 24, page = 32, bf16, #fp8attn.layout<pairs>>
// CHECK-LABEL: func.func @mixed
// CHECK:         %[[C64:.+]] = arith.constant 64 : index
// CHECK:         %[[C32:.+]] = arith.constant 32 : index
// CHECK:         %[[C40:.+]] = arith.constant 40 : index
// CHECK:         ukernel.call @fp8attn_uk_query_f16_bf16_f32_48x1x32_avx512({{.*}}%[[C40]],
// CHECK-NOT:     attend
// CHECK:           ukernel.call @fp8attn_uk_qk_bf16_e5m2_f32_48x256x32_avx512_bf16({{.*}}%[[C64]],
// CHECK:           ukernel.call @fp8attn_uk_pv_bf16_bf16_f32_48x256x16_avx512_bf16({{.*}}%[[C32]],
// CHECK:         %[[C24:.+]] = arith.constant 24 : index
// CHECK:         ukernel.call @fp8attn_uk_finish_f32_f32_f32_48x1x16_avx512({{.*}}%[[C24]],
func.func @mixed(%query: memref<?x8x40xf16>, %keys: !keys, %values: !values, %scale: memref<2xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x8x24xf32>) attributes {fp8attn.isa = #fp8attn.isa<avx512_bf16>} {
  fp8attn.paged_attention query(%query : memref<?x8x40xf16>) cache(%keys, %values : !keys, !values)
      key_scale(%scale : memref<2xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x24xf32>)
  return
}

// A merge too; rows of a strided part are passed on.
// CHECK-LABEL: func.func @merge
// CHECK-SAME:    %[[A:[a-z0-9_]+]]: memref<32x128xbf16, strided<[256, 1]>>, %[[B:[a-z0-9_]+]]: memref<32x128xbf16>, %[[LSE:[a-z0-9_]+]]: memref<32xf32>
// CHECK:         ukernel.call @fp8attn_uk_merge_bf16_bf16_f32_1x1x8_avx512(%{{.+}}, %{{.+}}, %[[A]], %{{.+}}, %[[LSE]], %[[B]], %{{.+}}, %[[LSE]], %[[B]], %{{.+}}, %[[LSE]])
func.func @merge(%a: memref<32x128xbf16, strided<[256, 1]>>, %b: memref<32x128xbf16>, %lse: memref<32xf32>)
    attributes {fp8attn.isa = #fp8attn.isa<amx_bf16>} {
  fp8attn.tile.merge %a, %lse, %b, %lse into %b, %lse
      : memref<32x128xbf16, strided<[256, 1]>>, memref<32xf32>, memref<32x128xbf16>, memref<32xf32>,
        memref<32x128xbf16>, memref<32xf32>
  return
}
