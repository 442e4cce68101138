// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// Integer division, which is undefined for some lanes.
// CHECK: error: 'fp8attn.attention' op expects no arith.divsi in a score region, which takes what is defined for all operands: memref.load, arith.constant, arith.addf,
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>) score {
      ^bb0(%score: f32, %batch: index, %head: index, %q: index, %key_position: index):
        %block = arith.constant 16 : index
        %group = arith.divsi %q, %block : index
        fp8attn.yield %score : f32
      }
  return
}
