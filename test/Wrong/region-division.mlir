// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// Integer division by what may be 0.
// CHECK: error: 'fp8attn.attention' op expects arith.divsi of a score region by a constant other than 0 and -1, got a value that is not constant
// CHECK: note: the operation is here
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>) score {
      ^bb0(%score: f32, %batch: index, %head: index, %q: index, %key_position: index):
        %group = arith.divsi %q, %key_position : index
        fp8attn.yield %score : f32
      }
  return
}
