// RUN: fp8attn-opt %s --fp8attn-insert-checks | FileCheck %s

!fp8 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!rows = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>
!query = memref<?x8x64xbf16>
#tensor = affine_map<(page, head, token, channel) -> ()>
#head = affine_map<(page, head, token, channel) -> (head)>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
#row = affine_map<(t, c) -> (t)>

// The query may be in the place of the output alone; nothing else of the call may.
// CHECK-LABEL: func.func @rotated
// CHECK-SAME:    %[[QUERY:[a-z0-9]+]]: memref<?x16x64xbf16>, %{{[a-z0-9]+}}: memref<?xi64>, %[[POSITIONS:[a-z0-9]+]]: memref<?xi32>
// CHECK:         fp8attn.check.size "tokens of query", {{.*}}, "tokens of key"
// CHECK:         fp8attn.check.size "tokens of query_out", {{.*}}, "tokens of key"
// CHECK:         fp8attn.check.size "positions", {{.*}}, "tokens of key"
// CHECK:         fp8attn.check.size "rows of sin", {{.*}}, "rows of cos"
// CHECK:         %[[LAST:.+]] = arith.subi
// CHECK:         fp8attn.check.integers "positions", %[[POSITIONS]] most %[[LAST]]
// CHECK:         fp8attn.check.overlap ["cache", "key_scale", "value_scale", {{.*}}"query", {{.*}}"query_out"]
// CHECK:         fp8attn.check.overlap ["query_out", "query", "key", "value", "slots", "positions", "cos", "sin"]
// CHECK-SAME:      written(%{{.+}}) in_place(%[[QUERY]]
// CHECK:         fp8attn.kv_write
func.func @rotated(%key: !query, %query: memref<?x16x64xbf16>, %slots: memref<?xi64>, %positions: memref<?xi32>,
    %cos: memref<?x32xf32>, %sin: memref<?x32xf32>, %out: memref<?x16x64xbf16>, %key_scale: memref<?x8x32xf32>,
    %value_scale: memref<?x8x32xf32>, %cache: !fp8) {
  fp8attn.kv_write dynamic key(%key : !query) value(%key : !query) query(%query : memref<?x16x64xbf16>)
      slots(%slots : memref<?xi64>) rotary(%positions, %cos, %sin : memref<?xi32>, memref<?x32xf32>, memref<?x32xf32>)
      query_out(%out : memref<?x16x64xbf16>) key_scale(%key_scale : memref<?x8x32xf32>, #token)
      value_scale(%value_scale : memref<?x8x32xf32>, #token) cache(%cache : !fp8)
  return
}

// CHECK-LABEL: func.func @paged
// CHECK-SAME:    memref<?x8x32xf32>, %[[STARTS:[a-z0-9]+]]: memref<?xi32>
// CHECK:         fp8attn.check.size "tokens of out", {{.*}}, "tokens of query"
// CHECK:         fp8attn.check.size "tokens of lse", {{.*}}, "tokens of query"
// CHECK:         fp8attn.check.scale "key_scale"
// CHECK:         fp8attn.check.scale_pages "value_scale"[0], %{{.+}} most 0 per_page 1
// CHECK-NOT:     fp8attn.check.scale "value_scale"
// CHECK:         fp8attn.check.batch
// CHECK:         fp8attn.check.size "tokens of mask"
// CHECK-NOT:     fp8attn.check{{.*}} "mask"
// CHECK:         fp8attn.check.size "tokens of draft_mask"
// CHECK:         fp8attn.check.draft_columns "draft_mask", %{{.+}}, %[[STARTS]]
// CHECK:         fp8attn.paged_attention
func.func @paged(%query: !query, %cache: !fp8, %key_scale: memref<8xf32>, %value_scale: memref<?x8x32xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: !query, %lse: memref<?x8xf32>,
    %mask: memref<?x?xi8>, %draft: memref<?x?xi1>) {
  fp8attn.paged_attention query(%query : !query) cache(%cache : !fp8)
      key_scale(%key_scale : memref<8xf32>, #head) value_scale(%value_scale : memref<?x8x32xf32>, #token)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : !query) lse(%lse : memref<?x8xf32>) mask(%mask : memref<?x?xi8>)
      draft_mask(%draft : memref<?x?xi1>)
  return
}

// Groups are those of a batch that is right, of each cache; what is read of them is
// apart from what is written.
!keys = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!values = !fp8attn.cache<value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// CHECK-LABEL: func.func @groups
// CHECK-SAME:    %[[KEYS:[a-z0-9_]+]]: !fp8attn.cache<key,{{.+}}>, %[[VALUES:[a-z0-9_]+]]: !fp8attn.cache<value,{{.+}}>, %[[STARTS:[a-z0-9_]+]]: memref<?xi32>, %[[LENS:[a-z0-9_]+]]: memref<?xi32>, %[[TABLE:[a-z0-9_]+]]: memref<?x?xi32>, %[[GROUPS:[a-z0-9_]+]]: memref<?xi32>, %[[PLENS:[a-z0-9_]+]]: memref<?xi32>, %[[PTABLE:[a-z0-9_]+]]: memref<?x?xi32>
// CHECK:         fp8attn.check.batch %[[STARTS]], %[[LENS]], %[[TABLE]], %{{.+}}, %[[KEYS]]
// CHECK-NEXT:    fp8attn.check.batch %[[STARTS]], %[[LENS]], %[[TABLE]], %{{.+}}, %[[VALUES]]
// CHECK-NEXT:    fp8attn.check.prefix %[[GROUPS]], %[[PLENS]], %[[PTABLE]], %[[STARTS]], %[[KEYS]]
// CHECK-NEXT:    fp8attn.check.prefix %[[GROUPS]], %[[PLENS]], %[[PTABLE]], %[[STARTS]], %[[VALUES]]
// CHECK-NEXT:    fp8attn.check.overlap ["out", "query", {{.*}}"group_start", "prefix_lens", "prefix_table"]
// CHECK:         fp8attn.paged_attention
func.func @groups(%query: !query, %keys: !keys, %values: !values, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %groups: memref<?xi32>, %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>,
    %out: !query) {
  fp8attn.paged_attention query(%query : !query) cache(%keys, %values : !keys, !values)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : !query)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
  return
}

// Lists of what queries see are checked with the batch: of the block table, nothing is
// looked at that they do not see.
// CHECK-LABEL: func.func @selected
// CHECK-SAME:    %[[KEYS:[a-z0-9]+]]: !fp8attn.cache<key, {{.+}}>, %[[VALUES:[a-z0-9]+]]: !fp8attn.cache<value, {{.+}}>, %[[STARTS:[a-z0-9]+]]: memref<?xi32>, %[[LENS:[a-z0-9]+]]: memref<?xi32>, %[[TABLE:[a-z0-9]+]]: memref<?x?xi32>, %[[LIST:[a-z0-9]+]]: memref<?x?xi32>
// CHECK:         fp8attn.check.size "tokens of selected_tokens", %{{.+}}, "tokens of query"
// CHECK-NOT:     fp8attn.check.batch
// CHECK:         fp8attn.check.selection "selected_tokens" unit 1, %[[LIST]], %[[STARTS]], %[[LENS]], %[[TABLE]], %{{.+}}, %[[KEYS]] window_right = 0
// CHECK-NEXT:    fp8attn.check.selection "selected_tokens" unit 1, %[[LIST]], %[[STARTS]], %[[LENS]], %[[TABLE]], %{{.+}}, %[[VALUES]] window_right = 0
// CHECK-NEXT:    fp8attn.check.overlap ["out", "query", {{.*}}"block_table", "selected_tokens"]
// CHECK:         fp8attn.paged_attention
func.func @selected(%query: !query, %keys: !keys, %values: !values, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %list: memref<?x?xi32>, %out: !query) {
  fp8attn.paged_attention causal query(%query : !query) cache(%keys, %values : !keys, !values)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : !query)
      selected_tokens(%list : memref<?x?xi32>)
  return
}

!dense = memref<?x8x?x64xf32>
// CHECK-LABEL: func.func @dense
// CHECK-SAME:    memref<?x1x?x?xi8>, %[[LENS:[a-z0-9]+]]: memref<?xi32>, %[[OFFSETS:[a-z0-9]+]]: memref<?xi32>
// CHECK-DAG:     fp8attn.check.size "batch of key", {{.*}}, "batch of query"
// CHECK-DAG:     fp8attn.check.size "batch of value", {{.*}}, "batch of query"
// CHECK-DAG:     fp8attn.check.size "batch of out", {{.*}}, "batch of query"
// CHECK-DAG:     fp8attn.check.size "batch of lse", {{.*}}, "batch of query"
// CHECK-DAG:     fp8attn.check.size "queries of out", {{.*}}, "queries of query"
// CHECK-DAG:     fp8attn.check.size "queries of lse", {{.*}}, "queries of query"
// CHECK-DAG:     fp8attn.check.size "keys of value", {{.*}}, "keys of key"
// CHECK-DAG:     fp8attn.check.size "batch of mask", {{.*}}, "batch of query"
// CHECK-DAG:     fp8attn.check.size "queries of mask", {{.*}}, "queries of query"
// CHECK-DAG:     fp8attn.check.size "keys of mask", {{.*}}, "keys of key, the most there may be"
// CHECK-DAG:     fp8attn.check.size "queries of query", {{.*}}, "the most there may be"
// CHECK-DAG:     fp8attn.check.size "keys of key", {{.*}}, "the most there may be"
// CHECK-DAG:     fp8attn.check.size "batch of key_lens", {{.*}}, "batch of query"
// CHECK-DAG:     fp8attn.check.integers "key_lens", %[[LENS]] most %{{.+}} : memref<?xi32>
// CHECK-DAG:     fp8attn.check.integers "query_offsets", %[[OFFSETS]] most %{{.+}} : memref<?xi32>
// CHECK:         fp8attn.attention
func.func @dense(%query: !dense, %key: !dense, %value: !dense, %out: !dense, %lse: memref<?x8x?xf32>,
    %mask: memref<?x1x?x?xi8>, %lens: memref<?xi32>, %offsets: memref<?xi32>) {
  fp8attn.attention query(%query : !dense) key(%key : !dense) value(%value : !dense)
      out(%out : !dense) lse(%lse : memref<?x8x?xf32>) mask(%mask : memref<?x1x?x?xi8>)
      key_lens(%lens : memref<?xi32>) query_offsets(%offsets : memref<?xi32>)
  return
}

// CHECK-LABEL: func.func @merge
// CHECK-DAG:     fp8attn.check.size "tokens of first_lse", %{{.+}}, "tokens of first_out"
// CHECK-DAG:     fp8attn.check.size "tokens of second_out"
// CHECK-DAG:     fp8attn.check.size "tokens of second_lse"
// CHECK-DAG:     fp8attn.check.size "tokens of out"
// CHECK-DAG:     fp8attn.check.size "tokens of lse"
// CHECK:         fp8attn.merge
func.func @merge(%a: !query, %a_lse: memref<?x8xf32>, %b: !query, %b_lse: memref<?x8xf32>,
    %out: !query, %lse: memref<?x8xf32>) {
  fp8attn.merge first(%a, %a_lse : !query, memref<?x8xf32>) second(%b, %b_lse : !query, memref<?x8xf32>)
      into(%out, %lse : !query, memref<?x8xf32>)
  return
}

// CHECK-LABEL: func.func @write
// CHECK:         fp8attn.check.size "tokens of value", {{.*}}, "tokens of key"
// CHECK:         fp8attn.check.size "slots", {{.*}}, "tokens of key"
// CHECK:         fp8attn.check.scale "key_scale"
// CHECK:         fp8attn.check.slots
// CHECK:         fp8attn.kv_write
func.func @write(%key: !query, %value: !query, %slots: memref<?xi64>, %scale: memref<f32>, %cache: !fp8) {
  fp8attn.kv_write key(%key : !query) value(%value : !query) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<f32>, #tensor) value_scale(%scale : memref<f32>, #tensor) cache(%cache : !fp8)
  return
}

// Scales that are written are checked like other results.
// CHECK-LABEL: func.func @write_scales
// CHECK-NOT:     fp8attn.check.scale "
// CHECK:         fp8attn.check.overlap ["cache", "key_scale", "value_scale", "key", "value", "slots"]
func.func @write_scales(%key: !query, %value: !query, %slots: memref<?xi64>, %key_scale: memref<?x8x32xf32>,
    %value_scale: memref<?x8x32xf32>, %cache: !fp8) {
  fp8attn.kv_write dynamic key(%key : !query) value(%value : !query) slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<?x8x32xf32>, #token) value_scale(%value_scale : memref<?x8x32xf32>, #token)
      cache(%cache : !fp8)
  return
}

// Pages within one memory are looked at only where they may be copied there.
// CHECK-LABEL: func.func @copy
// CHECK:         fp8attn.check.pages
// CHECK:         fp8attn.check.page_moves
// CHECK:         fp8attn.check.overlap ["destination", "pages"]
func.func @copy(%from: !fp8, %to: !fp8, %pages: memref<?x2xi32>) {
  fp8attn.repack %from into %to pages(%pages : memref<?x2xi32>) : !fp8, !fp8
  return
}
// CHECK-LABEL: func.func @change
// CHECK:         fp8attn.check.pages
// CHECK-NOT:     fp8attn.check.page_moves
// CHECK:         fp8attn.check.overlap ["destination", "pages", "source"]
func.func @change(%from: !fp8, %to: !rows, %pages: memref<?x2xi32>) {
  fp8attn.repack %from into %to pages(%pages : memref<?x2xi32>) : !fp8, !rows
  return
}
// CHECK-LABEL: func.func @all
// CHECK:         fp8attn.check.size "pages of destination", %{{.+}}, "pages of source", %{{.+}}
func.func @all(%from: !fp8, %to: !rows) {
  fp8attn.repack %from into %to : !fp8, !rows
  return
}

// Pages of 16 and of 64: tokens are compared, four to an entry; scales of the FP8 cache.
!small = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 16, bf16, #fp8attn.layout<nhd>>
!large = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 64, f8E5M2, #fp8attn.layout<pairs>>
// CHECK-LABEL: func.func @convert_all
// CHECK:         fp8attn.check.scale "key_scale"
// CHECK:         fp8attn.check.size "tokens of destination", %{{.+}}, "tokens of source", %{{.+}}
// CHECK:         fp8attn.check.overlap ["destination", "source", "key_scale"]
func.func @convert_all(%from: !small, %to: !large, %scale: memref<f32>) {
  fp8attn.repack %from into %to
      key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>) : !small, !large
  return
}
// CHECK-LABEL: func.func @convert_some
// CHECK:         fp8attn.check.scale_pages "key_scale"
// CHECK:         fp8attn.check.pages {{.+}} : memref<?x5xi32>, {{.+}}page = 64{{.+}}page = 16
// CHECK:         fp8attn.check.overlap ["destination", "pages", "key_scale", "source"]
func.func @convert_some(%from: !large, %to: !small, %pages: memref<?x5xi32>, %scale: memref<?xf32>) {
  fp8attn.repack %from into %to pages(%pages : memref<?x5xi32>)
      key_scale(%scale : memref<?xf32>, affine_map<(page, head, token, channel) -> (page)>) : !large, !small
  return
}

// Sizes that are static need no check; a scale for each row has a size.
// CHECK-LABEL: func.func @quantize
// CHECK:         fp8attn.check.size "destination dimension 0", {{.*}}, "source dimension 0"
// CHECK-NOT:     fp8attn.check.size "destination dimension 1"
// CHECK:         fp8attn.check.size "scale dimension 0", {{.*}}, "source dimension 0"
// CHECK:         fp8attn.check.scale "scale"
func.func @quantize(%x: memref<?x64xf32>, %scale: memref<?xf32>, %y: memref<?x64xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, #row) into %y : memref<?x64xf32>, memref<?xf32>, memref<?x64xf8E4M3FN>
  return
}

// A factor of scores that is a number: where it is computed from arguments, it is
// checked at the begin. It shares no memory.
// CHECK-LABEL: func.func @softmax_scale
// CHECK-SAME:    %[[SCALE:[a-z0-9_]+]]: f32
// CHECK:         %[[DOUBLE:.+]] = arith.addf %[[SCALE]], %[[SCALE]]
// CHECK:         fp8attn.check.scale "softmax_scale", %[[DOUBLE]] : f32
// CHECK:         fp8attn.check.overlap ["out", "query", "key", "value"]
func.func @softmax_scale(%query: memref<?x8x?x64xbf16>, %key: memref<?x8x?x64xbf16>, %out: memref<?x8x?x64xbf16>,
                         %scale: f32) {
  %double = arith.addf %scale, %scale : f32
  fp8attn.attention query(%query : memref<?x8x?x64xbf16>) key(%key : memref<?x8x?x64xbf16>)
      value(%key : memref<?x8x?x64xbf16>) out(%out : memref<?x8x?x64xbf16>) softmax_scale(%double : f32)
  return
}
