// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A factor that is more precise than the scores.
// CHECK: error: 'fp8attn.attention' op expects softmax_scale to be f32, got 'f64'
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>,
                  %out: memref<2x8x?x64xbf16>, %scale: f64) {
  fp8attn.attention causal
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>) softmax_scale(%scale : f64)
  return
}
