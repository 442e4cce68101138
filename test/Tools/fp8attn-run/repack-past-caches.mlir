// RUN: fp8attn-run %s --check --context=16400 --threads=2 | FileCheck %s

// From 16 MB on, what is written goes past the caches, line by line, and the next page is
// fetched.
// CHECK-COUNT-4: check of {{.+}} passed
!nhd16 = !fp8attn.cache<key_value, heads = 4, head_dim = 128, page = 16, f8E4M3FN, #fp8attn.layout<nhd>>
!pairs = !fp8attn.cache<key_value, heads = 4, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!hnd32 = !fp8attn.cache<key_value, heads = 4, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<hnd>>
!tokens = !fp8attn.cache<key_value, heads = 4, head_dim = 128, page = 1, f8E4M3FN, #fp8attn.layout<nhd>>
func.func @move(%nhd: !nhd16, %pairs: !pairs, %hnd: !hnd32, %tokens: !tokens, %back: !pairs) {
  fp8attn.repack %nhd into %pairs : !nhd16, !pairs
  fp8attn.repack %pairs into %hnd : !pairs, !hnd32
  fp8attn.repack %hnd into %tokens : !hnd32, !tokens
  fp8attn.repack %tokens into %back : !tokens, !pairs
  return
}
