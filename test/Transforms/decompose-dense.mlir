// RUN: fp8attn-opt %s --fp8attn-decompose-attention | FileCheck %s

// Dense keys and values: every head of a batch entry is a matrix, and rows are
// gathered from a view of the entry in which tokens come first.

!query = memref<?x8x?x64xbf16, strided<[?, 64, 512, 1]>>
#head = affine_map<(batch, head, token, channel) -> (head)>

// All sizes that the call decides are checked; there are as many items as row
// blocks of all KV heads of all entries, of which short ones go together.
// CHECK-LABEL: func.func @fp8
// CHECK-SAME:    %[[QUERY:[a-z0-9]+]]: memref<?x8x?x64xbf16, {{.*}}>, %[[KEY:[a-z0-9]+]]: memref<?x2x?x64xf8E4M3FN>, %[[VALUE:[a-z0-9]+]]: memref<?x2x?x32xf32>, %[[KS:[a-z0-9]+]]: memref<2xf32>
// CHECK:         %[[BLOCKS:.+]] = arith.divui %{{.+}}, %c192
// CHECK:         %[[ITEMS:.+]] = arith.muli %{{.+}}, %[[BLOCKS]]
// CHECK:         %[[COST:.+]] = arith.addi %{{.+}}, %c4096
// CHECK:         %[[MANY:.+]] = arith.divui %c16384{{.*}}, %[[COST]]
// CHECK:         %[[AT_ONCE:.+]] = arith.maxui %[[MANY]], %c1
// CHECK:         %[[GROUPS:.+]] = fp8attn.tile.grouped %[[ITEMS]] by %[[AT_ONCE]]
// CHECK:         scf.forall (%[[I:.+]]) in (%[[GROUPS]])
// CHECK:           %[[ITEM:.+]] = fp8attn.tile.dense_item %[[I]], {{.*}} at %{{.+}} window_right = 0 {group = 4 : i64, kv_heads = 2 : i64, rows = 192 : i64}
// CHECK:           %[[ENTRY:.+]] = fp8attn.tile.sequence %[[ITEM]]
// CHECK:           %[[HEAD:.+]] = fp8attn.tile.kv_head %[[ITEM]]
// CHECK:           %[[Q4:.+]] = memref.subview %[[QUERY]][%[[ENTRY]], 0, 0, 0]
// CHECK:           %[[Q:.+]] = memref.transpose %[[Q4]] (d0, d1, d2) -> (d1, d0, d2) {{.*}} to memref<?x8x64xbf16, strided<[512, 64, 1], offset: ?>>
// CHECK:           %[[LSE:.+]] = memref.transpose {{.*}} to memref<?x8xf32, strided<[1, ?], offset: ?>>
// CHECK:           %[[KEYS:.+]] = memref.subview %[[KEY]][%[[ENTRY]], %[[HEAD]], 0, 0]
// CHECK:           %[[VALUES:.+]] = memref.subview %[[VALUE]][%[[ENTRY]], %[[HEAD]], 0, 0]
// CHECK:           %[[KEY_SCALE:.+]] = memref.load %[[KS]][%[[HEAD]]]
// CHECK:           scf.if
// CHECK:             fp8attn.tile.load_query %[[ITEM]], %[[Q]] {{.*}} -> tensor<16x64xbf16>
// CHECK:             scf.for %[[K:[a-z0-9]+]] =
// CHECK:               %[[CODES:.+]] = fp8attn.tile.load_dense %[[KEYS]][%[[K]]] {{.*}} -> tensor<256x64xf8E4M3FN>
// CHECK:               %[[DECODED:.+]] = fp8attn.tile.decode %[[CODES]]
// CHECK:               fp8attn.tile.scale %[[DECODED]], %[[KEY_SCALE]]
// CHECK:               %[[V:.+]] = fp8attn.tile.load_dense %[[VALUES]][%[[K]]] {{.*}} -> tensor<256x32xbf16>
// CHECK-NEXT:          fp8attn.tile.pv %{{.+}}, %[[V]]
// CHECK:             fp8attn.tile.finish {{.*}} lse %[[LSE]]
// CHECK:           } else {
// CHECK:             fp8attn.tile.load_query {{.*}} -> tensor<192x64xbf16>
func.func @fp8(%query: !query, %key: memref<?x2x?x64xf8E4M3FN>, %value: memref<?x2x?x32xf32>,
    %key_scale: memref<2xf32>, %out: memref<?x8x?x32xbf16>, %lse: memref<?x8x?xf32>) {
  fp8attn.attention causal alignment = top_left query(%query : !query)
      key(%key : memref<?x2x?x64xf8E4M3FN>) value(%value : memref<?x2x?x32xf32>)
      key_scale(%key_scale : memref<2xf32>, #head)
      out(%out : memref<?x8x?x32xbf16>) lse(%lse : memref<?x8x?xf32>)
  return
}

// The mask is for all entries, and one for each head; its row is the query, not
// its position.
// CHECK-LABEL: func.func @mask
// CHECK-SAME:    %[[MASK:[a-z0-9]+]]: memref<1x2x?x?xf32>
// CHECK:         %[[DIAGONAL:.+]] = fp8attn.tile.diagonal
// CHECK:         fp8attn.tile.modify
// CHECK-NEXT:    ^bb0(%{{.+}}: f32, %{{.+}}: index, %[[HEAD:.+]]: index, %[[Q:.+]]: index, %[[K:.+]]: index):
// CHECK-NEXT:      %[[C0:.+]] = arith.constant 0 : index
// CHECK-NEXT:      %[[ROW:.+]] = arith.subi %[[Q]], %[[DIAGONAL]]
// CHECK-NEXT:      memref.load %[[MASK]][%[[C0]], %[[HEAD]], %[[ROW]], %[[K]]]
func.func @mask(%x: memref<3x2x4x8xf16>, %mask: memref<1x2x?x?xf32>, %out: memref<3x2x4x8xf16>) {
  fp8attn.attention query(%x : memref<3x2x4x8xf16>) key(%x : memref<3x2x4x8xf16>)
      value(%x : memref<3x2x4x8xf16>) out(%out : memref<3x2x4x8xf16>) mask(%mask : memref<1x2x?x?xf32>)
  return
}

// A row for all queries; keys behind its columns are none, but count for where the
// queries stand.
// CHECK-LABEL: func.func @row
// CHECK-SAME:    %[[MASK:[a-z0-9]+]]: memref<1x1x1x?xi8>
// CHECK:         %[[DIAGONAL:.+]] = arith.subi %[[KEYS:.+]], %[[QUERIES:.+]] : index
// CHECK:         %[[COLUMNS:.+]] = memref.dim %[[MASK]]
// CHECK:         %[[SEEN:.+]] = arith.minui %[[KEYS]], %[[COLUMNS]]
// CHECK:         fp8attn.tile.dense_item %{{.+}}, %[[QUERIES]], %[[SEEN]] at %[[DIAGONAL]] {
// CHECK:         fp8attn.tile.modify
// CHECK-NEXT:    ^bb0(%{{.+}}: f32, %{{.+}}: index, %{{.+}}: index, %{{.+}}: index, %[[K:.+]]: index):
// CHECK-NEXT:      %[[C0:.+]] = arith.constant 0 : index
// CHECK-NEXT:      memref.load %[[MASK]][%[[C0]], %[[C0]], %[[C0]], %[[K]]]
func.func @row(%x: memref<3x2x?x8xf16>, %mask: memref<1x1x1x?xi8>, %out: memref<3x2x?x8xf16>) {
  fp8attn.attention query(%x : memref<3x2x?x8xf16>) key(%x : memref<3x2x?x8xf16>)
      value(%x : memref<3x2x?x8xf16>) out(%out : memref<3x2x?x8xf16>) mask(%mask : memref<1x1x1x?xi8>)
  return
}

// Keys and positions of each batch entry.
// CHECK-LABEL: func.func @entries
// CHECK-SAME:    %[[LENS:[a-z0-9]+]]: memref<?xi32>, %[[OFFSETS:[a-z0-9]+]]: memref<?xi32>
// CHECK:         scf.forall (%[[I:.+]]) in
// CHECK:           %[[ENTRY:.+]] = arith.divui %[[I]], %{{.+}} : index
// CHECK:           %[[LEN32:.+]] = memref.load %[[LENS]][%[[ENTRY]]]
// CHECK:           %[[LEN:.+]] = arith.index_cast %[[LEN32]]
// CHECK:           %[[OFFSET32:.+]] = memref.load %[[OFFSETS]][%[[ENTRY]]]
// CHECK:           %[[OFFSET:.+]] = arith.index_cast %[[OFFSET32]]
// CHECK:           fp8attn.tile.dense_item %[[I]], %{{.+}}, %[[LEN]] at %[[OFFSET]] window_right = 0 {
func.func @entries(%x: memref<?x2x?x8xf16>, %lens: memref<?xi32>, %offsets: memref<?xi32>, %out: memref<?x2x?x8xf16>) {
  fp8attn.attention causal query(%x : memref<?x2x?x8xf16>) key(%x : memref<?x2x?x8xf16>)
      value(%x : memref<?x2x?x8xf16>) out(%out : memref<?x2x?x8xf16>)
      key_lens(%lens : memref<?xi32>) query_offsets(%offsets : memref<?xi32>)
  return
}

// Groups of query heads that share a head of the keys and one of the values: six of
// two heads here, of which two have the keys of one head and three its values.
// CHECK-LABEL: func.func @heads
// CHECK-SAME:    %[[KEY:[a-z0-9]+]]: memref<?x3x?x8xf16>, %[[VALUE:[a-z0-9]+]]: memref<?x2x?x8xf16>
// CHECK:         fp8attn.tile.dense_item {{.*}} {group = 2 : i64, kv_heads = 6 : i64, rows = 192 : i64}
// CHECK:         %[[KEY_HEAD:.+]] = arith.divui %{{.+}}, %c2
// CHECK:         %[[VALUE_HEAD:.+]] = arith.divui %{{.+}}, %c3
// CHECK:         memref.subview %[[KEY]][%{{.+}}, %[[KEY_HEAD]], 0, 0]
// CHECK:         memref.subview %[[VALUE]][%{{.+}}, %[[VALUE_HEAD]], 0, 0]
func.func @heads(%query: memref<?x12x?x8xf16>, %key: memref<?x3x?x8xf16>, %value: memref<?x2x?x8xf16>,
    %out: memref<?x12x?x8xf16>) {
  fp8attn.attention query(%query : memref<?x12x?x8xf16>) key(%key : memref<?x3x?x8xf16>)
      value(%value : memref<?x2x?x8xf16>) out(%out : memref<?x12x?x8xf16>)
  return
}

// A factor of the scores that is a value.
// CHECK-LABEL: func.func @softmax_scale
// CHECK-SAME:    %[[SCALE:[a-z0-9_]+]]: f32)
// CHECK:         %[[SCORES:.+]] = fp8attn.tile.qk
// CHECK-NEXT:    fp8attn.tile.scale %[[SCORES]], %[[SCALE]]
func.func @softmax_scale(%query: memref<?x8x?x64xbf16>, %key: memref<?x8x?x64xbf16>, %out: memref<?x8x?x64xbf16>,
                         %scale: f32) {
  fp8attn.attention query(%query : memref<?x8x?x64xbf16>) key(%key : memref<?x8x?x64xbf16>)
      value(%key : memref<?x8x?x64xbf16>) out(%out : memref<?x8x?x64xbf16>) softmax_scale(%scale : f32)
  return
}
