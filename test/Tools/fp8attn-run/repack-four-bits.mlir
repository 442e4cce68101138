// RUN: split-file %s %t
// RUN: fp8attn-run %t/whole.mlir --check --context=192,384 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/lists.mlir --check --context=300,40,77 --threads=2 | FileCheck %s --check-prefix=LISTS

// Of elements of 4 bits, two tokens of values share a byte of a tile, and two channels one
// of a row.

//--- whole.mlir
// Between granules, their halves and rows, those of other programs too; of heads with
// padding, and without.
// CHECK-COUNT-13: check of {{.+}} passed
!p64 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 64, f4E2M1FN, #fp8attn.layout<pairs>>
!p16 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 16, f4E2M1FN, #fp8attn.layout<pairs>>
!p1 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 1, f4E2M1FN, #fp8attn.layout<pairs>>
!p24 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 24, f4E2M1FN, #fp8attn.layout<pairs>>
!p48 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 48, f4E2M1FN, #fp8attn.layout<pairs>>
!nhd16 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 16, f4E2M1FN, #fp8attn.layout<nhd>>
!hnd8 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 8, f4E2M1FN, #fp8attn.layout<hnd>>
!packed32 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 32, f4E2M1FN, #fp8attn.layout<hnd_packed>>
!rows64 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 64, f4E2M1FN, #fp8attn.layout<row_major>>
!l32 = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, page = 32, i4, #fp8attn.layout<pairs>>
!l8 = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, page = 8, i4, #fp8attn.layout<pairs>>
!l2 = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, page = 2, i4, #fp8attn.layout<pairs>>
func.func @whole(%p64: !p64, %p16: !p16, %p1: !p1, %p24: !p24, %p48: !p48, %back: !p16,
    %nhd16: !nhd16, %hnd8: !hnd8, %packed32: !packed32, %rows64: !rows64, %tiles: !p64,
    %l32: !l32, %l8: !l8, %l2: !l2, %last: !l32) {
  fp8attn.repack %p64 into %p16 : !p64, !p16
  fp8attn.repack %p16 into %p1 : !p16, !p1
  fp8attn.repack %p1 into %p24 : !p1, !p24
  fp8attn.repack %p24 into %p48 : !p24, !p48
  fp8attn.repack %p48 into %back : !p48, !p16
  fp8attn.repack %back into %nhd16 : !p16, !nhd16
  fp8attn.repack %nhd16 into %hnd8 : !nhd16, !hnd8
  fp8attn.repack %hnd8 into %packed32 : !hnd8, !packed32
  fp8attn.repack %packed32 into %rows64 : !packed32, !rows64
  fp8attn.repack %rows64 into %tiles : !rows64, !p64
  fp8attn.repack %l32 into %l8 : !l32, !l8
  fp8attn.repack %l8 into %l2 : !l8, !l2
  fp8attn.repack %l2 into %last : !l2, !l32
  return
}

//--- lists.mlir
// One of five smaller pages is not there: its tokens are left as they are, and so are the
// other halves of their bytes.
// LISTS-COUNT-4: check of {{.+}} passed
!p64 = !fp8attn.cache<key_value, heads = 2, head_dim = 40, page = 64, i4, #fp8attn.layout<pairs>>
!p16 = !fp8attn.cache<key_value, heads = 2, head_dim = 40, page = 16, i4, #fp8attn.layout<pairs>>
!p1 = !fp8attn.cache<key_value, heads = 2, head_dim = 40, page = 1, i4, #fp8attn.layout<pairs>>
!p4 = !fp8attn.cache<key_value, heads = 2, head_dim = 40, page = 4, i4, #fp8attn.layout<pairs>>
func.func @lists(%from16: !p16, %to64: !p64, %of16: memref<?x5xi32>, %from1: !p1, %to16: !p16, %of1: memref<?x17xi32>,
    %from64: !p64, %to4: !p4, %of4: memref<?x17xi32>, %rows1: !p1, %rows4: !p4, %of_rows: memref<?x5xi32>) {
  fp8attn.repack %from16 into %to64 pages(%of16 : memref<?x5xi32>) : !p16, !p64
  fp8attn.repack %from1 into %to16 pages(%of1 : memref<?x17xi32>) : !p1, !p16
  fp8attn.repack %from64 into %to4 pages(%of4 : memref<?x17xi32>) : !p64, !p4
  fp8attn.repack %rows1 into %rows4 pages(%of_rows : memref<?x5xi32>) : !p1, !p4
  return
}
