// Entry points that can be given any number of rows without an element, for
// EmptyTensorsTest.cpp.
// RUN: fp8attn-compile %s -o %t.o

!heads = memref<?x2x?x64xf32>
!lse = memref<?x2x?xf32>

func.func @quantize(%x: memref<?x?x?x?xf32>, %scale: memref<f32>, %codes: memref<?x?x?x?xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(a, b, c, d) -> ()>) into %codes
      : memref<?x?x?x?xf32>, memref<f32>, memref<?x?x?x?xf8E4M3FN>
  return
}

func.func @dequantize(%codes: memref<?x?x?x?xf8E4M3FN>, %scale: memref<f32>, %y: memref<?x?x?x?xf32>) {
  fp8attn.dequantize %codes scale(%scale, affine_map<(a, b, c, d) -> ()>) into %y
      : memref<?x?x?x?xf8E4M3FN>, memref<f32>, memref<?x?x?x?xf32>
  return
}

func.func @merge(%a: !heads, %a_lse: !lse, %b: !heads, %b_lse: !lse, %out: !heads, %lse: !lse) {
  fp8attn.merge first(%a, %a_lse : !heads, !lse) second(%b, %b_lse : !heads, !lse)
      into(%out, %lse : !heads, !lse)
  return
}

func.func @attend(%query: !heads, %key: !heads, %value: !heads, %out: !heads) {
  fp8attn.attention causal query(%query : !heads) key(%key : !heads) value(%value : !heads) out(%out : !heads)
  return
}
