// RUN: fp8attn-opt %s --fp8attn-decompose-repack | FileCheck %s

!pairs = !fp8attn.cache<key, heads = 8, head_dim = 40, page = 32, bf16, #fp8attn.layout<pairs>>
!rows = !fp8attn.cache<key, heads = 8, head_dim = 40, page = 32, bf16, #fp8attn.layout<row_major>>

// Entries are pages of both caches, whose numbers of pages may differ;
// bytes are moved: 32 tokens of 64 stored channels.
// CHECK-LABEL: func.func @copy
// CHECK-SAME:    %[[FROM:[a-z0-9]+]]: !fp8attn.cache{{.+}}, %[[TO:[a-z0-9]+]]: !fp8attn.cache{{.+}}, %[[PAGES:[a-z0-9]+]]: memref<?x2xi32>
// CHECK:         %[[N:.+]] = memref.dim %[[PAGES]]
// CHECK:         %[[COUNT:.+]] = arith.muli %[[N]]
// CHECK:         %[[TURNS:.+]] = arith.select %{{.+}}, %{{.+}}, %[[COUNT]]
// CHECK:         scf.forall (%[[I:.+]]) in (%[[TURNS]]) {
// CHECK-COUNT-4:     vector.store {{.+}}nontemporal = true
// CHECK:           } else {
// CHECK:           %[[ENTRY:.+]] = arith.divui %[[I]]
// CHECK:           memref.load %[[PAGES]][%[[ENTRY]],
// CHECK:           %[[SOURCE:.+]] = memref.view {{.+}} to memref<4096xi8>
// CHECK:           memref.load %[[PAGES]][%[[ENTRY]],
// CHECK:           %[[DESTINATION:.+]] = memref.view {{.+}} to memref<4096xi8>
// CHECK:           scf.for
// CHECK-COUNT-4:     vector.store %{{.+}}, %[[DESTINATION]]
// CHECK-NOT:       {{vector|memref}}.store
// CHECK:         return
func.func @copy(%from: !pairs, %to: !pairs, %pages: memref<?x2xi32>) {
  fp8attn.repack %from into %to pages(%pages : memref<?x2xi32>) : !pairs, !pairs
  return
}

// Lines of 16 channels of as many tokens, then of 8 and as many zeros, and then of zeros.
// CHECK-LABEL: func.func @pad
// CHECK:         } else {
// CHECK:         scf.for
// CHECK-COUNT-16:  vector.load {{.+}}, vector<16xi16>
// CHECK-COUNT-8:   vector.store {{.+}}, vector<32xi16>
// CHECK:         %[[ZEROS:.+]] = arith.constant dense<0> : vector<8xi16>
// CHECK:         vector.shuffle %{{.+}}, %[[ZEROS]]
// CHECK-COUNT-8:   vector.store {{.+}}, vector<32xi16>
// CHECK:         vector.broadcast %{{.+}} : i16 to vector<16xi16>
// CHECK-COUNT-8:   vector.store {{.+}}, vector<32xi16>
// CHECK-NOT:     vector.store
// CHECK:         return
func.func @pad(%from: !rows, %to: !pairs) {
  fp8attn.repack %from into %to : !rows, !pairs
  return
}
