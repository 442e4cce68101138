// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A copy that needs a library of MLIR's.
// CHECK: error: expects memref.copy between memrefs whose elements lie one after the other, because objects do without the library that copies between strides
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>, %x: memref<4x4xf32>, %y: memref<4x4xf32, strided<[8, 1]>>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>)
  memref.copy %x, %y : memref<4x4xf32> to memref<4x4xf32, strided<[8, 1]>>
  return
}
