// RUN: fp8attn-opt %s --fp8attn-decompose-attention | FileCheck %s

!fp8 = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!bf16 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 64, bf16, #fp8attn.layout<pairs>>
#tensor = affine_map<(page, head, token, channel) -> ()>
#head = affine_map<(page, head, token, channel) -> (head)>

// Every factor is a multiplication of its own, and the value scale is per head.
// CHECK-LABEL: func.func @fp8
// CHECK-SAME:    %[[QUERY:[a-z0-9]+]]: memref<?x32x128xbf16>
// CHECK-SAME:    %[[CACHE:[a-z0-9]+]]: !fp8attn.cache
// CHECK-SAME:    %[[KS:[a-z0-9]+]]: memref<f32>, %[[VS:[a-z0-9]+]]: memref<8xf32>
// CHECK:         %[[ROWS:.+]] = fp8attn.tile.item_rows {{.*}} {group = 4 : i64, kv_heads = 8 : i64, most = 48 : i64}
// CHECK:         %[[BLOCKS:.+]] = fp8attn.tile.num_work_items {{.*}} rows %[[ROWS]] {group = 4 : i64, kv_heads = 8 : i64}
// CHECK:         %[[PARTS:.+]] = fp8attn.tile.num_parts %[[BLOCKS]], {{.*}} rows %[[ROWS]] window_right = 0 {group = 4 : i64, kv_heads = 8 : i64}
// CHECK:         %[[ITEMS:.+]] = arith.muli %[[BLOCKS]], %[[PARTS]]
// CHECK:         %[[FEW:.+]] = fp8attn.tile.items_at_once %[[ITEMS]], {{.*}} {channels = 256 : i64, group = 4 : i64, kv_heads = 8 : i64}
// CHECK:         %[[GROUPS:.+]] = fp8attn.tile.grouped %[[ITEMS]] by %[[FEW]]
// CHECK:         scf.forall (%[[I:.+]]) in (%[[GROUPS]])
// CHECK:           %[[ITEM:.+]] = fp8attn.tile.work_item %[[I]] parts %[[PARTS]], {{.*}} rows %[[ROWS]] window_right = 0 {group = 4 : i64, kv_heads = 8 : i64}
// CHECK:           %[[HEAD:.+]] = fp8attn.tile.kv_head %[[ITEM]]
// CHECK:           %[[KEY_SCALE:.+]] = memref.load %[[KS]][] : memref<f32>
// CHECK:           %[[VALUE_SCALE:.+]] = memref.load %[[VS]][%[[HEAD]]] : memref<8xf32>
// CHECK:           %[[KEYS:.+]] = fp8attn.tile.key_run %[[ITEM]]
// CHECK:           scf.if
// CHECK:             %[[Q:.+]] = fp8attn.tile.load_query {{.*}} -> tensor<16x128xbf16>
// CHECK:             %[[FIRST:.+]] = fp8attn.tile.first_key %[[ITEM]]
// CHECK:             %[[END:.+]] = fp8attn.tile.num_keys %[[ITEM]]
// CHECK:             scf.for %[[K:.+]] = %[[FIRST]] to %[[END]] {{.*}} iter_args
// CHECK:               %[[CODES:.+]] = fp8attn.tile.load_key %[[KEYS]][%[[K]]] : tensor<256x128xf8E4M3FN>
// CHECK:               %[[KEY:.+]] = fp8attn.tile.decode %[[CODES]]
// CHECK:               %[[SCALED_KEY:.+]] = fp8attn.tile.scale %[[KEY]], %[[KEY_SCALE]]
// CHECK:               %[[S0:.+]] = fp8attn.tile.qk %[[Q]], %[[SCALED_KEY]]
// CHECK:               %[[S1:.+]] = fp8attn.tile.scale %[[S0]], %[[SOFTMAX_SCALE:.+]] : tensor<16x256xf32>, f32
// CHECK:               %[[S2:.+]] = fp8attn.tile.scale %[[S1]], %[[LOG2E:.+]] : tensor<16x256xf32>, f32
// CHECK:               %[[S3:.+]] = fp8attn.tile.mask %[[S2]], %[[ITEM]][%[[K]]]
// CHECK:               %[[PROBS:.+]], %{{.+}}, %{{.+}}, %[[ACC:.+]] = fp8attn.tile.softmax %[[S3]]
// CHECK:               %[[VALUE:.+]] = fp8attn.tile.decode
// CHECK:               %[[SCALED_VALUE:.+]] = fp8attn.tile.scale %[[VALUE]], %[[VALUE_SCALE]]
// CHECK:               fp8attn.tile.pv %[[PROBS]], %[[SCALED_VALUE]], %[[ACC]]
// CHECK:             fp8attn.tile.finish
// CHECK:           } else {
// CHECK:             fp8attn.tile.load_query {{.*}} -> tensor<48x128xbf16>
func.func @fp8(%query: memref<?x32x128xbf16>, %cache: !fp8, %key_scale: memref<f32>,
    %value_scale: memref<8xf32>, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x32x128xbf16>) cache(%cache : !fp8)
      key_scale(%key_scale : memref<f32>, #tensor) value_scale(%value_scale : memref<8xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}

// A bf16 cache is neither decoded nor scaled; a given softmax scale is used;
// the log-sum-exp is written and checked.
// CHECK-LABEL: func.func @bf16
// CHECK:         %[[SCALE:.+]] = arith.constant 2.500000e-01 : f32
// CHECK-NOT:     fp8attn.tile.decode
// CHECK:         fp8attn.tile.scale %{{.+}}, %[[SCALE]]
// CHECK:         fp8attn.tile.finish {{.*}} lse
func.func @bf16(%query: memref<3x6x64xbf16>, %cache: !bf16, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<3x6x64xbf16>,
    %lse: memref<3x6xf32>) {
  fp8attn.paged_attention query(%query : memref<3x6x64xbf16>) cache(%cache : !bf16)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<3x6x64xbf16>) lse(%lse : memref<3x6xf32>) {softmax_scale = 0.25 : f32}
  return
}

// The window and the alignment go to the work item, the sink to the finish.
// CHECK-LABEL: func.func @window
// CHECK-SAME:    %[[SINK:[a-z0-9]+]]: memref<6xf32>
// CHECK:         fp8attn.tile.work_item {{.*}} window_left = 127 window_right = 3 alignment = top_left {group = 3 : i64, kv_heads = 2 : i64}
// CHECK:         fp8attn.tile.finish {{.*}} sink %[[SINK]] : memref<6xf32> into
func.func @window(%query: memref<3x6x64xbf16>, %cache: !bf16, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %sink: memref<6xf32>, %out: memref<3x6x64xbf16>) {
  fp8attn.paged_attention window_left = 127 window_right = 3 alignment = top_left
      query(%query : memref<3x6x64xbf16>) cache(%cache : !bf16)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%sink : memref<6xf32>) out(%out : memref<3x6x64xbf16>)
  return
}

// Nothing to do.
// CHECK-LABEL: func.func @other
// CHECK-NEXT:    return
func.func @other() {
  return
}
