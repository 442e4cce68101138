// RUN: fp8attn-opt %s --convert-fp8attn-to-llvm --split-input-file | FileCheck %s

// Lists are handed to the runtime with their batch; the window has one side.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
// CHECK-LABEL: llvm.func {{.*}}@check
// CHECK-DAG:     %[[UNIT:.+]] = llvm.mlir.constant(1 : i64)
// CHECK-DAG:     %[[PAGE:.+]] = llvm.mlir.constant(32 : i64)
// CHECK:         %[[STATUS:.+]] = llvm.call @fp8attn_check_selection(%{{.+}}, %{{.+}}, %{{.+}}, {{.*}}) : (!llvm.ptr, !llvm.ptr, i64, !llvm.ptr, i64, i64, i64, i64, !llvm.ptr, i64, !llvm.ptr, i64, !llvm.ptr, i64, i64, i64, i64, i64, i64, i64, i64) -> i32
func.func @check(%list: memref<?x?xi32>, %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %query: memref<?x4x64xbf16>, %cache: !cache) {
  %c0 = arith.constant 0 : index
  %tokens = memref.dim %query, %c0 : memref<?x4x64xbf16>
  fp8attn.check.selection "selected_tokens" unit 1, %list, %starts, %lens, %table, %tokens, %cache
      alignment = top_left : memref<?x?xi32>, memref<?xi32>, memref<?xi32>, memref<?x?xi32>, !cache
  return
}

// -----

// Copies are of all heads: 64 bytes of keys of a token, and as many of values, of a byte
// each.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
// CHECK-LABEL: llvm.func {{.*}}@copy
// CHECK:         llvm.call @fp8attn_select_tokens({{.*}}) : (!llvm.ptr, i64, i64, i64, !llvm.ptr, !llvm.ptr, i64, !llvm.ptr, i64, i64, i64, i64, !llvm.ptr, i64, i64) -> i64
// CHECK:         llvm.call @fp8attn_gather_tokens({{.*}}) : (!llvm.ptr, i64, i64, !llvm.ptr, i64, !llvm.ptr, i64, i64, i64, i64, i64, i64, i64) -> ()
// CHECK:         llvm.call @fp8attn_select_pages({{.*}}) : (!llvm.ptr, i64, i64, i64, !llvm.ptr, !llvm.ptr, i64, !llvm.ptr, i64, i64, i64, i64, !llvm.ptr, i64, i64) -> i64
func.func @copy(%list: memref<?x?xi32>, %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %places: memref<?x?xi64>, %pages: memref<?x?xi32>, %counts: memref<?xi64>, %from: !cache, %to: !cache) {
  %c0 = arith.constant 0 : index
  %keys = fp8attn.tile.select_tokens %list[%c0], %starts, %lens, %table into %places[%c0] window_right = 0
      {page = 32} : memref<?x?xi32>, memref<?xi32>, memref<?xi32>, memref<?x?xi32>, memref<?x?xi64>
  fp8attn.tile.gather_tokens %places[%c0] from %c0 to %keys, %from into %to at %c0 : memref<?x?xi64>, !cache
  %few = fp8attn.tile.select_pages %list[%c0], %starts, %lens, %table into %pages[%c0]
      {page = 32} : memref<?x?xi32>, memref<?xi32>, memref<?xi32>, memref<?x?xi32>, memref<?x?xi32>
  %count = arith.index_cast %few : index to i64
  memref.store %count, %counts[%c0] : memref<?xi64>
  return
}
