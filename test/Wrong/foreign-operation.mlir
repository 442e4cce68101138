// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// An operation that nobody lowered.
// CHECK: error: 'memref.dma_wait' op cannot be compiled; expects operations of affine, arith, cf, fp8attn, func, llvm, math, memref, scf and vector that LLVM has code for
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>, %x: memref<4xi32>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>)
  %c = arith.constant 0 : index
  memref.dma_wait %x[%c], %c : memref<4xi32>
  return
}
