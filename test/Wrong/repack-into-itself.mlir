// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A copy of all pages of a cache to themselves.
// CHECK: error: 'fp8attn.repack' op expects source and destination to be two caches without pages, got one
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @copy(%cache: !cache) {
  fp8attn.repack %cache into %cache : !cache, !cache
  return
}
