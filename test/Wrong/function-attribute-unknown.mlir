// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// An attribute of the dialect that it does not define.
// CHECK: error: 'func.func' op expects no attribute 'fp8attn.inline' on an operation
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) attributes {fp8attn.inline} {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>)
  return
}
