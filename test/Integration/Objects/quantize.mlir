// RUN: fp8attn-compile %s -o - --emit=header | FileCheck %s

// What the hosts in C call, as the header declares it.
// CHECK: fp8attn_status quantize(fp8attn_context *context,
// CHECK: int64_t quantize_workspace_bytes(int32_t num_workers);
func.func @quantize(%x: memref<?x32xbf16>, %scale: memref<f32>, %codes: memref<?x32xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %codes
      : memref<?x32xbf16>, memref<f32>, memref<?x32xf8E4M3FN>
  return
}
