// RUN: fp8attn-opt %s --fp8attn-share-operations | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-share-operations --fp8attn-share-operations | FileCheck %s
// RUN: fp8attn-opt %s --mlir-disable-threading --pass-pipeline='builtin.module(builtin.module(fp8attn-share-operations))' | FileCheck %s --check-prefix=MODULES

// Operations that are equal, but for the values that they take, call one function.
// Constants go with them.
// CHECK-LABEL: func.func @equal(
// CHECK-SAME:    %[[X:.+]]: memref<?x32xf32>, %[[Y:.+]]: memref<?x32xf32>, %[[SCALE:.+]]: memref<f32>, %[[A:.+]]: memref<?x32xf8E4M3FN>, %[[B:.+]]: memref<?x32xf8E4M3FN>)
// CHECK-NOT:     fp8attn.quantize
// CHECK:         call @equal.quantize(%[[X]], %[[SCALE]], %[[A]])
// CHECK:         call @equal.quantize(%[[Y]], %[[SCALE]], %[[B]])
// CHECK:         scf.if
// CHECK-NEXT:      func.call @equal.quantize(%[[Y]], %[[SCALE]], %[[A]])
!codes = memref<?x32xf8E4M3FN>
func.func @equal(%x: memref<?x32xf32>, %y: memref<?x32xf32>, %scale: memref<f32>, %a: !codes, %b: !codes) {
  %true = arith.constant true
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %a : memref<?x32xf32>, memref<f32>, !codes
  fp8attn.quantize %y scale(%scale, affine_map<(t, c) -> ()>) into %b : memref<?x32xf32>, memref<f32>, !codes
  scf.if %true {
    fp8attn.quantize %y scale(%scale, affine_map<(t, c) -> ()>) into %a : memref<?x32xf32>, memref<f32>, !codes
  }
  return
}
// CHECK:       func.func private @equal.quantize(%[[X:.+]]: memref<?x32xf32>, %[[SCALE:.+]]: memref<f32>, %[[CODES:.+]]: memref<?x32xf8E4M3FN>) attributes {no_inline} {
// CHECK-NEXT:    fp8attn.quantize %[[X]] scale(%[[SCALE]], {{.+}}) into %[[CODES]]
// CHECK-NEXT:    return

// Another function calls what is made already. An operation that a function has once
// stays, also if another function has made one of it.
// CHECK-LABEL: func.func @again
// CHECK:         call @equal.quantize
// CHECK:         call @equal.quantize
// CHECK-LABEL: func.func @once
// CHECK:         fp8attn.quantize
func.func @again(%x: memref<?x32xf32>, %scale: memref<f32>, %a: !codes) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %a : memref<?x32xf32>, memref<f32>, !codes
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %a : memref<?x32xf32>, memref<f32>, !codes
  return
}
func.func @once(%x: memref<?x32xf32>, %scale: memref<f32>, %a: !codes) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %a : memref<?x32xf32>, memref<f32>, !codes
  return
}

// What differs in an attribute or a type stays.
// CHECK-LABEL: func.func @different
// CHECK-NOT:     call
// CHECK:         fp8attn.quantize
// CHECK:         fp8attn.quantize
// CHECK:         fp8attn.quantize
func.func @different(%x: memref<?x32xf32>, %y: memref<?x32xbf16>, %scale: memref<f32>, %rows: memref<?xf32>, %a: !codes) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %a : memref<?x32xf32>, memref<f32>, !codes
  fp8attn.quantize %y scale(%scale, affine_map<(t, c) -> ()>) into %a : memref<?x32xbf16>, memref<f32>, !codes
  fp8attn.quantize %x scale(%rows, affine_map<(t, c) -> (t)>) into %a : memref<?x32xf32>, memref<?xf32>, !codes
  return
}

// What regions use is taken from where the operation stands; the name is free.
// CHECK-LABEL: func.func @regions
// CHECK-SAME:    %[[SLOPE:[a-z0-9]+]]: f32) {
// CHECK:         call @regions.attention_0(%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %[[SLOPE]])
// CHECK:         call @regions.attention_0(%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %[[SLOPE]])
// CHECK:       func.func private @regions.attention_0
// CHECK-SAME:    %[[INNER:[a-z0-9]+]]: f32) attributes {no_inline} {
// CHECK:         arith.constant 2.0
// CHECK:         fp8attn.attention
// CHECK:         arith.mulf %{{.+}}, %[[INNER]]
!q = memref<1x2x?x64xbf16>
func.func private @regions.attention() {
  return
}
func.func @regions(%q: !q, %k: !q, %v: !q, %out: !q, %slope: f32) {
  %two = arith.constant 2.0 : f32
  fp8attn.attention query(%q : !q) key(%k : !q) value(%v : !q) out(%out : !q) score {
  ^bb0(%score: f32, %entry: index, %head: index, %query: index, %key: index):
    %scaled = arith.mulf %score, %slope : f32
    %more = arith.mulf %scaled, %two : f32
    fp8attn.yield %more : f32
  }
  fp8attn.attention query(%q : !q) key(%k : !q) value(%v : !q) out(%out : !q) score {
  ^bb0(%score: f32, %entry: index, %head: index, %query: index, %key: index):
    %scaled = arith.mulf %score, %slope : f32
    %more = arith.mulf %scaled, %two : f32
    fp8attn.yield %more : f32
  }
  return
}

// A function is of one module: on one thread, both of these are of one instance of the
// pass.
// MODULES-LABEL: func.func @first(
// MODULES:         call @first.quantize(
// MODULES:         call @first.quantize(
// MODULES:       func.func private @first.quantize(
// MODULES-LABEL: func.func @first_once(
// MODULES:         fp8attn.quantize
// MODULES-LABEL: func.func @second(
// MODULES:         call @second.quantize(
// MODULES:         call @second.quantize(
// MODULES:       func.func private @second.quantize(
// MODULES-LABEL: func.func @second_once(
// MODULES:         fp8attn.quantize
module {
  func.func @first(%x: memref<?x32xf32>, %scale: memref<f32>, %a: !codes) {
    fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %a : memref<?x32xf32>, memref<f32>, !codes
    fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %a : memref<?x32xf32>, memref<f32>, !codes
    return
  }
  func.func @first_once(%x: memref<?x64xf32>, %scale: memref<f32>, %a: memref<?x64xf8E4M3FN>) {
    fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %a : memref<?x64xf32>, memref<f32>, memref<?x64xf8E4M3FN>
    return
  }
}
module {
  func.func @second(%x: memref<?x32xf32>, %scale: memref<f32>, %a: !codes) {
    fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %a : memref<?x32xf32>, memref<f32>, !codes
    fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %a : memref<?x32xf32>, memref<f32>, !codes
    return
  }
  func.func @second_once(%x: memref<?x64xf32>, %scale: memref<f32>, %a: memref<?x64xf8E4M3FN>) {
    fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %a : memref<?x64xf32>, memref<f32>, memref<?x64xf8E4M3FN>
    return
  }
}
