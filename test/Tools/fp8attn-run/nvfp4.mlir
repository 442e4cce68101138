// RUN: sed 's/PAGE/32/g' %s > %t-32.mlir
// RUN: sed 's/PAGE/16/g' %s > %t-16.mlir
// RUN: sed 's/PAGE/1/g' %s > %t-1.mlir
// RUN: fp8attn-run %t-16.mlir --entry=given --seqs=3 --context=90,300,41 --query-len=7 --check --isa=generic | FileCheck %s --check-prefix=GIVEN
// RUN: fp8attn-run %t-1.mlir --entry=given --seqs=3 --context=90,300,41 --query-len=7 --threads=2 --check | FileCheck %s --check-prefix=GIVEN
// RUN: fp8attn-run %t-1.mlir --entry=attend --seqs=2 --context=300,70 --query-len=50 --check --isa=generic | FileCheck %s --check-prefix=ATTEND
// RUN: %if avx512-bf16 %{ fp8attn-run %t-16.mlir --entry=attend --seqs=2 --context=300,70 --query-len=50 --check --isa=avx2 | FileCheck %s --check-prefix=ATTEND %}
// RUN: %if avx512-bf16 %{ fp8attn-run %t-1.mlir --entry=attend --seqs=2 --context=300,70 --query-len=50 --check --emulate-amx --isa=amx_bf16 | FileCheck %s --check-prefix=ATTEND %}
// RUN: fp8attn-run %t-32.mlir --entry=attend --seqs=3 --context=300,70,513 --query-len=1 --check | FileCheck %s --check-prefix=ATTEND
// RUN: fp8attn-run %t-16.mlir --entry=others --context=300,70 --query-len=3,1 --prefix=40 --group=2 --selected=64 --check | FileCheck %s --check-prefix=OTHERS
// RUN: fp8attn-run %t-1.mlir --entry=microscaling --seqs=3 --context=90,300,41 --query-len=7 --check --isa=generic | FileCheck %s --check-prefix=COMPUTED
// RUN: fp8attn-run %t-32.mlir --entry=microscaling --seqs=3 --context=90,300,41 --query-len=7 --check | FileCheck %s --check-prefix=COMPUTED

#sixteen = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 16)>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 32)>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
#channel = affine_map<(page, head, token, channel) -> (head, channel)>
#one = affine_map<(page, head, token, channel) -> ()>

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 96, page = PAGE, f4E2M1FN, #fp8attn.layout<pairs>>
!latent = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, page = PAGE, f4E2M1FN, #fp8attn.layout<pairs>>
!blocks = memref<?x2xPAGEx6xf8E4M3FN>
!latent_blocks = memref<?x1xPAGEx6xf8E4M3FN>
!powers = memref<?x2xPAGEx3xf8E8M0FNU>

// Codes are of quotients by the product of a block's scale and the outer one.
// GIVEN: check of cache passed: all {{[0-9]+}} bytes are equal
// GIVEN: check of latent passed: all {{[0-9]+}} bytes are equal
func.func @given(%k: memref<?x2x96xf16>, %v: memref<?x2x96xf32>, %slots: memref<?xi64>, %ks: !blocks, %vs: memref<f8E4M3FN>,
    %ko: memref<2xf32>, %vo: memref<f32>, %cache: !kv, %k2: memref<?x1x96xbf16>, %ks2: !latent_blocks, %latent: !latent) {
  fp8attn.kv_write key(%k : memref<?x2x96xf16>) value(%v : memref<?x2x96xf32>) slots(%slots : memref<?xi64>)
      key_scale(%ks : !blocks, #sixteen) value_scale(%vs : memref<f8E4M3FN>, #one) key_outer_scale(%ko : memref<2xf32>)
      value_outer_scale(%vo : memref<f32>) cache(%cache : !kv)
  fp8attn.kv_write key(%k2 : memref<?x1x96xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%ks2 : !latent_blocks, #sixteen) key_outer_scale(%vo : memref<f32>) cache(%latent : !latent)
  return
}

// Scales of f8E4M3FN for blocks, for tokens and for channels, with an outer one or none;
// with scores that are modified, and of a latent cache.
// ATTEND: check of o1 passed
// ATTEND: check of o2 passed
// ATTEND: check of o3 passed
func.func @attend(%q: memref<?x6x96xbf16>, %c1: !kv, %ks: !blocks, %vs: !blocks, %ko: memref<2xf32>, %vo: memref<f32>,
    %c2: !kv, %ks2: memref<?x2xPAGExf8E4M3FN>, %vs2: memref<2x96xf8E4M3FN>, %q3: memref<?x5x96xf16>, %latent: !latent,
    %ks3: !latent_blocks, %start: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %o1: memref<?x6x96xbf16>, %o2: memref<?x6x96xf32>, %o3: memref<?x5x64xf32>) {
  fp8attn.paged_attention causal query(%q : memref<?x6x96xbf16>) cache(%c1 : !kv)
      key_scale(%ks : !blocks, #sixteen) value_scale(%vs : !blocks, #sixteen)
      key_outer_scale(%ko : memref<2xf32>) value_outer_scale(%vo : memref<f32>)
      batch(%start, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o1 : memref<?x6x96xbf16>)
  fp8attn.paged_attention causal query(%q : memref<?x6x96xbf16>) cache(%c2 : !kv)
      key_scale(%ks2 : memref<?x2xPAGExf8E4M3FN>, #token) value_scale(%vs2 : memref<2x96xf8E4M3FN>, #channel)
      key_outer_scale(%vo : memref<f32>)
      batch(%start, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o2 : memref<?x6x96xf32>)
      {softcap = 20.0 : f32}
  fp8attn.paged_attention causal query(%q3 : memref<?x5x96xf16>) cache(%latent : !latent)
      key_scale(%ks3 : !latent_blocks, #sixteen) key_outer_scale(%vo : memref<f32>)
      batch(%start, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o3 : memref<?x5x64xf32>)
  return
}

// Behind a prefix, and over selected pages and tokens.
// OTHERS: check of o1 passed
// OTHERS: check of o2 passed
// OTHERS: check of o3 passed
func.func @others(%q: memref<?x4x96xbf16>, %cache: !kv, %ks: !blocks, %vs: !blocks, %ko: memref<2xf32>, %vo: memref<2xf32>,
    %start: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %groups: memref<?xi32>,
    %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>, %pages: memref<?x?xi32>,
    %tokens: memref<?x?xi32>, %o1: memref<?x4x96xbf16>, %o2: memref<?x4x96xbf16>, %o3: memref<?x4x96xbf16>) {
  fp8attn.paged_attention causal query(%q : memref<?x4x96xbf16>) cache(%cache : !kv)
      key_scale(%ks : !blocks, #sixteen) value_scale(%vs : !blocks, #sixteen)
      key_outer_scale(%ko : memref<2xf32>) value_outer_scale(%vo : memref<2xf32>)
      batch(%start, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o1 : memref<?x4x96xbf16>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
  fp8attn.paged_attention causal query(%q : memref<?x4x96xbf16>) cache(%cache : !kv)
      key_scale(%ks : !blocks, #sixteen) value_scale(%vs : !blocks, #sixteen)
      key_outer_scale(%ko : memref<2xf32>) value_outer_scale(%vo : memref<2xf32>)
      batch(%start, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o2 : memref<?x4x96xbf16>)
      selected_pages(%pages : memref<?x?xi32>)
  fp8attn.paged_attention causal query(%q : memref<?x4x96xbf16>) cache(%cache : !kv)
      key_scale(%ks : !blocks, #sixteen) value_scale(%vs : !blocks, #sixteen)
      key_outer_scale(%ko : memref<2xf32>) value_outer_scale(%vo : memref<2xf32>)
      batch(%start, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o3 : memref<?x4x96xbf16>)
      selected_tokens(%tokens : memref<?x?xi32>)
  return
}

// Scales that are computed by the rule of Microscaling.
// COMPUTED: check of ks passed: relative L2 error 0,
// COMPUTED: check of vs passed: relative L2 error 0,
// COMPUTED: check of cache passed: all {{[0-9]+}} bytes are equal
func.func @microscaling(%k: memref<?x2x96xf32>, %v: memref<?x2x96xbf16>, %slots: memref<?xi64>, %ks: !powers,
    %vs: memref<?x2xPAGExf8E8M0FNU>, %cache: !kv) {
  fp8attn.kv_write dynamic microscaling key(%k : memref<?x2x96xf32>) value(%v : memref<?x2x96xbf16>)
      slots(%slots : memref<?xi64>) key_scale(%ks : !powers, #block) value_scale(%vs : memref<?x2xPAGExf8E8M0FNU>, #token)
      cache(%cache : !kv)
  return
}
