// RUN: fp8attn-opt %s --fp8attn-decompose-repack | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-decompose-repack --fp8attn-decompose-repack | FileCheck %s

!pairs = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!rows = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>
!keys = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!vllm_keys = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<vllm_vector>>

// Keys and then values of a head in a page; 2048 bytes each, pages as far apart
// as the call says.
// CHECK-LABEL: func.func @both
// CHECK-SAME:    %[[FROM:[a-z0-9]+]]: !fp8attn.cache{{.+}}, %[[TO:[a-z0-9]+]]: !fp8attn.cache
// CHECK:         %[[PAGES:.+]] = fp8attn.cache_num_pages %[[FROM]]
// CHECK:         %[[COUNT:.+]] = arith.muli %[[PAGES]]
// CHECK:         scf.forall (%[[I:.+]]) in (%[[COUNT]]) {
// CHECK:           %[[PAGE:.+]] = arith.divui %[[I]]
// CHECK:           %[[HEAD:.+]] = arith.remui %[[I]]
// CHECK:           fp8attn.cache_part key %[[FROM]][%[[HEAD]]]
// CHECK:           %[[BYTES:.+]] = fp8attn.cache_page_bytes %[[FROM]]
// CHECK:           %[[BEGIN:.+]] = arith.muli %[[PAGE]], %[[BYTES]]
// CHECK:           memref.view %{{.+}}[%[[BEGIN]]][] : memref<?xi8> to memref<2048xi8>
// CHECK:           fp8attn.cache_part key %[[TO]][%[[HEAD]]]
// CHECK:           fp8attn.cache_page_bytes %[[TO]]
// CHECK:           %[[DESTINATION:.+]] = memref.view {{.+}} to memref<2048xi8>
// CHECK:           scf.for %[[TOKEN:.+]] =
// CHECK:             scf.for %[[BLOCK:.+]] =
// CHECK-COUNT-32:      memref.store %{{.+}}, %[[DESTINATION]]
// CHECK-NOT:           memref.store %{{.+}}, %[[DESTINATION]]
// CHECK:           fp8attn.cache_part value %[[FROM]]
// CHECK:           fp8attn.cache_part value %[[TO]]
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

// Nothing to repack: nothing changes.
// CHECK-LABEL: func.func @other
// CHECK-NEXT:    return
func.func @other(%from: !keys) {
  return
}
