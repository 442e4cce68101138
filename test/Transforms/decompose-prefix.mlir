// RUN: fp8attn-opt %s --fp8attn-decompose-prefix --split-input-file | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-decompose-prefix --fp8attn-decompose-prefix --split-input-file | FileCheck %s

// The queries of a group are those of one sequence; what is meant of own keys and
// what must be there once, as the sink, is with these. Parts are in f32, and the
// log-sum-exp of the own keys is where that of all will be.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#page = affine_map<(page, head, token, channel) -> (page)>
// CHECK-LABEL: func.func @all
// CHECK-SAME:    %[[Q:[a-z0-9_]+]]: memref<?x8x64xbf16>, %[[CACHE:[a-z0-9_]+]]: !fp8attn.cache<{{.+}}>, %[[KS:[a-z0-9_]+]]: memref<?xf32>, %[[VS:[a-z0-9_]+]]: memref<?xf8E8M0FNU>,
// CHECK-SAME:    %[[STARTS:[a-z0-9_]+]]: memref<?xi32>, %[[LENS:[a-z0-9_]+]]: memref<?xi32>, %[[TABLE:[a-z0-9_]+]]: memref<?x?xi32>,
// CHECK-SAME:    %[[GROUPS:[a-z0-9_]+]]: memref<?xi32>, %[[PLENS:[a-z0-9_]+]]: memref<?xi32>, %[[PTABLE:[a-z0-9_]+]]: memref<?x?xi32>,
// CHECK-SAME:    %[[SINK:[a-z0-9_]+]]: memref<8xf32>, %[[MASK:[a-z0-9_]+]]: memref<?x?xi8>, %[[SCALE:[a-z0-9_]+]]: f32, %[[OUT:[a-z0-9_]+]]: memref<?x8x64xbf16>, %[[LSE:[a-z0-9_]+]]: memref<?x8xf32>
// CHECK-DAG:     %[[POUT:.+]] = memref.alloc(%{{.+}}) : memref<?x8x64xf32>
// CHECK-DAG:     %[[PLSE:.+]] = memref.alloc(%{{.+}}) : memref<?x8xf32>
// CHECK-DAG:     %[[OWN:.+]] = memref.alloc(%{{.+}}) : memref<?x8x64xf32>
// CHECK:         %[[N:.+]] = memref.dim %[[PLENS]]
// CHECK:         %[[N1:.+]] = arith.addi %[[N]], %{{.+}}
// CHECK:         %[[GSTARTS:.+]] = memref.alloc(%[[N1]]) : memref<?xi32>
// CHECK:         scf.for %[[I:.+]] = %{{.+}} to %[[N1]]
// CHECK:           %[[S:.+]] = memref.load %[[GROUPS]][%[[I]]]
// CHECK:           %[[SI:.+]] = arith.index_cast %[[S]] : i32 to index
// CHECK:           %[[START:.+]] = memref.load %[[STARTS]][%[[SI]]]
// CHECK:           memref.store %[[START]], %[[GSTARTS]][%[[I]]]
// CHECK:         fp8attn.paged_attention query(%[[Q]] : {{.*}}) cache(%[[CACHE]] : {{.*}}) key_scale(%[[KS]] : {{.*}}) value_scale(%[[VS]] : {{.*}}) batch(%[[GSTARTS]], %[[PLENS]], %[[PTABLE]] : {{.*}}) out(%[[POUT]] : memref<?x8x64xf32>) lse(%[[PLSE]] : memref<?x8xf32>) softmax_scale(%[[SCALE]] : f32) {softcap = 3.000000e+01 : f32}
// CHECK-NEXT:    fp8attn.paged_attention window_right = 2 alignment = top_left query(%[[Q]] : {{.*}}) cache(%[[CACHE]] : {{.*}}) key_scale(%[[KS]] : {{.*}}) value_scale(%[[VS]] : {{.*}}) batch(%[[STARTS]], %[[LENS]], %[[TABLE]] : {{.*}}) sink(%[[SINK]] : {{.*}}) out(%[[OWN]] : memref<?x8x64xf32>) lse(%[[LSE]] : memref<?x8xf32>) mask(%[[MASK]] : {{.*}}) softmax_scale(%[[SCALE]] : f32) {softcap = 3.000000e+01 : f32}
// CHECK-NEXT:    fp8attn.merge first(%[[POUT]], %[[PLSE]] : {{.*}}) second(%[[OWN]], %[[LSE]] : {{.*}}) into(%[[OUT]], %[[LSE]] : {{.*}})
// CHECK-COUNT-4: memref.dealloc
// CHECK-NEXT:    return
func.func @all(%query: memref<?x8x64xbf16>, %cache: !cache, %key_scale: memref<?xf32>, %value_scale: memref<?xf8E8M0FNU>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %groups: memref<?xi32>, %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>,
    %sink: memref<8xf32>, %mask: memref<?x?xi8>, %scale: f32, %out: memref<?x8x64xbf16>, %lse: memref<?x8xf32>) {
  fp8attn.paged_attention window_right = 2 alignment = top_left query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<?xf32>, #page) value_scale(%value_scale : memref<?xf8E8M0FNU>, #page)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) sink(%sink : memref<8xf32>)
      out(%out : memref<?x8x64xbf16>) lse(%lse : memref<?x8xf32>) mask(%mask : memref<?x?xi8>) softmax_scale(%scale : f32)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) {softcap = 30.0 : f32}
  return
}

// -----

// A result in f32 is merged in place; here it is the query, which is read by then.
!latent = !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// CHECK-LABEL: func.func @in_place
// CHECK-SAME:    %[[Q:[a-z0-9_]+]]: memref<?x8x64xf32, strided<[1024, 64, 1]>>
// CHECK:         fp8attn.paged_attention query(%[[Q]] : {{.*}}) out(%[[POUT:[a-z0-9_]+]] : memref<?x8x64xf32>) lse(%[[PLSE:[a-z0-9_]+]] :
// CHECK-NEXT:    fp8attn.paged_attention causal query(%[[Q]] : {{.*}}) out(%[[Q]] : {{.*}}) lse(%[[LSE:[a-z0-9_]+]] : memref<?x8xf32>)
// CHECK-NEXT:    fp8attn.merge first(%[[POUT]], %[[PLSE]] : {{.*}}) second(%[[Q]], %[[LSE]] : {{.*}}) into(%[[Q]], %[[LSE]] : {{.*}})
func.func @in_place(%query: memref<?x8x64xf32, strided<[1024, 64, 1]>>, %cache: !latent, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %groups: memref<?xi32>, %prefix_lens: memref<?xi32>,
    %prefix_table: memref<?x?xi32>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xf32, strided<[1024, 64, 1]>>) cache(%cache : !latent)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%query : memref<?x8x64xf32, strided<[1024, 64, 1]>>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
  return
}

// Without a prefix there is nothing to do.
// CHECK-LABEL: func.func @plain
// CHECK-NOT:     memref.alloc
// CHECK:         fp8attn.paged_attention
// CHECK-NEXT:    return
func.func @plain(%query: memref<?x8x64xf32>, %cache: !latent, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>) {
  fp8attn.paged_attention query(%query : memref<?x8x64xf32>) cache(%cache : !latent)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%query : memref<?x8x64xf32>)
  return
}
