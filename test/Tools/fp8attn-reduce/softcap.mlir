// RUN: fp8attn-reduce %s -reduction-tree='traversal-mode=0 test=%S/Inputs/has_softcap.sh' | FileCheck %s

// Of three functions there remains the one with a softcap, and in it the operation
// that has it.

// CHECK-NOT: @before
// CHECK-LABEL: func.func @capped
// CHECK-NEXT: fp8attn.attention {{.*}}softcap = 5.000000e+01
// CHECK-NOT: fp8attn
// CHECK-NOT: @behind

func.func @before(%query: memref<2x4x?x8xf32>, %key: memref<2x4x?x8xf32>, %out: memref<2x4x?x8xf32>) {
  fp8attn.attention query(%query : memref<2x4x?x8xf32>) key(%key : memref<2x4x?x8xf32>)
      value(%key : memref<2x4x?x8xf32>) out(%out : memref<2x4x?x8xf32>)
  return
}

func.func @capped(%query: memref<2x4x?x8xf32>, %key: memref<2x4x?x8xf32>, %out: memref<2x4x?x8xf32>) {
  fp8attn.attention query(%query : memref<2x4x?x8xf32>) key(%key : memref<2x4x?x8xf32>)
      value(%key : memref<2x4x?x8xf32>) out(%out : memref<2x4x?x8xf32>)
  fp8attn.attention query(%query : memref<2x4x?x8xf32>) key(%key : memref<2x4x?x8xf32>)
      value(%key : memref<2x4x?x8xf32>) out(%out : memref<2x4x?x8xf32>) {softcap = 50.0 : f32}
  return
}

func.func @behind() {
  return
}
