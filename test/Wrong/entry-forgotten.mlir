// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// One of two functions is marked.
// CHECK: error: 'fp8attn.quantize' op expects to stand in a function with 'fp8attn.entry', or in a private one that such functions call
!x = memref<?x64xf32>
!y = memref<?x64xf8E4M3FN>
func.func @write(%x: !x, %scale: memref<f32>, %y: !y) attributes {fp8attn.entry} {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y : !x, memref<f32>, !y
  return
}
func.func @write_too(%x: !x, %scale: memref<f32>, %y: !y) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y : !x, memref<f32>, !y
  return
}
