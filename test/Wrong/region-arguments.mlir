// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A region that takes a score only.
// CHECK: error: 'fp8attn.attention' op expects a score region that takes (f32, index, index, index, index), got ('f32')
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>) score {
      ^bb0(%score: f32):
        fp8attn.yield %score : f32
      }
  return
}
