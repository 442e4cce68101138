// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// Slots of the type of a block table.
// CHECK: error: 'fp8attn.kv_write' op expects slots to be a memref or tensor of 1 dimension and i64, got 'memref<?xi32>'
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16>
func.func @write(%key: memref<?x8x128xbf16>, %value: memref<?x8x128xbf16>, %slots: memref<?xi32>, %cache: !cache) {
  fp8attn.kv_write
      key(%key : memref<?x8x128xbf16>) value(%value : memref<?x8x128xbf16>)
      slots(%slots : memref<?xi32>) cache(%cache : !cache)
  return
}
