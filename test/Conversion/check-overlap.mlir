// RUN: fp8attn-opt %s --convert-fp8attn-to-llvm | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>

// One call for all operands of an operation: two are written, the next one may
// be written in place. A status ends the function.
// CHECK-LABEL: llvm.func internal @check.impl
// CHECK-SAME:    (%[[CONTEXT:[a-z0-9]+]]: !llvm.ptr
// CHECK:         %[[FOUR:.+]] = llvm.mlir.constant(4 : i64)
// CHECK:         %[[OPERANDS:.+]] = llvm.alloca %[[FOUR]] x !llvm.struct<(ptr, struct<(ptr, i32, i32, array<4 x i64>, array<4 x i64>)>)>
// CHECK-COUNT-4: llvm.call @fp8attn.store_operand
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
// scalar has no sizes. What is known of an operand is a constant, which it begins
// with.
// CHECK-LABEL: llvm.func internal @bytes.impl
// CHECK:         %[[CACHE:.+]] = llvm.getelementptr %[[OPERANDS:.+]][0] : {{.+}}struct<(ptr, struct
// CHECK:         %[[KNOWN:.+]] = llvm.mlir.addressof @fp8attn.operand.cache.{{[0-9]+}}.n.65536.n.1
// CHECK:         llvm.call @fp8attn.store_operand.size0.stride0(%[[CACHE]], %[[KNOWN]], %{{.+}}, %{{.+}}, %{{.+}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64) -> ()
// CHECK:         %[[SCALE:.+]] = llvm.getelementptr %[[OPERANDS]][1]
// CHECK:         %[[KNOWN:.+]] = llvm.mlir.addressof @fp8attn.operand.scale.{{[0-9]+}} : !llvm.ptr
// CHECK:         llvm.call @fp8attn.store_operand(%[[SCALE]], %[[KNOWN]], %{{.+}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr) -> ()
// CHECK:         llvm.call @fp8attn_check_overlap
func.func @bytes(%cache: !kv {fp8attn.name = "cache"}, %scale: memref<f32> {fp8attn.name = "scale"}) {
  fp8attn.check.overlap ["cache", "scale"] written(%cache : !kv) read(%scale : memref<f32>)
  return
}

// A view is checked as a tensor, against its type: 32 elements in the last
// dimension, and any number in the first. Its type proves nothing.
// CHECK-LABEL: llvm.func internal @view
// CHECK-SAME:    (%[[CONTEXT:[a-z0-9]+]]: !llvm.ptr
// CHECK:         %[[OPERAND:.+]] = llvm.getelementptr %{{.+}}[0] : {{.+}}struct<(ptr, struct
// CHECK:         %[[KNOWN:.+]] = llvm.mlir.addressof @fp8attn.operand.rows.{{[0-9]+}}.n.n.n.n
// CHECK:         llvm.call @fp8attn.store_operand.size0.stride0.size1.stride1(%[[OPERAND]], %[[KNOWN]],
// CHECK:         %[[TENSOR:.+]] = llvm.getelementptr %[[OPERAND]][0, 1]
// CHECK:         %[[SPEC:.+]] = llvm.mlir.addressof @fp8attn.spec.rows.f32.n.32.32.1
// CHECK:         llvm.call @fp8attn_check_tensor(%[[CONTEXT]], %[[TENSOR]], %[[SPEC]])
func.func private @view(%rows: memref<?x32xf32, strided<[32, 1], offset: 32>>) {
  fp8attn.check.tensor "rows", %rows : memref<?x32xf32, strided<[32, 1], offset: 32>>
  return
}

// CHECK-LABEL: llvm.func internal @moves.impl
// CHECK:         %[[SOURCE:.+]] = llvm.getelementptr %[[OPERANDS:.+]][0] : {{.+}}struct<(ptr, struct
// CHECK:         %[[DESTINATION:.+]] = llvm.getelementptr %[[OPERANDS]][1] : {{.+}}struct<(ptr, struct
// CHECK:         llvm.call @fp8attn_check_page_moves(%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %[[SOURCE]], %[[DESTINATION]])
func.func @moves(%cache: !kv {fp8attn.name = "cache"}, %pages: memref<?x2xi32> {fp8attn.name = "pages"}) {
  fp8attn.check.page_moves %pages, %cache, %cache : memref<?x2xi32>, !kv, !kv
  return
}

// One letter an operand. There may be hundreds: arguments are not loaded, but filled in
// from their places in the frame.
// CHECK-LABEL: llvm.func internal @later.impl
// CHECK-SAME:    (%[[CONTEXT:[a-z0-9]+]]: !llvm.ptr, %[[FRAME:.+]]: !llvm.ptr
// CHECK-NOT:     llvm.load
// CHECK:         %[[OPERANDS:.+]] = llvm.alloca
// CHECK:         llvm.call @fp8attn.store_argument.7.n.65536.n.1(
// CHECK:         %[[PLACE:.+]] = llvm.getelementptr %[[FRAME]][3] : (!llvm.ptr) -> !llvm.ptr, i64
// CHECK:         %[[SECOND:.+]] = llvm.getelementptr %[[OPERANDS]][1] :
// CHECK:         %[[KNOWN:.+]] = llvm.mlir.addressof @fp8attn.operand.scale.
// CHECK:         llvm.call @fp8attn.store_argument.0.from.0(%[[SECOND]], %[[KNOWN]], %[[PLACE]])
// CHECK:         llvm.call @fp8attn.store_argument.4.n.n.n.1.from.0(
// CHECK:         %[[ORDER:.+]] = llvm.mlir.addressof @fp8attn.text.wrr
// CHECK:         llvm.call @fp8attn_check_later_reads(%[[CONTEXT]], %[[OPERANDS]], %[[ORDER]])
func.func @later(%cache: !kv {fp8attn.name = "cache"}, %scale: memref<f32> {fp8attn.name = "scale"},
                 %table: memref<?x?xi32> {fp8attn.name = "table"}) {
  fp8attn.check.later_reads "wrr" ["cache", "scale", "table"](%cache, %scale, %table) : !kv, memref<f32>, memref<?x?xi32>
  return
}

// The constant is completed by a function that all such operands share: the
// data, then the members that its name tells.
// CHECK-LABEL: llvm.func internal @fp8attn.store_operand.size0.stride0(
// CHECK-SAME:    %[[OPERAND:.+]]: !llvm.ptr, %[[KNOWN:.+]]: !llvm.ptr, %[[DATA:.+]]: !llvm.ptr, %[[SIZE:.+]]: i64, %[[STRIDE:.+]]: i64) attributes {no_inline}
// CHECK:         %[[BYTES:.+]] = llvm.mlir.constant(88 : i64)
// CHECK:         "llvm.intr.memcpy"(%[[OPERAND]], %[[KNOWN]], %[[BYTES]])
// CHECK:         %[[PLACE:.+]] = llvm.getelementptr %[[OPERAND]][0, 1, 0]
// CHECK:         llvm.store %[[DATA]], %[[PLACE]]
// CHECK:         %[[PLACE:.+]] = llvm.getelementptr %[[OPERAND]][0, 1, 3, 0]
// CHECK:         llvm.store %[[SIZE]], %[[PLACE]]
// CHECK:         %[[PLACE:.+]] = llvm.getelementptr %[[OPERAND]][0, 1, 4, 0]
// CHECK:         llvm.store %[[STRIDE]], %[[PLACE]]

// An argument is loaded there first.
// CHECK-LABEL: llvm.func internal @fp8attn.store_argument.4.n.n.n.1.from.0(
// CHECK-SAME:    %[[OPERAND:.+]]: !llvm.ptr, %[[KNOWN:.+]]: !llvm.ptr, %[[PLACE:.+]]: !llvm.ptr) attributes {no_inline}
// CHECK:         %[[PACKED:.+]] = llvm.load %[[PLACE]] : !llvm.ptr -> !llvm.struct<(ptr, i64, i64, i64)>
// CHECK:         llvm.call @fp8attn.store_operand.size0.stride0.size1(%[[OPERAND]], %[[KNOWN]],
