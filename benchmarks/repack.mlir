// Hand-over of caches, for fp8attn-bench --filter=repack.

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!nhd16 = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 16, f8E4M3FN, #fp8attn.layout<nhd>>
!hnd32 = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<hnd>>
!tokens = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 1, f8E4M3FN, #fp8attn.layout<nhd>>
!bf16 = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 16, bf16, #fp8attn.layout<nhd>>
#head = affine_map<(page, head, token, channel) -> (head)>

func.func @bench_take_nhd16(%source: !nhd16, %destination: !kv) {
  fp8attn.repack %source into %destination : !nhd16, !kv
  return
}
func.func @bench_give_nhd16(%source: !kv, %destination: !nhd16) {
  fp8attn.repack %source into %destination : !kv, !nhd16
  return
}
func.func @bench_take_hnd32(%source: !hnd32, %destination: !kv) {
  fp8attn.repack %source into %destination : !hnd32, !kv
  return
}
func.func @bench_give_hnd32(%source: !kv, %destination: !hnd32) {
  fp8attn.repack %source into %destination : !kv, !hnd32
  return
}
func.func @bench_take_tokens(%source: !tokens, %destination: !kv) {
  fp8attn.repack %source into %destination : !tokens, !kv
  return
}
func.func @bench_regroup(%source: !hnd32, %destination: !nhd16) {
  fp8attn.repack %source into %destination : !hnd32, !nhd16
  return
}
func.func @bench_quantise_nhd16(%source: !bf16, %destination: !kv, %key_scale: memref<8xf32>, %value_scale: memref<8xf32>) {
  fp8attn.repack %source into %destination
      key_scale(%key_scale : memref<8xf32>, #head) value_scale(%value_scale : memref<8xf32>, #head) : !bf16, !kv
  return
}
func.func @bench_widen_nhd16(%source: !kv, %destination: !bf16, %key_scale: memref<8xf32>, %value_scale: memref<8xf32>) {
  fp8attn.repack %source into %destination
      key_scale(%key_scale : memref<8xf32>, #head) value_scale(%value_scale : memref<8xf32>, #head) : !kv, !bf16
  return
}
