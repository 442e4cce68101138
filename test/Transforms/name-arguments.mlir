// RUN: fp8attn-opt %s --fp8attn-name-arguments | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-name-arguments --fp8attn-name-arguments | FileCheck %s

// Arguments get the name of their role; a given name stays.
// CHECK-LABEL: func.func @quantize
// CHECK-SAME:    {fp8attn.name = "activations"}
// CHECK-SAME:    {fp8attn.name = "scale"}
// CHECK-SAME:    {fp8attn.name = "destination"}
func.func @quantize(%x: memref<?x128xbf16> {fp8attn.name = "activations"}, %s: memref<f32>, %y: memref<?x128xf8E5M2>) {
  fp8attn.quantize %x scale(%s, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E5M2>
  return
}

// A private function has no entry point.
// CHECK-LABEL: func.func private @helper
// CHECK-NOT:     fp8attn.name
func.func private @helper(%x: index) {
  return
}
