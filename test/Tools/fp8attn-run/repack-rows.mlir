// RUN: split-file %s %t
// RUN: fp8attn-run %t/whole.mlir --check --context=300,40,77 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/whole.mlir --check --context=300,40,77 --isa-cap=generic | FileCheck %s
// RUN: fp8attn-run %t/lists.mlir --check --context=300,40,77 --threads=2 | FileCheck %s --check-prefix=LISTS

//--- whole.mlir
// Tokens with scales and bf16 in their rows, to caches of two parts and back, through pages of
// other sizes, rows of single tokens among them.
// CHECK-COUNT-8: check of {{.+}} passed
// CHECK-NOT: failed
!rows1 = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 1, f8E4M3FN, #fp8attn.layout<flash_mla>>
!rows48 = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 48, f8E4M3FN, #fp8attn.layout<flash_mla>>
!pairs96 = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 96, f8E4M3FN, #fp8attn.layout<pairs>>
!pairs48 = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 48, f8E4M3FN, #fp8attn.layout<pairs>>
!pairs3 = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 3, f8E4M3FN, #fp8attn.layout<pairs>>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 128)>
#other = affine_map<(page, head, token, channel) -> (channel floordiv 128, page, token)>
func.func @whole(%rows1: !rows1, %pairs96: !pairs96, %scale96: memref<?x1x96x4xf32>, %pairs48: !pairs48, %pairs3: !pairs3,
    %rows48: !rows48, %scale3: memref<4x?x3xf32>, %back1: !rows1, %again: !pairs3) {
  fp8attn.repack %rows1 into %pairs96 key_scale(%scale96 : memref<?x1x96x4xf32>, #block) : !rows1, !pairs96
  fp8attn.repack %pairs96 into %pairs48 : !pairs96, !pairs48
  fp8attn.repack %pairs48 into %pairs3 : !pairs48, !pairs3
  fp8attn.repack %pairs96 into %rows48 key_scale(%scale96 : memref<?x1x96x4xf32>, #block) : !pairs96, !rows48
  fp8attn.repack %rows48 into %again key_scale(%scale3 : memref<4x?x3xf32>, #other) : !rows48, !pairs3
  fp8attn.repack %rows48 into %back1 : !rows48, !rows1
  return
}

//--- lists.mlir
// LISTS-COUNT-3: check of {{.+}} passed
!rows16 = !fp8attn.cache<latent, heads = 1, head_dim = 192, value_head_dim = 128, rope_head_dim = 64, page = 16, f8E4M3FN, #fp8attn.layout<flash_mla>>
!pairs64 = !fp8attn.cache<latent, heads = 1, head_dim = 192, value_head_dim = 128, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
!rows4 = !fp8attn.cache<latent, heads = 1, head_dim = 192, value_head_dim = 128, rope_head_dim = 64, page = 4, f8E4M3FN, #fp8attn.layout<flash_mla>>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 128)>
func.func @lists(%from: !rows16, %to: !pairs64, %scale: memref<?x1x64x1xf32>, %list: memref<?x5xi32>,
    %source: !pairs64, %given: memref<?x1x64x1xf32>, %rows4: !rows4, %of4: memref<?x17xi32>) {
  fp8attn.repack %from into %to pages(%list : memref<?x5xi32>) key_scale(%scale : memref<?x1x64x1xf32>, #block) : !rows16, !pairs64
  fp8attn.repack %source into %rows4 pages(%of4 : memref<?x17xi32>) key_scale(%given : memref<?x1x64x1xf32>, #block) : !pairs64, !rows4
  return
}
