// RUN: fp8attn-opt %s --fp8attn-insert-checks | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!rows = memref<?x2x64xbf16>
!part = memref<?xi8, strided<[1], offset: ?>>

// A view of an argument is checked at the begin, and counts as the argument: what
// is read later is compared with it.
// CHECK-LABEL: func.func @of_an_argument(
// CHECK-SAME:    %[[BYTES:[a-z0-9]+]]: memref<?xi8>
// CHECK-NOT:     check.tensor
// CHECK:         fp8attn.check.view "pages", %[[BYTES]] page_bytes 16384 : memref<?xi8>
// CHECK:         fp8attn.check.slots
// CHECK:         fp8attn.check.later_reads "wrrr" ["pages", "query_start", "seq_lens", "block_table"](%[[BYTES]],
// CHECK:         fp8attn.kv_write
// CHECK-NOT:     check
// CHECK:         fp8attn.paged_attention
func.func @of_an_argument(%bytes: memref<?xi8> {fp8attn.name = "pages"}, %key: !rows, %slots: memref<?xi64>,
                          %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: !rows) {
  %cache = fp8attn.cache_view %bytes : memref<?xi8> to !kv
  fp8attn.kv_write key(%key : !rows) value(%key : !rows) slots(%slots : memref<?xi64>) cache(%cache : !kv)
  fp8attn.paged_attention query(%key : !rows) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : !rows)
  return
}

// In a loop, it stays before the view, with a check of the part's size.
// CHECK-LABEL: func.func @of_a_part(
// CHECK:         scf.for
// CHECK:           %[[PART:.*]] = memref.subview
// CHECK-NEXT:      fp8attn.check.tensor "cache", %[[PART]]
// CHECK-NEXT:      fp8attn.check.view "cache", %[[PART]] page_bytes 16384
// CHECK-NEXT:      fp8attn.cache_view %[[PART]]
// CHECK:           fp8attn.check.slots
// CHECK:           fp8attn.kv_write
func.func @of_a_part(%bytes: memref<?xi8>, %size: index, %n: index, %key: !rows, %slots: memref<?xi64>) {
  %c0 = arith.constant 0 : index
  scf.for %i = %c0 to %n step %size {
    %part = memref.subview %bytes[%i] [%size] [1] : memref<?xi8> to !part
    %cache = fp8attn.cache_view %part : !part to !kv
    fp8attn.kv_write key(%key : !rows) value(%key : !rows) slots(%slots : memref<?xi64>) cache(%cache : !kv)
  }
  return
}

// Callers make the check of a private function.
// CHECK-LABEL: func.func private @callee(
// CHECK-NEXT:    fp8attn.cache_view
// CHECK-LABEL: func.func @caller(
// CHECK:         fp8attn.check.view "cache", %{{.*}} page_bytes 16384
// CHECK:         call @callee
func.func private @callee(%bytes: memref<?xi8>, %other: !kv) {
  %cache = fp8attn.cache_view %bytes : memref<?xi8> to !kv
  fp8attn.repack %cache into %other : !kv, !kv
  return
}
func.func @caller(%bytes: memref<?xi8>, %other: !kv) {
  call @callee(%bytes, %other) : (memref<?xi8>, !kv) -> ()
  return
}
