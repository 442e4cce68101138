// RUN: fp8attn-opt %s --convert-fp8attn-to-llvm | FileCheck %s
// RUN: fp8attn-opt %s --convert-fp8attn-to-llvm=runtime-checks=false | FileCheck %s --check-prefix=UNCHECKED

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>

// The body takes the context first and returns a status: 0 at its end, that of
// a check at once.
// CHECK-LABEL: llvm.func internal @f.impl
// CHECK-SAME:    (%[[CONTEXT:.+]]: !llvm.ptr
// CHECK:         %[[STATUS:.+]] = llvm.call @fp8attn_check_scale(%[[CONTEXT]]
// CHECK:         %[[BAD:.+]] = llvm.icmp "ne" %[[STATUS]]
// CHECK:         llvm.cond_br %[[BAD]], ^[[EXIT:.+]], ^[[GO_ON:bb[0-9]+]]
// CHECK:       ^[[GO_ON]]:
// CHECK:         %[[LOOP_STATUS:.+]] = llvm.call @fp8attn_parallel(%[[CONTEXT]]
// CHECK:         %[[LOOP_BAD:.+]] = llvm.icmp "ne" %[[LOOP_STATUS]]
// CHECK:         llvm.cond_br %[[LOOP_BAD]]
// CHECK:         %[[OK:.+]] = llvm.mlir.constant(0 : i32) : i32
// CHECK:         llvm.return %[[OK]]
// CHECK:       ^[[EXIT]]:
// CHECK:         llvm.return %[[STATUS]]
// CHECK:         llvm.return %[[LOOP_STATUS]]
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

// The entry point sets the floating-point environment, copies descriptors,
// checks and unpacks the copies, calls, and restores the environment on each of
// five ways out; its sibling tells the workspace.
// CHECK-LABEL: llvm.func @f(
// CHECK-SAME:    !llvm.ptr, %[[TENSOR:.+]]: !llvm.ptr, %[[CACHE:.+]]: !llvm.ptr, %{{.+}}: i64) -> i32
// CHECK:         %[[MODE:.+]] = llvm.call @fp8attn_enter_environment
// CHECK:         %[[NO_TENSOR:.+]] = llvm.icmp "eq" %[[TENSOR]],
// CHECK:         %[[FROM:.+]] = llvm.select %[[NO_TENSOR]], %{{.+}}, %[[TENSOR]]
// CHECK:         "llvm.intr.memcpy"(%[[COPY:.+]], %[[FROM]], %{{.+}}) <{isVolatile = true}>
// CHECK:         %[[CHECKED:.+]] = llvm.select %[[NO_TENSOR]], %{{.+}}, %[[COPY]]
// CHECK-NOT:     %[[TENSOR]]
// CHECK:         "llvm.intr.memcpy"(%[[CACHE_COPY:.+]], %{{.+}}, %{{.+}}) <{isVolatile = true}>
// CHECK:         %[[CHECKED_CACHE:.+]] = llvm.select %{{.+}}, %{{.+}}, %[[CACHE_COPY]]
// CHECK-NOT:     %[[CACHE]]{{[,)]}}
// CHECK:         llvm.call @fp8attn_check_context
// CHECK:         llvm.call @fp8attn_check_tensor(%{{.+}}, %[[CHECKED]], %{{.+}})
// CHECK:         %[[PAGE_BYTES:.+]] = llvm.mlir.constant(65536 : i64)
// CHECK:         llvm.call @fp8attn_check_cache(%{{.+}}, %[[CHECKED_CACHE]], {{.*}}, %[[PAGE_BYTES]])
// CHECK:         %[[SCRATCH:.+]] = llvm.mlir.constant(4096 : i64)
// CHECK:         llvm.call @fp8attn_check_workspace({{.*}}, %[[SCRATCH]])
// CHECK:         llvm.call @f.impl
// CHECK-COUNT-5: llvm.call @fp8attn_leave_environment(%[[MODE]]) : (i64) -> (){{[[:space:]]+}}llvm.return
// CHECK-NOT:     llvm.return
// CHECK-LABEL: llvm.func @f_workspace_bytes(
// CHECK-SAME:    i32) -> i64
// CHECK:         llvm.mlir.constant(4096 : i64)
// UNCHECKED-LABEL: llvm.func @f(
// UNCHECKED-NEXT:    %[[MODE:.+]] = llvm.call @fp8attn_enter_environment
// UNCHECKED-NOT:     llvm.call @fp8attn_check
// UNCHECKED:         %[[STATUS:.+]] = llvm.call @f.impl
// UNCHECKED-NEXT:    llvm.call @fp8attn_leave_environment(%[[MODE]])
// UNCHECKED-NEXT:    llvm.return %[[STATUS]]
