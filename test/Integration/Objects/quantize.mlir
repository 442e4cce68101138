// What the hosts in C call.
func.func @quantize(%x: memref<?x32xbf16>, %scale: memref<f32>, %codes: memref<?x32xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %codes
      : memref<?x32xbf16>, memref<f32>, memref<?x32xf8E4M3FN>
  return
}
