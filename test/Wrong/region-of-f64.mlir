// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A number that MLIR reads as an f64.
// CHECK: error: 'fp8attn.attention' op expects values of f32, bf16, f16, index, i1, i8, i32 or i64 in a score region, got 'f64' of arith.constant
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>) score {
      ^bb0(%score: f32, %batch: index, %head: index, %q: index, %key_position: index):
        %cap = arith.constant 30.0 : f64
        fp8attn.yield %score : f32
      }
  return
}
