// RUN: fp8attn-opt %s --fp8attn-decompose-selection --split-input-file | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-decompose-selection --fp8attn-decompose-selection --split-input-file | FileCheck %s

// Each query is a sequence of its own. What it sees is decided when pages are selected.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#page = affine_map<(page, head, token, channel) -> (page)>
// CHECK-LABEL: func.func @pages
// CHECK-SAME:    %[[Q:[a-z0-9_]+]]: memref<?x8x64xbf16>, %[[CACHE:[a-z0-9_]+]]: !fp8attn.cache<{{.+}}>, %[[KS:[a-z0-9_]+]]: memref<?xf32>, %[[VS:[a-z0-9_]+]]: memref<?xf8E8M0FNU>,
// CHECK-SAME:    %[[STARTS:[a-z0-9_]+]]: memref<?xi32>, %[[LENS:[a-z0-9_]+]]: memref<?xi32>, %[[TABLE:[a-z0-9_]+]]: memref<?x?xi32>,
// CHECK-SAME:    %[[LIST:[a-z0-9_]+]]: memref<?x?xi32>, %[[SINK:[a-z0-9_]+]]: memref<8xf32>, %[[SCALE:[a-z0-9_]+]]: f32, %[[OUT:[a-z0-9_]+]]: memref<?x8x64xbf16>, %[[LSE:[a-z0-9_]+]]: memref<?x8xf32>
// CHECK-DAG:     %[[N:.+]] = memref.dim %[[Q]]
// CHECK-DAG:     %[[ENTRIES:.+]] = memref.dim %[[LIST]]
// CHECK:         %[[OWN_STARTS:.+]] = memref.alloc(%{{.+}}) : memref<?xi32>
// CHECK:         %[[OWN_LENS:.+]] = memref.alloc(%[[N]]) : memref<?xi32>
// CHECK:         %[[OWN_TABLE:.+]] = memref.alloc(%[[N]], %[[ENTRIES]]) : memref<?x?xi32>
// CHECK:         scf.forall (%[[I:.+]]) in
// CHECK:           %[[TOKEN:.+]] = arith.addi %{{.+}}, %[[I]]
// CHECK:           %[[KEYS:.+]] = fp8attn.tile.select_pages %[[LIST]][%[[TOKEN]]], %[[STARTS]], %[[LENS]], %[[TABLE]] into %[[OWN_TABLE]][%[[I]]] window_right = 2 alignment = top_left {page = 32 : i64}
// CHECK:           %[[INT:.+]] = arith.index_cast %[[KEYS]]
// CHECK:           memref.store %[[INT]], %[[OWN_LENS]][%[[I]]]
// CHECK:         fp8attn.paged_attention query(%[[Q]] : {{.*}}) cache(%[[CACHE]] : {{.*}}) key_scale(%[[KS]] : {{.*}}) value_scale(%[[VS]] : {{.*}}) batch(%[[OWN_STARTS]], %[[OWN_LENS]], %[[OWN_TABLE]] : {{.*}}) sink(%[[SINK]] : {{.*}}) out(%[[OUT]] : {{.*}}) lse(%[[LSE]] : {{.*}}) softmax_scale(%[[SCALE]] : f32) {softcap = 3.000000e+01 : f32}
// CHECK-COUNT-3: memref.dealloc
// CHECK-NEXT:    return
func.func @pages(%query: memref<?x8x64xbf16>, %cache: !cache, %key_scale: memref<?xf32>, %value_scale: memref<?xf8E8M0FNU>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %list: memref<?x?xi32>,
    %sink: memref<8xf32>, %scale: f32, %out: memref<?x8x64xbf16>, %lse: memref<?x8xf32>) {
  fp8attn.paged_attention window_right = 2 alignment = top_left query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<?xf32>, #page) value_scale(%value_scale : memref<?xf8E8M0FNU>, #page)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) sink(%sink : memref<8xf32>)
      out(%out : memref<?x8x64xbf16>) lse(%lse : memref<?x8xf32>) softmax_scale(%scale : f32)
      selected_pages(%list : memref<?x?xi32>) {softcap = 30.0 : f32}
  return
}

// -----

// Tokens are copied for some queries at a time, 256 tokens an iteration. A scale of
// heads is that of the copies, too; factors of tokens are copied.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>
#token = affine_map<(page, head, token, channel) -> (head, page * 32 + token)>
// CHECK:         #[[$HEAD:.+]] = affine_map<(d0, d1, d2, d3) -> (d1)>
// CHECK:         #[[$COPIED:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d1)>
// CHECK-LABEL: func.func @tokens
// CHECK-SAME:    %[[Q:[a-z0-9_]+]]: memref<?x8x64xbf16>, %[[CACHE:[a-z0-9_]+]]: !fp8attn.cache<{{.+}}>, %[[KS:[a-z0-9_]+]]: memref<2xf32>, %[[VS:[a-z0-9_]+]]: memref<2x?xf32>,
// CHECK-SAME:    %[[STARTS:[a-z0-9_]+]]: memref<?xi32>, %[[LENS:[a-z0-9_]+]]: memref<?xi32>, %[[TABLE:[a-z0-9_]+]]: memref<?x?xi32>,
// CHECK-SAME:    %[[LIST:[a-z0-9_]+]]: memref<?x40xi32>, %[[OUT:[a-z0-9_]+]]: memref<?x8x64xbf16>
// CHECK-DAG:     %[[N:.+]] = memref.dim %[[Q]]
// CHECK:         %[[PLACES:.+]] = memref.alloc({{.*}}) : memref<?x?xi64>
// CHECK:         %[[BYTES:.+]] = memref.alloc({{.*}}) : memref<?xi8>
// CHECK:         %[[COPY:.+]] = fp8attn.cache_view %[[BYTES]]
// CHECK:         %[[FACTORS:.+]] = memref.alloc({{.*}}) : memref<?x32x2xf32>
// CHECK:         scf.for %[[FIRST:.+]] = %{{.+}} to %[[N]] step %[[CHUNK:.+]] {
// CHECK:           scf.forall (%[[I:.+]]) in
// CHECK:             %[[T:.+]] = arith.addi %[[FIRST]], %[[I]]
// CHECK:             fp8attn.tile.select_tokens %[[LIST]][%[[T]]], %[[STARTS]], %[[LENS]], %[[TABLE]] into %[[PLACES]][%[[I]]] window_right = 0 {page = 32 : i64}
// CHECK:           scf.forall
// CHECK:             fp8attn.tile.gather_tokens %[[PLACES]][%[[ROW:.+]]] from %[[BEGIN:.+]] to %[[END:.+]], %[[CACHE]] into %[[COPY]] at %{{.+}}
// CHECK:             scf.for %[[K:.+]] = %[[BEGIN]] to %[[END]]
// CHECK:               %[[PLACE:.+]] = memref.load %[[PLACES]][%[[ROW]], %[[K]]]
// CHECK:               scf.for %[[H:.+]] =
// CHECK:                 %[[F:.+]] = memref.load %[[VS]][%[[H]], %{{.+}}]
// CHECK:                 memref.store %[[F]], %[[FACTORS]][%{{.+}}, %{{.+}}, %[[H]]]
// CHECK:           %[[ROWS:.+]] = memref.subview %[[Q]][%[[FIRST]], 0, 0]
// CHECK:           %[[OUTS:.+]] = memref.subview %[[OUT]][%[[FIRST]], 0, 0]
// CHECK:           fp8attn.paged_attention query(%[[ROWS]] : {{.*}}) cache(%[[COPY]] : {{.*}}) key_scale(%[[KS]] : {{.*}}, #[[$HEAD]]) value_scale(%[[FACTORS]] : {{.*}}, #[[$COPIED]]) {{.*}} out(%[[OUTS]] : {{.*}})
// CHECK:         }
// CHECK-COUNT-6: memref.dealloc
// CHECK-NEXT:    return
func.func @tokens(%query: memref<?x8x64xbf16>, %cache: !cache, %key_scale: memref<2xf32>, %value_scale: memref<2x?xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %list: memref<?x40xi32>,
    %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<2xf32>, #head) value_scale(%value_scale : memref<2x?xf32>, #token)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) selected_tokens(%list : memref<?x40xi32>)
  return
}

// -----

// Without a list, nothing is done.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// CHECK-LABEL: func.func @all
// CHECK-NEXT:    fp8attn.paged_attention causal
// CHECK-NEXT:    return
func.func @all(%query: memref<4x8x64xbf16>, %cache: !cache, %starts: memref<2xi32>, %lens: memref<1xi32>,
    %table: memref<1x?xi32>, %out: memref<4x8x64xbf16>) {
  fp8attn.paged_attention causal query(%query : memref<4x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<2xi32>, memref<1xi32>, memref<1x?xi32>) out(%out : memref<4x8x64xbf16>)
  return
}

// -----

// A page of one token is a token, which stays where it is.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 1, bf16, #fp8attn.layout<pairs>>
// CHECK-LABEL: func.func @tokens_that_are_pages
// CHECK-SAME:    %{{.+}}, %[[CACHE:[a-z0-9_]+]]: !fp8attn.cache
// CHECK:         fp8attn.tile.select_pages
// CHECK-SAME:      {page = 1 : i64}
// CHECK-NOT:     gather_tokens
// CHECK:         fp8attn.paged_attention
// CHECK-SAME:      cache(%[[CACHE]] :
func.func @tokens_that_are_pages(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %list: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xbf16>)
      selected_tokens(%list : memref<?x?xi32>)
  return
}

// One list after the other is attention of its heads, to the heads of the caches that they
// share, with their scales: here four query heads, two heads of keys, and one of values.
!keys = !fp8attn.cache<key, heads = 4, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
!values = !fp8attn.cache<value, heads = 1, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
#of_head = affine_map<(page, head, token, channel) -> (page, head)>
// CHECK-LABEL: func.func @lists_of_heads(
// CHECK-SAME:    %[[QUERY:.+]]: memref<?x8x64xbf16>, %[[KEYS:.+]]: !{{.+}}, %[[VALUES:.+]]: !{{.+}}, %[[SCALE:.+]]: memref<?x4xf32>,
// CHECK-SAME:    %[[LIST:[^:]+]]: memref<?x2x?xi32>,
// CHECK:         scf.for %[[I:.+]] = %{{.+}} to %[[C2:.+]] step
// CHECK:           memref.subview %[[LIST]][0, %[[I]], 0] [%{{.+}}, 1, %{{.+}}] [1, 1, 1] : memref<?x2x?xi32> to memref<?x?xi32
// CHECK:           memref.subview %[[QUERY]][0, %{{.+}}, 0] [%{{.+}}, 4, 64]
// CHECK:           %[[SCALES:.+]] = memref.subview %[[SCALE]][0, %{{.+}}] [%{{.+}}, 2]
// CHECK:           %[[TWO:.+]] = fp8attn.cache_heads %[[KEYS]] from %{{.+}} -> <key, heads = 2,
// CHECK-NOT:       fp8attn.cache_heads
// CHECK:           fp8attn.paged_attention {{.*}} cache(%[[TWO]], %[[VALUES]] : {{.*}}key_scale(%[[SCALES]] :
// CHECK-NOT:       fp8attn.paged_attention
func.func @lists_of_heads(%query: memref<?x8x64xbf16>, %keys: !keys, %values: !values, %scale: memref<?x4xf32>,
    %list: memref<?x2x?xi32>, %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%keys, %values : !keys, !values)
      key_scale(%scale : memref<?x4xf32>, #of_head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xbf16>)
      selected_pages(%list : memref<?x2x?xi32>)
  return
}
