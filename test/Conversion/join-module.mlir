// RUN: fp8attn-opt %s --fp8attn-join-module | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-join-module --fp8attn-join-module | FileCheck %s

// A local function of the model makes way for that of others, a declaration of
// theirs is used, and calls of it are right.
// CHECK-LABEL: llvm.func @fp8attn_pool_size(!llvm.ptr) -> i32
// CHECK:       func.func @helper.impl(%{{.*}}: i32) -> i32
llvm.func @fp8attn_pool_size(!llvm.ptr) -> i32
func.func @helper.impl(%x: i32) -> i32 {
  return %x : i32
}

// The descriptor of a memref becomes a tensor on the stack of the function that
// calls the entry point; what is not of the model has no more types of ours.
// CHECK:       func.func @layer(%[[CONTEXT:.*]]: !llvm.ptr, %[[X:.*]]: memref<?x?xf32, strided<[?, 1], offset: ?>>,
// CHECK-SAME:    %[[CACHE:.*]]: !llvm.struct<(ptr, i64, i64)>, %[[N:.*]]: index) -> i32
// CHECK-NEXT:    %[[STATUS:.*]] = call @attend.call(%[[CONTEXT]], %[[X]], %[[CACHE]], %[[N]])
// CHECK-NEXT:    call @attend.call(
// CHECK-NEXT:    memref.cast
// CHECK-NEXT:    call @attend.call_0(
// CHECK-NEXT:    return %[[STATUS]]
!x = memref<?x?xf32, strided<[?, 1], offset: ?>>
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @layer(%context: !fp8attn.context, %x: !x, %cache: !kv, %n: index) -> i32 {
  %status = fp8attn.call @attend(%context, %x, %cache, %n) : !x, !kv, index
  %again = fp8attn.call @attend(%context, %x, %cache, %n) : !x, !kv, index
  %0 = memref.cast %x : !x to memref<?x?xf32, strided<[?, ?], offset: ?>>
  %other = fp8attn.call @attend(%context, %0, %cache, %n) : memref<?x?xf32, strided<[?, ?], offset: ?>>, !kv, index
  return %status : i32
}

// CHECK-NOT:   module
// CHECK:       llvm.func internal @helper.impl_0(
// CHECK:       llvm.func @attend(
// CHECK:         llvm.call @helper.impl_0(
// CHECK:         llvm.call @fp8attn_pool_size(
module @fp8attn.model {
  func.func private @layer()
  llvm.func @fp8attn_pool_size(!llvm.ptr) -> i32
  llvm.func internal @helper.impl(%x: i32) -> i32 {
    llvm.return %x : i32
  }
  llvm.func @attend(%context: !llvm.ptr, %x: !llvm.ptr, %cache: !llvm.ptr, %n: i64) -> i32 {
    %0 = llvm.mlir.constant(0 : i32) : i32
    %1 = llvm.call @helper.impl(%0) : (i32) -> i32
    %2 = llvm.call @fp8attn_pool_size(%context) : (!llvm.ptr) -> i32
    llvm.return %1 : i32
  }
}

// CHECK:       func.func private @attend.call(%[[CONTEXT:.*]]: !llvm.ptr, %[[X:.*]]: memref<{{.*}} attributes {llvm.linkage = #llvm.linkage<internal>}
// CHECK:         llvm.alloca %{{.*}} x !llvm.struct<(ptr, i32, i32, array<4 x i64>, array<4 x i64>)>
// CHECK:         %[[CACHE:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(ptr, i64, i64)>
// CHECK:         %[[STATUS:.*]] = llvm.call @attend(%[[CONTEXT]], %{{.*}}, %[[CACHE]], %{{.*}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64) -> i32
// CHECK:         return %[[STATUS]]
// CHECK:       func.func private @attend.call_0(
