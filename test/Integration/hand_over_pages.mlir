// RUN: fp8attn-compile %s -o - --emit=header | FileCheck %s

// Caches of other programs, with their page sizes and element types, to the layout of the
// kernels and back. For HandOverPagesTest.cpp.
// CHECK: #define TAKE_NHD_SOURCE_PAGE_BYTES 4096
// CHECK: #define TAKE_TOKENS_SOURCE_PAGE_BYTES 256

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!nhd = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 16, f8E4M3FN, #fp8attn.layout<nhd>>
!hnd = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 16, f8E4M3FN, #fp8attn.layout<hnd>>
!packed = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<hnd_packed>>
!rows = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>
!tokens = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 1, f8E4M3FN, #fp8attn.layout<nhd>>
!vllm = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 16, f8E4M3FN, #fp8attn.layout<vllm_vector>>

func.func @take_nhd(%source: !nhd, %destination: !kv) {
  fp8attn.repack %source into %destination : !nhd, !kv
  return
}
func.func @give_nhd(%source: !kv, %destination: !nhd) {
  fp8attn.repack %source into %destination : !kv, !nhd
  return
}
func.func @take_hnd(%source: !hnd, %destination: !kv) {
  fp8attn.repack %source into %destination : !hnd, !kv
  return
}
func.func @give_hnd(%source: !kv, %destination: !hnd) {
  fp8attn.repack %source into %destination : !kv, !hnd
  return
}
func.func @take_packed(%source: !packed, %destination: !kv) {
  fp8attn.repack %source into %destination : !packed, !kv
  return
}
func.func @give_packed(%source: !kv, %destination: !packed) {
  fp8attn.repack %source into %destination : !kv, !packed
  return
}
func.func @take_rows(%source: !rows, %destination: !kv) {
  fp8attn.repack %source into %destination : !rows, !kv
  return
}
func.func @give_rows(%source: !kv, %destination: !rows) {
  fp8attn.repack %source into %destination : !kv, !rows
  return
}
func.func @take_tokens(%source: !tokens, %destination: !kv) {
  fp8attn.repack %source into %destination : !tokens, !kv
  return
}
func.func @give_tokens(%source: !kv, %destination: !tokens) {
  fp8attn.repack %source into %destination : !kv, !tokens
  return
}
func.func @take_vllm(%source: !vllm, %destination: !kv) {
  fp8attn.repack %source into %destination : !vllm, !kv
  return
}
func.func @give_vllm(%source: !kv, %destination: !vllm) {
  fp8attn.repack %source into %destination : !kv, !vllm
  return
}

func.func @take_listed(%source: !nhd, %destination: !kv, %pages: memref<?x3xi32>) {
  fp8attn.repack %source into %destination pages(%pages : memref<?x3xi32>) : !nhd, !kv
  return
}
func.func @give_listed(%source: !kv, %destination: !tokens, %pages: memref<?x33xi32>) {
  fp8attn.repack %source into %destination pages(%pages : memref<?x33xi32>) : !kv, !tokens
  return
}

#head = affine_map<(page, head, token, channel) -> (head)>
#page = affine_map<(page, head, token, channel) -> (page)>
!bf16 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 16, bf16, #fp8attn.layout<nhd>>
!e5m2 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E5M2, #fp8attn.layout<pairs>>
!fnuz = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 16, f8E4M3FNUZ, #fp8attn.layout<nhd>>

func.func @quantise_e4m3(%source: !bf16, %destination: !kv, %key_scale: memref<2xf32>, %value_scale: memref<?xf32>) {
  fp8attn.repack %source into %destination
      key_scale(%key_scale : memref<2xf32>, #head) value_scale(%value_scale : memref<?xf32>, #page) : !bf16, !kv
  return
}
func.func @quantise_e5m2(%source: !bf16, %destination: !e5m2, %key_scale: memref<2xf32>, %value_scale: memref<?xf32>) {
  fp8attn.repack %source into %destination
      key_scale(%key_scale : memref<2xf32>, #head) value_scale(%value_scale : memref<?xf32>, #page) : !bf16, !e5m2
  return
}
func.func @widen_e4m3(%source: !kv, %destination: !bf16, %key_scale: memref<2xf32>, %value_scale: memref<?xf32>) {
  fp8attn.repack %source into %destination
      key_scale(%key_scale : memref<2xf32>, #head) value_scale(%value_scale : memref<?xf32>, #page) : !kv, !bf16
  return
}
func.func @widen_e5m2(%source: !e5m2, %destination: !bf16, %key_scale: memref<2xf32>, %value_scale: memref<?xf32>) {
  fp8attn.repack %source into %destination
      key_scale(%key_scale : memref<2xf32>, #head) value_scale(%value_scale : memref<?xf32>, #page) : !e5m2, !bf16
  return
}
func.func @widen_fnuz(%source: !fnuz, %destination: !bf16, %key_scale: memref<2xf32>, %value_scale: memref<?xf32>) {
  fp8attn.repack %source into %destination
      key_scale(%key_scale : memref<2xf32>, #head) value_scale(%value_scale : memref<?xf32>, #page) : !fnuz, !bf16
  return
}
func.func @take_fnuz(%source: !fnuz, %destination: !kv) {
  fp8attn.repack %source into %destination : !fnuz, !kv
  return
}
func.func @give_fnuz(%source: !kv, %destination: !fnuz) {
  fp8attn.repack %source into %destination : !kv, !fnuz
  return
}
