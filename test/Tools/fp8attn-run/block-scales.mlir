// RUN: fp8attn-run %s --seqs=3 --context=300,70,513 --query-len=1 --check --isa=generic | FileCheck %s
// RUN: fp8attn-run %s --seqs=3 --context=300,70,513 --query-len=1 --check | FileCheck %s
// RUN: fp8attn-run %s --seqs=2 --context=300,70 --query-len=50 --threads=2 --check | FileCheck %s
// RUN: %if avx512-bf16 %{ fp8attn-run %s --seqs=2 --context=300,70 --query-len=9,1 --check --isa=avx2 | FileCheck %s %}
// RUN: %if avx512-bf16 %{ fp8attn-run %s --seqs=2 --context=300,70 --query-len=9,1 --check --isa=avx512 | FileCheck %s %}
// RUN: %if avx512-bf16 %{ fp8attn-run %s --seqs=2 --context=300,70 --query-len=9,1 --check --emulate-amx --isa=amx_bf16 | FileCheck %s %}

// MXFP4, MXFP8 and i4 with scales of blocks of 32 and 64 channels, powers of two, and NVFP4 with its
// own, that kernels multiply by (test/Transforms/select-kernels-blocks.mlir): in three orders, in small
// pages, for one part only, and where scores are modified.
// CHECK: check of o1 passed
// CHECK: check of o2 passed
// CHECK: check of o3 passed
// CHECK: check of o4 passed

#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 32)>
#between = affine_map<(page, head, token, channel) -> (page * 16 + token, head, channel floordiv 64)>
#sixteen = affine_map<(page, head, token, channel) -> (page, token, head, channel floordiv 16)>
#tokens = affine_map<(page, head, token, channel) -> (page, channel floordiv 32, head, token)>
#head = affine_map<(page, head, token, channel) -> (head)>

!fp4 = !fp8attn.cache<key_value, heads = 2, head_dim = 128, page = 64, f4E2M1FN, #fp8attn.layout<pairs>>
!fp8 = !fp8attn.cache<key_value, heads = 2, head_dim = 128, page = 16, f8E4M3FN, #fp8attn.layout<pairs>>
!i4 = !fp8attn.cache<key_value, heads = 2, head_dim = 96, page = 64, i4, #fp8attn.layout<pairs>>
!i = memref<?xi32>
func.func @attend(%q: memref<?x8x128xbf16>, %c1: !fp4, %ks1: memref<?x2x64x4xf8E8M0FNU>, %vs1: memref<?x2x64x4xf8E8M0FNU>,
    %c2: !fp8, %ks2: memref<?x2x2xf8E8M0FNU>, %vs2: memref<?x4x2x16xf8E8M0FNU>, %q3: memref<?x6x96xf16>, %c3: !i4,
    %ks3: memref<2xf32>, %vs3: memref<?x2x64x3xf8E8M0FNU>, %start: !i, %lens: !i, %table: memref<?x?xi32>, %small: memref<?x?xi32>,
    %o1: memref<?x8x128xbf16>, %o2: memref<?x8x128xf32>, %o3: memref<?x6x96xf16>,
    %c4: !fp4, %ks4: memref<?x64x2x8xf8E4M3FN>, %vs4: memref<?x64x2x8xf8E4M3FN>, %outer: memref<f32>, %o4: memref<?x8x128xf32>) {
  fp8attn.paged_attention causal query(%q : memref<?x8x128xbf16>) cache(%c1 : !fp4)
      key_scale(%ks1 : memref<?x2x64x4xf8E8M0FNU>, #block) value_scale(%vs1 : memref<?x2x64x4xf8E8M0FNU>, #block)
      batch(%start, %lens, %table : !i, !i, memref<?x?xi32>) out(%o1 : memref<?x8x128xbf16>)
  fp8attn.paged_attention causal query(%q : memref<?x8x128xbf16>) cache(%c2 : !fp8)
      key_scale(%ks2 : memref<?x2x2xf8E8M0FNU>, #between) value_scale(%vs2 : memref<?x4x2x16xf8E8M0FNU>, #tokens)
      batch(%start, %lens, %small : !i, !i, memref<?x?xi32>) out(%o2 : memref<?x8x128xf32>) {softcap = 20.0 : f32}
  fp8attn.paged_attention causal query(%q3 : memref<?x6x96xf16>) cache(%c3 : !i4)
      key_scale(%ks3 : memref<2xf32>, #head) value_scale(%vs3 : memref<?x2x64x3xf8E8M0FNU>, #block)
      batch(%start, %lens, %table : !i, !i, memref<?x?xi32>) out(%o3 : memref<?x6x96xf16>)
  fp8attn.paged_attention causal query(%q : memref<?x8x128xbf16>) cache(%c4 : !fp4)
      key_scale(%ks4 : memref<?x64x2x8xf8E4M3FN>, #sixteen) value_scale(%vs4 : memref<?x64x2x8xf8E4M3FN>, #sixteen)
      value_outer_scale(%outer : memref<f32>)
      batch(%start, %lens, %table : !i, !i, memref<?x?xi32>) out(%o4 : memref<?x8x128xf32>)
  return
}
