// RUN: fp8attn-opt %s --convert-fp8attn-to-llvm | FileCheck %s
// RUN: fp8attn-opt %s --convert-fp8attn-to-llvm=runtime-checks=false | FileCheck %s --check-prefix=UNCHECKED

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>

// The body takes the context first and returns a status: 0 at its end, that of
// a check at once.
// CHECK-LABEL: llvm.func internal @f.impl
// CHECK-SAME:    (%[[CONTEXT:[a-z0-9]+]]: !llvm.ptr
// CHECK:         %[[STATUS:.+]] = llvm.call @fp8attn_check_scale(%[[CONTEXT]]
// CHECK:         %[[BAD:.+]] = llvm.icmp "ne" %[[STATUS]]
// CHECK:         llvm.cond_br %[[BAD]], ^[[EXIT:bb[0-9]+]](%[[STATUS]] : i32), ^[[GO_ON:bb[0-9]+]]
// CHECK:       ^[[GO_ON]]:
// CHECK:         %[[LOOP_STATUS:.+]] = llvm.call @fp8attn_parallel(%[[CONTEXT]]
// CHECK:         %[[LOOP_BAD:.+]] = llvm.icmp "ne" %[[LOOP_STATUS]]
// CHECK:         llvm.cond_br %[[LOOP_BAD]], ^[[EXIT]](%[[LOOP_STATUS]] : i32)
// CHECK:         %[[OK:.+]] = llvm.mlir.constant(0 : i32) : i32
// CHECK:         llvm.return %[[OK]]
// CHECK:       ^[[EXIT]](%[[FAILED:.+]]: i32):
// CHECK:         llvm.return %[[FAILED]]
func.func @f(%scale: memref<8xf32> {fp8attn.name = "scale"}, %cache: !kv {fp8attn.name = "cache"}, %n: index) {
  fp8attn.check.scale "scale", %scale : memref<8xf32>
  fp8attn.parallel_for @f.body count %n captures(%cache) : !kv
  return
}

// A worker's scratch begins at its number times the size.
// CHECK-LABEL: llvm.func internal @f.body
// CHECK-SAME:    (%{{.+}}: !llvm.ptr, %{{.+}}: i64, %{{.+}}: i64, %[[WORKER:.+]]: i64
// CHECK:         %[[BYTES:.+]] = llvm.mlir.constant(4096 : i64)
// CHECK:         llvm.mul %[[WORKER]], %[[BYTES]]
// CHECK:         llvm.call @fp8attn_uk_tile_begin_amx_bf16()
// CHECK:         llvm.call @fp8attn_uk_init_x(%{{.+}}) : (i64, i64, !llvm.ptr, !llvm.ptr, !llvm.ptr) -> ()
func.func private @f.body(%begin: index, %end: index, %worker: index, %cache: !kv) {
  %scratch = fp8attn.worker_scratch : memref<4096xi8>
  fp8attn.ukernel.tile_begin
  fp8attn.ukernel.call @fp8attn_uk_init_x(%begin, %end, %scratch, %scratch, %scratch)
      : index, index, memref<4096xi8>, memref<4096xi8>, memref<4096xi8>
  fp8attn.ukernel.tile_end
  return
}

// The loop's range comes through a function of the host's signature.
// CHECK-LABEL: llvm.func internal @f.body.range
// CHECK-SAME:    (%{{.+}}: !llvm.ptr, %{{.+}}: i64, %{{.+}}: i64, %{{.+}}: i32)

// The entry point sets the floating-point environment, has each argument taken, calls,
// and restores the environment on both ways out; its sibling tells the workspace.
// CHECK-LABEL: llvm.func @f(
// CHECK-SAME:    !llvm.ptr, %[[TENSOR:.+]]: !llvm.ptr, %[[CACHE:.+]]: !llvm.ptr, %[[N:.+]]: i64) -> i32
// CHECK:         %[[FRAME:.+]] = llvm.alloca %{{.+}} x i64
// CHECK:         %[[MODE:.+]] = llvm.call @fp8attn_enter_environment
// CHECK:         llvm.call @fp8attn_check_context
// CHECK:         %[[PLACE:.+]] = llvm.getelementptr %[[FRAME]][0]
// CHECK:         %[[SPEC:.+]] = llvm.mlir.addressof @fp8attn.spec.
// CHECK:         llvm.call @fp8attn.take_tensor(%{{.+}}, %[[PLACE]], %[[TENSOR]], %[[SPEC]])
// CHECK:         %[[PLACE:.+]] = llvm.getelementptr %[[FRAME]][1]
// CHECK:         %[[PAGE_BYTES:.+]] = llvm.mlir.constant(65536 : i64)
// CHECK:         llvm.call @fp8attn.take_cache(%{{.+}}, %[[PLACE]], %[[CACHE]], %{{.+}}, %[[PAGE_BYTES]])
// CHECK:         %[[SCRATCH:.+]] = llvm.mlir.constant(4096 : i64)
// CHECK:         llvm.call @fp8attn_check_workspace({{.*}}, %[[SCRATCH]])
// CHECK:         llvm.call @f.impl(%{{.+}}, %[[FRAME]], %[[N]])
// CHECK-COUNT-2: llvm.call @fp8attn_leave_environment(%[[MODE]]) : (i64) -> (){{[[:space:]]+}}llvm.return
// CHECK-NOT:     llvm.return

// A descriptor, which may be null, is read once, as a whole; the copy is checked, and
// what the body needs of it stored.
// CHECK-LABEL: llvm.func internal @fp8attn.take_tensor(
// CHECK-SAME:    %[[CONTEXT:.+]]: !llvm.ptr, %[[PLACE:.+]]: !llvm.ptr, %[[FROM:.+]]: !llvm.ptr, %[[SPEC:.+]]: !llvm.ptr) -> i32 attributes {no_inline} {
// CHECK:         %[[COPY:.+]] = llvm.alloca %{{.+}} x !llvm.struct<
// CHECK:         %[[IS_NULL:.+]] = llvm.icmp "eq" %[[FROM]],
// CHECK:         %[[SOURCE:.+]] = llvm.select %[[IS_NULL]], %{{.+}}, %[[FROM]]
// CHECK-NOT:     %[[FROM]]
// CHECK:         %[[BYTES:.+]] = llvm.mlir.constant(80 : i64)
// CHECK:         "llvm.intr.memcpy"(%[[COPY]], %[[SOURCE]], %[[BYTES]]) <{isVolatile = true}>
// CHECK:         %[[CHECKED:.+]] = llvm.select %[[IS_NULL]], %{{.+}}, %[[COPY]]
// CHECK:         llvm.call @fp8attn_check_tensor(%[[CONTEXT]], %[[CHECKED]], %[[SPEC]])
// CHECK:         %[[DATA:.+]] = llvm.getelementptr %[[COPY]][0, 0]
// CHECK:         llvm.load %[[DATA]]
// CHECK:         llvm.store %{{.+}}, %[[PLACE]] : !llvm.struct<(ptr)>
// CHECK-LABEL: llvm.func internal @fp8attn.take_cache(
// CHECK-SAME:    %[[CONTEXT:.+]]: !llvm.ptr, %[[PLACE:.+]]: !llvm.ptr, %[[FROM:.+]]: !llvm.ptr, %[[NAME:.+]]: !llvm.ptr, %[[PAGE_BYTES:.+]]: i64) -> i32 attributes {no_inline} {
// CHECK:         %[[COPY:.+]] = llvm.alloca
// CHECK:         "llvm.intr.memcpy"(%[[COPY]],
// CHECK:         llvm.call @fp8attn_check_cache(%[[CONTEXT]], %{{.+}}, %[[NAME]], %[[PAGE_BYTES]])
// CHECK:         %[[PAGES:.+]] = llvm.load %[[COPY]] : !llvm.ptr -> !llvm.struct<(ptr, i64, i64)>
// CHECK:         llvm.store %[[PAGES]], %[[PLACE]]
// CHECK-LABEL: llvm.func @f_workspace_bytes(
// CHECK-SAME:    i32) -> i64
// CHECK:         llvm.mlir.constant(4096 : i64)
// UNCHECKED-LABEL: llvm.func @f(
// UNCHECKED:         %[[MODE:.+]] = llvm.call @fp8attn_enter_environment
// UNCHECKED-NOT:     llvm.call @fp8attn_check
// UNCHECKED:         %[[STATUS:.+]] = llvm.call @f.impl
// UNCHECKED-NEXT:    llvm.call @fp8attn_leave_environment(%[[MODE]])
// UNCHECKED-NEXT:    llvm.return %[[STATUS]]
