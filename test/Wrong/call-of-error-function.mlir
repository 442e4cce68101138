// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A function of a mathematical library.
// CHECK: error: 'math.erf' op would call a mathematical library, which objects do without; expects tanh, exp, exp2, log or log2 of f32, or sqrt, rsqrt, absf or copysign
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>, %x: memref<4xf32>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>)
  %c = arith.constant 0 : index
  %a = memref.load %x[%c] : memref<4xf32>
  %b = math.erf %a : f32
  memref.store %b, %x[%c] : memref<4xf32>
  return
}
