// RUN: fp8attn-compile %s --emit=header | FileCheck %s
// RUN: fp8attn-opt %s | fp8attn-compile --emit=header | FileCheck %s --check-prefix=PRINTED
// RUN: fp8attn-opt %s --emit-bytecode | fp8attn-compile --emit=header | FileCheck %s --check-prefix=PRINTED

// Arguments have the names of the text; a name that was given comes before, and
// the role stands in for what is no name in C, or not a user's.
// CHECK:      fp8attn_status quantize(fp8attn_context *context,
// CHECK-NEXT: const fp8attn_tensor *rows,
// CHECK-NEXT: const fp8attn_tensor *scale,
// CHECK-NEXT: const fp8attn_tensor *codes);
func.func @quantize(%rows: memref<?x128xbf16>, %float: memref<f32>, %y: memref<?x128xf8E5M2> {fp8attn.name = "codes"}) {
  fp8attn.quantize %rows scale(%float, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E5M2>
  return
}

// CHECK:      fp8attn_status numbered(fp8attn_context *context,
// CHECK-NEXT: const fp8attn_tensor *source,
// CHECK-NEXT: const fp8attn_tensor *arguments,
// CHECK-NEXT: const fp8attn_tensor *context_1);
// MLIR prints text without names.
// PRINTED:      fp8attn_status numbered(fp8attn_context *context,
// PRINTED-NEXT: const fp8attn_tensor *source,
// PRINTED-NEXT: const fp8attn_tensor *scale,
// PRINTED-NEXT: const fp8attn_tensor *destination);
func.func @numbered(%arg0: memref<?x128xbf16>, %arguments: memref<f32>, %context: memref<?x128xf8E5M2>) {
  fp8attn.quantize %arg0 scale(%arguments, affine_map<(t, c) -> ()>) into %context
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E5M2>
  return
}
