// RUN: split-file %s %t
// RUN: fp8attn-run %t/move.mlir --check --context=16400 --threads=2 | FileCheck %s --check-prefix=MOVE
// RUN: fp8attn-run %t/halves.mlir --check --context=16400 --threads=2 | FileCheck %s --check-prefix=HALVES
// RUN: fp8attn-run %t/elements.mlir --check --context=16400 --threads=2 | FileCheck %s --check-prefix=ELEMENTS
// RUN: fp8attn-run %t/rows.mlir --check --context=27000 --threads=2 | FileCheck %s --check-prefix=ROWS

// From 16 MB on, what is written goes past the caches, line by line, and what is moved next is
// fetched.

//--- move.mlir
// MOVE-COUNT-4: check of {{.+}} passed
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

//--- halves.mlir
// Rows of 144 bytes are not aligned to their vectors of 32.
// HALVES-COUNT-2: check of {{.+}} passed
!nhd16 = !fp8attn.cache<key, heads = 8, head_dim = 72, page = 16, bf16, #fp8attn.layout<nhd>>
!pairs = !fp8attn.cache<key, heads = 8, head_dim = 72, page = 32, bf16, #fp8attn.layout<pairs>>
!hnd32 = !fp8attn.cache<key, heads = 8, head_dim = 72, page = 32, bf16, #fp8attn.layout<hnd>>
func.func @halves(%nhd: !nhd16, %pairs: !pairs, %hnd: !hnd32) {
  fp8attn.repack %nhd into %pairs : !nhd16, !pairs
  fp8attn.repack %pairs into %hnd : !pairs, !hnd32
  return
}

//--- elements.mlir
// Elements are converted on their way; pages of 24 tokens are a block of as many. Of 72 channels,
// the last ones are no whole vector.
// ELEMENTS-COUNT-3: check of {{.+}} passed
#head = affine_map<(page, head, token, channel) -> (head)>
!nhd16 = !fp8attn.cache<key_value, heads = 8, head_dim = 72, page = 16, bf16, #fp8attn.layout<nhd>>
!nhd24 = !fp8attn.cache<key_value, heads = 8, head_dim = 72, page = 24, bf16, #fp8attn.layout<nhd>>
!hnd24 = !fp8attn.cache<key_value, heads = 8, head_dim = 72, page = 24, bf16, #fp8attn.layout<hnd>>
!pairs = !fp8attn.cache<key_value, heads = 8, head_dim = 80, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!wide16 = !fp8attn.cache<key_value, heads = 8, head_dim = 80, page = 16, bf16, #fp8attn.layout<nhd>>
func.func @elements(%wide: !wide16, %pairs: !pairs, %back: !wide16, %nhd: !nhd24, %hnd: !hnd24, %scale: memref<8xf32>) {
  fp8attn.repack %wide into %pairs
      key_scale(%scale : memref<8xf32>, #head) value_scale(%scale : memref<8xf32>, #head) : !wide16, !pairs
  fp8attn.repack %pairs into %back
      key_scale(%scale : memref<8xf32>, #head) value_scale(%scale : memref<8xf32>, #head) : !pairs, !wide16
  fp8attn.repack %nhd into %hnd : !nhd24, !hnd24
  return
}

//--- rows.mlir
// With scales within.
// ROWS-COUNT-3: check of {{.+}} passed
!rows = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 16, f8E4M3FN, #fp8attn.layout<flash_mla>>
!pairs = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
!halves = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 16, f8E4M3FN, #fp8attn.layout<pairs>>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 128)>
func.func @rows(%rows: !rows, %pairs: !pairs, %scale: memref<?x1x64x4xf32>, %halves: !halves) {
  fp8attn.repack %rows into %pairs key_scale(%scale : memref<?x1x64x4xf32>, #block) : !rows, !pairs
  fp8attn.repack %pairs into %halves : !pairs, !halves
  return
}
