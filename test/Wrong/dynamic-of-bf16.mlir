// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// Scales are computed for FP8 and i8 only.
// CHECK: error: 'fp8attn.kv_write' op expects a cache of FP8 or i8, because dynamic computes scales
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16>
func.func @write(%key: memref<?x8x128xbf16>, %value: memref<?x8x128xbf16>, %slots: memref<?xi64>, %cache: !cache) {
  fp8attn.kv_write dynamic
      key(%key : memref<?x8x128xbf16>) value(%value : memref<?x8x128xbf16>)
      slots(%slots : memref<?xi64>) cache(%cache : !cache)
  return
}
