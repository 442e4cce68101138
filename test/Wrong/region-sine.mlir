// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A function that regions have not.
// CHECK: error: 'fp8attn.attention' op expects no math.sin in a score region
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>) score {
      ^bb0(%score: f32, %batch: index, %head: index, %q: index, %key_position: index):
        %new = math.sin %score : f32
        fp8attn.yield %new : f32
      }
  return
}
