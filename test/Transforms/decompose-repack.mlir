// RUN: fp8attn-opt %s --fp8attn-decompose-repack | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-decompose-repack --fp8attn-decompose-repack | FileCheck %s

!pairs = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!rows = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>
!keys = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!vllm_keys = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<vllm_vector>>

// Keys and then values of a head in a page; 2048 bytes each, pages as far apart
// as the call says. Four tokens of 64 channels, whose rows are lines, are moved together; of 512
// pages of 32 KB, 512 KB a turn, past the caches, with as many lines of the next head fetched.
// CHECK-LABEL: func.func @both
// CHECK-SAME:    %[[FROM:[a-z0-9]+]]: !fp8attn.cache{{.+}}, %[[TO:[a-z0-9]+]]: !fp8attn.cache
// CHECK:         %[[PAGES:.+]] = fp8attn.cache_num_pages %[[FROM]]
// CHECK:         %[[COUNT:.+]] = arith.muli %[[PAGES]]
// CHECK:         %[[MANY:.+]] = arith.constant 512 : index
// CHECK:         %[[IS_LARGE:.+]] = arith.cmpi uge, %[[PAGES]], %[[MANY]]
// CHECK:         %[[GROUPS:.+]] = arith.divui %{{.+}}, %c16
// CHECK:         %[[TURNS:.+]] = arith.select %[[IS_LARGE]], %[[GROUPS]], %[[COUNT]]
// CHECK:         scf.forall (%[[I:.+]]) in (%[[TURNS]]) {
// CHECK:           scf.if %[[IS_LARGE]] {
// CHECK:             scf.for
// CHECK:               scf.for %[[STREAMED:.+]] =
// CHECK:                 fp8attn.cache_part key %[[FROM]][%[[STREAMED]]]
// CHECK-COUNT-4:         memref.prefetch {{.+}}, read, locality<3>, data : memref<2048xi8>
// CHECK-COUNT-4:         vector.store {{.+}} {alignment = 64 : i64, nontemporal = true}
// CHECK-COUNT-4:         memref.prefetch
// CHECK-COUNT-4:         vector.store {{.+}} {alignment = 64 : i64, nontemporal = true}
// CHECK:             llvm.fence seq_cst
// CHECK:           } else {
// CHECK:             %[[ENTRY:.+]] = arith.divui %[[I]]
// CHECK:             %[[HEAD:.+]] = arith.remui %[[I]]
// CHECK-NOT:         nontemporal
// CHECK-NOT:         prefetch
// CHECK:             scf.for %[[BLOCK:.+]] =
// CHECK:               %[[PAGE:.+]] = arith.muli %[[ENTRY]]
// CHECK:               %[[NUMBER:.+]] = arith.addi %[[PAGE]]
// CHECK:               fp8attn.cache_part key %[[FROM]][%[[HEAD]]]
// CHECK:               %[[BYTES:.+]] = fp8attn.cache_page_bytes %[[FROM]]
// CHECK:               %[[BEGIN:.+]] = arith.muli %[[NUMBER]], %[[BYTES]]
// CHECK:               memref.view %{{.+}}[%[[BEGIN]]][] : memref<?xi8> to memref<2048xi8>
// CHECK:               fp8attn.cache_part key %[[TO]][%[[HEAD]]]
// CHECK:               %[[DESTINATION:.+]] = memref.view {{.+}} to memref<2048xi8>
// CHECK:               scf.for %[[TOKENS:.+]] =
// CHECK:                 scf.for %[[CHANNEL:.+]] =
// CHECK-COUNT-16:          vector.load %{{.+}} : memref<2048xi8>, vector<16xi8>
// CHECK-COUNT-4:           vector.store %{{.+}}, %[[DESTINATION]]
// CHECK-NOT:               vector.store %{{.+}}, %[[DESTINATION]]
// CHECK:             fp8attn.cache_part value %[[FROM]]
// CHECK:             fp8attn.cache_part value %[[TO]]
// CHECK-NOT:     fp8attn.repack
func.func @both(%from: !pairs, %to: !rows) {
  fp8attn.repack %from into %to : !pairs, !rows
  return
}

// Elements of bf16 move as halfwords.
// CHECK-LABEL: func.func @keys
// CHECK:         memref.view {{.+}} to memref<2048xi16>
// CHECK-NOT:     fp8attn.cache_part value
// CHECK:         memref.load %{{.+}} : memref<2048xi16>
func.func @keys(%from: !keys, %to: !vllm_keys) {
  fp8attn.repack %from into %to : !keys, !vllm_keys
  return
}

// Three pages of 16 tokens for one of 48; where one of them is none, no token of it is read.
!small = !fp8attn.cache<value, heads = 1, head_dim = 64, page = 16, f8E4M3FN, #fp8attn.layout<nhd>>
!large = !fp8attn.cache<value, heads = 1, head_dim = 64, page = 48, f8E4M3FN, #fp8attn.layout<hnd>>
// CHECK-LABEL: func.func @gaps
// CHECK-SAME:    %[[PAGES:[a-z0-9]+]]: memref<?x4xi32>
// CHECK:         } else {
// CHECK:         scf.for %[[TOKEN:.+]] =
// CHECK:           %[[PART:.+]] = arith.divui %[[TOKEN]]
// CHECK:           %[[COLUMN:.+]] = arith.addi %[[PART]]
// CHECK:           %[[LISTED:.+]] = memref.load %[[PAGES]][%{{.+}}, %[[COLUMN]]]
// CHECK:           %[[PAGE:.+]] = arith.index_cast %[[LISTED]]
// CHECK:           %[[PRESENT:.+]] = arith.cmpi sge, %[[PAGE]]
// CHECK:           scf.if %[[PRESENT]] {
// CHECK:             vector.load %{{.+}} : memref<1024xi8>, vector<64xi8>
// CHECK-NOT:     vector.load
// CHECK:         return
func.func @gaps(%pages: memref<?x4xi32>, %from: !small, %to: !large) {
  fp8attn.repack %from into %to pages(%pages : memref<?x4xi32>) : !small, !large
  return
}

// Rows of all heads of a token are neighbours: 16 tokens of all heads are moved, keys and then
// values. While keys are, the values of the same tokens are fetched from the first head on, in the
// order of addresses, and with these the next keys.
!rows16 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 16, f8E4M3FN, #fp8attn.layout<nhd>>
// CHECK-LABEL: func.func @token_rows
// CHECK-SAME:    %[[FROM:[a-z0-9]+]]: !fp8attn.cache
// CHECK:           scf.if
// CHECK:             scf.for %{{.+}} = %{{.+}} to %c32{{.*}} step %c16
// CHECK:               scf.for %[[HEAD:.+]] = %{{.+}} to %c8
// CHECK:                 fp8attn.cache_part key %[[FROM]][%[[HEAD]]]
// CHECK:                 fp8attn.cache_part value %[[FROM]][%c0{{.*}}]
// CHECK-COUNT-4:         memref.prefetch {{.+}}, read, locality<2>
// CHECK-NOT:             memref.prefetch
// CHECK:                 vector.store {{.+}} nontemporal = true
// CHECK:               arith.cmpi eq, %{{.+}}, %c32
// CHECK:               scf.for %[[NEXT_HEAD:.+]] = %{{.+}} to %c8
// CHECK:                 fp8attn.cache_part value %[[FROM]][%[[NEXT_HEAD]]]
// CHECK:                 fp8attn.cache_part key %[[FROM]][%c0{{.*}}]
// CHECK:                 memref.prefetch {{.+}}, read, locality<2>
// CHECK:           llvm.fence
func.func @token_rows(%from: !rows16, %to: !pairs) {
  fp8attn.repack %from into %to : !rows16, !pairs
  return
}

// A quotient that is quantised.
!bf16 = !fp8attn.cache<value, heads = 1, head_dim = 72, page = 32, bf16, #fp8attn.layout<nhd>>
!codes = !fp8attn.cache<value, heads = 1, head_dim = 72, page = 32, f8E4M3FN, #fp8attn.layout<vllm_vector>>
// CHECK-LABEL: func.func @quantise
// CHECK:         %[[SCALE:.+]] = memref.load
// CHECK:         %[[SCALES:.+]] = vector.broadcast %[[SCALE]] : f32 to vector<16xf32>
// CHECK:         arith.divf %{{.+}}, %[[SCALES]] : vector<16xf32>
func.func @quantise(%from: !bf16, %to: !codes, %scale: memref<f32>) {
  fp8attn.repack %from into %to
      value_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>) : !bf16, !codes
  return
}

// Nothing to repack: nothing changes.
// CHECK-LABEL: func.func @other
// CHECK-NEXT:    return
func.func @other(%from: !keys) {
  return
}
