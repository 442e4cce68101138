// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A scale of channels, which quantisation has not.
// CHECK: error: 'fp8attn.quantize' op expects results of the map of scale to be dimensions other than the last, got affine_map<(d0, d1) -> (d1)>
func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<128xf32>, %y: memref<?x128xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> (c)>) into %y
      : memref<?x128xbf16>, memref<128xf32>, memref<?x128xf8E4M3FN>
  return
}
