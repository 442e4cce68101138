// RUN: split-file %s %t
// RUN: fp8attn-run %t/whole.mlir --check --context=300,40,77 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/lists.mlir --check --context=300,40,77 --threads=2 | FileCheck %s --check-prefix=LISTS

//--- whole.mlir
// All tokens in their order, from smaller pages to larger ones and back, and through another
// page size that divides neither.
// CHECK-COUNT-10: check of {{.+}} passed
!pairs = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
!pairs32 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!nhd16 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 16, f8E4M3FN, #fp8attn.layout<nhd>>
!hnd8 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 8, f8E4M3FN, #fp8attn.layout<hnd>>
!packed128 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 128, f8E4M3FN, #fp8attn.layout<hnd_packed>>
!bf16 = !fp8attn.cache<key_value, heads = 2, head_dim = 48, page = 32, bf16, #fp8attn.layout<pairs>>
!bf16_token = !fp8attn.cache<key_value, heads = 2, head_dim = 48, page = 1, bf16, #fp8attn.layout<nhd>>
!bf16_amx = !fp8attn.cache<key_value, heads = 2, head_dim = 48, page = 16, bf16, #fp8attn.layout<vllm_amx>>
!quads = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 64, f8E5M2, #fp8attn.layout<quads>>
!token = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 1, f8E5M2, #fp8attn.layout<hnd>>
func.func @whole(%pairs: !pairs, %nhd16: !nhd16, %packed: !packed128, %hnd8: !hnd8, %back: !pairs, %smaller: !pairs32,
    %bf16: !bf16, %bf16_token: !bf16_token, %bf16_amx: !bf16_amx, %bf16_back: !bf16,
    %token: !token, %quads: !quads, %token_back: !token) {
  fp8attn.repack %packed into %pairs : !packed128, !pairs
  fp8attn.repack %pairs into %nhd16 : !pairs, !nhd16
  fp8attn.repack %nhd16 into %hnd8 : !nhd16, !hnd8
  fp8attn.repack %hnd8 into %back : !hnd8, !pairs
  fp8attn.repack %back into %smaller : !pairs, !pairs32
  fp8attn.repack %bf16 into %bf16_token : !bf16, !bf16_token
  fp8attn.repack %bf16_token into %bf16_amx : !bf16_token, !bf16_amx
  fp8attn.repack %bf16_amx into %bf16_back : !bf16_amx, !bf16
  fp8attn.repack %token into %quads : !token, !quads
  fp8attn.repack %quads into %token_back : !quads, !token
  return
}

//--- lists.mlir
// One of five smaller pages is not there: its tokens are left as they are.
// LISTS-COUNT-6: check of {{.+}} passed
!pairs = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
!pairs32 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!nhd16 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 16, f8E4M3FN, #fp8attn.layout<nhd>>
!hnd8 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 8, f8E4M3FN, #fp8attn.layout<hnd>>
!nhd4 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 4, f8E4M3FN, #fp8attn.layout<nhd>>
!bf16 = !fp8attn.cache<key_value, heads = 2, head_dim = 48, page = 32, bf16, #fp8attn.layout<pairs>>
!bf16_token = !fp8attn.cache<key_value, heads = 2, head_dim = 48, page = 1, bf16, #fp8attn.layout<nhd>>
!quads = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 64, f8E5M2, #fp8attn.layout<quads>>
!token = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 1, f8E5M2, #fp8attn.layout<hnd>>
func.func @lists(%from16: !nhd16, %to: !pairs, %of16: memref<?x5xi32>, %from: !pairs, %to8: !hnd8, %of8: memref<?x9xi32>,
    %from4: !nhd4, %to4: !pairs32, %of4: memref<?x9xi32>, %bf16: !bf16, %to_token: !bf16_token, %tokens: memref<?x33xi32>,
    %quads: !quads, %token: !token, %of_quads: memref<?x65xi32>, %rows4: !nhd4, %rows16: !nhd16, %of_rows: memref<?x5xi32>) {
  fp8attn.repack %from16 into %to pages(%of16 : memref<?x5xi32>) : !nhd16, !pairs
  fp8attn.repack %from into %to8 pages(%of8 : memref<?x9xi32>) : !pairs, !hnd8
  fp8attn.repack %from4 into %to4 pages(%of4 : memref<?x9xi32>) : !nhd4, !pairs32
  fp8attn.repack %bf16 into %to_token pages(%tokens : memref<?x33xi32>) : !bf16, !bf16_token
  fp8attn.repack %quads into %token pages(%of_quads : memref<?x65xi32>) : !quads, !token
  fp8attn.repack %rows4 into %rows16 pages(%of_rows : memref<?x5xi32>) : !nhd4, !nhd16
  return
}
