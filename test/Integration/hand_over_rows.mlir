// RUN: fp8attn-compile %s -o - --emit=header | FileCheck %s

// Latent caches with scales and bf16 channels in the rows of tokens, as engines keep them for
// FlashMLA, to the layout of the kernels and back. For HandOverRowsTest.cpp.
// CHECK: #define TAKE_1_SOURCE_PAGE_BYTES 656
// CHECK: #define TAKE_64_SOURCE_PAGE_BYTES 41984

!kv = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
!rows1 = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 1, f8E4M3FN, #fp8attn.layout<flash_mla>>
!rows16 = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 16, f8E4M3FN, #fp8attn.layout<flash_mla>>
!rows32 = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<flash_mla>>
!rows64 = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<flash_mla>>
!scales = memref<?x1x64x4xf32>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 128)>

func.func @take_1(%source: !rows1, %destination: !kv, %scale: !scales) {
  fp8attn.repack %source into %destination key_scale(%scale : !scales, #block) : !rows1, !kv
  return
}
func.func @give_1(%source: !kv, %destination: !rows1, %scale: !scales) {
  fp8attn.repack %source into %destination key_scale(%scale : !scales, #block) : !kv, !rows1
  return
}
func.func @take_16(%source: !rows16, %destination: !kv, %scale: !scales) {
  fp8attn.repack %source into %destination key_scale(%scale : !scales, #block) : !rows16, !kv
  return
}
func.func @give_16(%source: !kv, %destination: !rows16, %scale: !scales) {
  fp8attn.repack %source into %destination key_scale(%scale : !scales, #block) : !kv, !rows16
  return
}
func.func @take_32(%source: !rows32, %destination: !kv, %scale: !scales) {
  fp8attn.repack %source into %destination key_scale(%scale : !scales, #block) : !rows32, !kv
  return
}
func.func @give_32(%source: !kv, %destination: !rows32, %scale: !scales) {
  fp8attn.repack %source into %destination key_scale(%scale : !scales, #block) : !kv, !rows32
  return
}
func.func @take_64(%source: !rows64, %destination: !kv, %scale: !scales) {
  fp8attn.repack %source into %destination key_scale(%scale : !scales, #block) : !rows64, !kv
  return
}
func.func @give_64(%source: !kv, %destination: !rows64, %scale: !scales) {
  fp8attn.repack %source into %destination key_scale(%scale : !scales, #block) : !kv, !rows64
  return
}

func.func @take_listed(%source: !rows16, %destination: !kv, %pages: memref<?x5xi32>, %scale: !scales) {
  fp8attn.repack %source into %destination pages(%pages : memref<?x5xi32>) key_scale(%scale : !scales, #block) : !rows16, !kv
  return
}
func.func @give_listed(%source: !kv, %destination: !rows1, %pages: memref<?x65xi32>, %scale: !scales) {
  fp8attn.repack %source into %destination pages(%pages : memref<?x65xi32>) key_scale(%scale : !scales, #block) : !kv, !rows1
  return
}
// Rows to rows, in pages of another size.
func.func @regroup(%source: !rows64, %destination: !rows16) {
  fp8attn.repack %source into %destination : !rows64, !rows16
  return
}
