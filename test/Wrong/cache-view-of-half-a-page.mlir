// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// CHECK: error: 'fp8attn.cache_view' op expects memory of whole pages of 16384 bytes, got 8192 bytes of 'memref<8192xi8>'
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
func.func @write(%x: memref<?x2x64xbf16>, %slots: memref<?xi64>, %bytes: memref<8192xi8>) {
  %cache = fp8attn.cache_view %bytes : memref<8192xi8> to !kv
  fp8attn.kv_write key(%x : memref<?x2x64xbf16>) value(%x : memref<?x2x64xbf16>) slots(%slots : memref<?xi64>)
      cache(%cache : !kv)
  return
}
