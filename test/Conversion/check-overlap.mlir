// RUN: fp8attn-opt %s --convert-fp8attn-to-llvm | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>

// One call for all operands of an operation: two are written, the next one may
// be written in place. A status ends the function.
// CHECK-LABEL: llvm.func internal @check.impl
// CHECK-SAME:    (%[[CONTEXT:.+]]: !llvm.ptr
// CHECK:         %[[FOUR:.+]] = llvm.mlir.constant(4 : i64)
// CHECK:         %[[OPERANDS:.+]] = llvm.alloca %[[FOUR]] x !llvm.struct<(ptr, struct<(ptr, i32, i32, array<4 x i64>, array<4 x i64>)>)>
// CHECK-COUNT-4: llvm.store %{{.+}}, %{{.+}} : !llvm.struct<(ptr, struct<(ptr, i32, i32, array<4 x i64>, array<4 x i64>)>)>, !llvm.ptr
// CHECK-DAG:     %[[ALL:.+]] = llvm.mlir.constant(4 : i64)
// CHECK-DAG:     %[[WRITTEN:.+]] = llvm.mlir.constant(2 : i64)
// CHECK-DAG:     %[[IN_PLACE:.+]] = llvm.mlir.constant(1 : i64)
// CHECK:         %[[STATUS:.+]] = llvm.call @fp8attn_check_overlap(%[[CONTEXT]], %[[OPERANDS]], %[[ALL]], %[[WRITTEN]], %[[IN_PLACE]])
// CHECK:         %[[BAD:.+]] = llvm.icmp "ne" %[[STATUS]]
// CHECK:         llvm.cond_br %[[BAD]]
func.func @check(%out: memref<?x8x64xbf16> {fp8attn.name = "out"}, %lse: memref<?x8xf32> {fp8attn.name = "lse"},
                 %query: memref<?x8x64xbf16> {fp8attn.name = "query"}, %cache: !kv {fp8attn.name = "cache"}) {
  fp8attn.check.overlap ["out", "lse", "query", "cache"]
      written(%out, %lse : memref<?x8x64xbf16>, memref<?x8xf32>)
      in_place(%query : memref<?x8x64xbf16>) read(%cache : !kv)
  return
}

// A cache is the bytes of its pages, 64 KB each, which may be further apart; a
// scalar has no sizes.
// CHECK-LABEL: llvm.func internal @bytes.impl
// CHECK:         %[[PAGES:.+]] = llvm.extractvalue %{{.+}}[1] : !llvm.struct<(ptr, i64, i64)>
// CHECK:         %[[DISTANCE:.+]] = llvm.extractvalue %{{.+}}[2] : !llvm.struct<(ptr, i64, i64)>
// CHECK:         llvm.insertvalue %[[PAGES]], %{{.+}}[1, 3, 0]
// CHECK:         llvm.insertvalue %[[DISTANCE]], %{{.+}}[1, 4, 0]
// CHECK:         %[[PAGE_BYTES:.+]] = llvm.mlir.constant(65536 : i64)
// CHECK:         llvm.insertvalue %[[PAGE_BYTES]], %{{.+}}[1, 3, 1]
// CHECK-NOT:     llvm.insertvalue %{{.+}}, %{{.+}}[1, 3, 2]
// CHECK:         llvm.call @fp8attn_check_overlap
func.func @bytes(%cache: !kv {fp8attn.name = "cache"}, %scale: memref<f32> {fp8attn.name = "scale"}) {
  fp8attn.check.overlap ["cache", "scale"] written(%cache : !kv) read(%scale : memref<f32>)
  return
}
