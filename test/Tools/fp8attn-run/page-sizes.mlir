// RUN: split-file %s %t
// RUN: sed 's/PAGE/16/g' %t/step.mlir > %t/step-16.mlir
// RUN: sed 's/PAGE/1/g' %t/step.mlir > %t/step-1.mlir
// RUN: sed 's/PAGE/24/g' %t/step.mlir > %t/step-24.mlir
// RUN: fp8attn-run %t/step-16.mlir --check --context=100,0,33,600 --query-len=30,2,1,20 --threads=2 | FileCheck %s --check-prefix=STEP
// RUN: fp8attn-run %t/step-16.mlir --check --context=100,0,33 --query-len=30,2,1 --isa-cap=generic | FileCheck %s --check-prefix=STEP
// RUN: fp8attn-run %t/step-1.mlir --check --context=100,0,33,600 --query-len=30,2,1,20 --threads=2 | FileCheck %s --check-prefix=STEP
// RUN: fp8attn-run %t/step-1.mlir --check --context=100,0,33 --query-len=30,2,1 --isa-cap=generic | FileCheck %s --check-prefix=STEP
// RUN: fp8attn-run %t/step-24.mlir --check --context=300,17 --query-len=1,100 | FileCheck %s --check-prefix=STEP
// RUN: sed 's/PAGE/48/g' %t/tokens.mlir > %t/tokens-48.mlir
// RUN: sed 's/PAGE/1/g' %t/tokens.mlir > %t/tokens-1.mlir
// RUN: fp8attn-run %t/tokens-48.mlir --check --context=400,40,300 --query-len=2,40,5 --selected=130 | FileCheck %s --check-prefix=TOKENS
// RUN: fp8attn-run %t/tokens-1.mlir --check --context=400,40,300 --query-len=2,40,5 --selected=130 | FileCheck %s --check-prefix=TOKENS
// RUN: sed 's/PAGE/16/g' %t/scales.mlir > %t/scales-16.mlir
// RUN: sed 's/PAGE/1/g' %t/scales.mlir > %t/scales-1.mlir
// RUN: fp8attn-run %t/scales-16.mlir --check --context=70,300 --query-len=3,20 --selected=9 | FileCheck %s --check-prefix=SCALES
// RUN: fp8attn-run %t/scales-1.mlir --check --context=70,300 --query-len=3,20 --selected=9 | FileCheck %s --check-prefix=SCALES
// RUN: fp8attn-run %t/repack.mlir --check --context=300,40,77 | FileCheck %s --check-prefix=REPACK
// RUN: %if avx512-bf16 %{ fp8attn-run %t/step-16.mlir --check --emulate-amx --isa=amx_bf16 --context=100,33 --query-len=30,1 | FileCheck %s --check-prefix=STEP %}
// RUN: %if avx512-bf16 %{ fp8attn-run %t/step-1.mlir --check --emulate-amx --isa=amx_bf16 --context=100,33 --query-len=30,1 | FileCheck %s --check-prefix=STEP %}

// Pages of which no whole number of granules exists: what is written, byte by byte,
// and attention to it.

//--- step.mlir
// STEP: check of out passed
// STEP: check of cache passed: all {{[0-9]+}} bytes are equal
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 72, page = PAGE, f8E4M3FN>
#head = affine_map<(page, head, token, channel) -> (head)>
func.func @step(%query: memref<?x6x72xbf16>, %key: memref<?x2x72xbf16>, %value: memref<?x2x72xbf16>,
    %slots: memref<?xi64>, %cache: !cache, %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x6x72xbf16>) {
  fp8attn.kv_write key(%key : memref<?x2x72xbf16>) value(%value : memref<?x2x72xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<2xf32>, #head) value_scale(%value_scale : memref<2xf32>, #head)
      cache(%cache : !cache)
  fp8attn.paged_attention causal query(%query : memref<?x6x72xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<2xf32>, #head) value_scale(%value_scale : memref<2xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x6x72xbf16>)
  return
}

//--- tokens.mlir
// Single tokens of a latent cache, whose rows fill no lines.
// TOKENS: check of out passed
!latent = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 40, page = PAGE, f8E5M2>
#token = affine_map<(page, head, token, channel) -> (page * PAGE + token)>
func.func @tokens(%query: memref<?x16x96xbf16>, %cache: !latent, %scale: memref<?xf32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %list: memref<?x?xi32>, %out: memref<?x16x40xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x16x96xbf16>) cache(%cache : !latent)
      key_scale(%scale : memref<?xf32>, #token)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x16x40xbf16>)
      selected_tokens(%list : memref<?x?xi32>)
  return
}

//--- scales.mlir
// Keys and values whose elements have scales of their own, of pages that are selected.
// SCALES: check of out passed
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 40, page = PAGE, i8>
#token_channel = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 8)>
#token = affine_map<(page, head, token, channel) -> (page, token, channel floordiv 20)>
func.func @scales(%query: memref<?x6x40xf32>, %cache: !cache, %key_scale: memref<?x2xPAGEx5xf32>,
    %value_scale: memref<?xPAGEx2xf32>, %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %list: memref<?x?xi32>, %out: memref<?x6x40xf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x6x40xf32>) cache(%cache : !cache)
      key_scale(%key_scale : memref<?x2xPAGEx5xf32>, #token_channel)
      value_scale(%value_scale : memref<?xPAGEx2xf32>, #token)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x6x40xf16>)
      selected_pages(%list : memref<?x?xi32>)
  return
}

//--- repack.mlir
// From the caches of others and back, and from one size to another.
// REPACK-COUNT-8: check of {{.+}} passed
!pairs16 = !fp8attn.cache<key_value, heads = 4, head_dim = 72, page = 16, f8E4M3FN, #fp8attn.layout<pairs>>
!pairs1 = !fp8attn.cache<key_value, heads = 4, head_dim = 72, page = 1, f8E4M3FN, #fp8attn.layout<pairs>>
!pairs32 = !fp8attn.cache<key_value, heads = 4, head_dim = 72, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!nhd16 = !fp8attn.cache<key_value, heads = 4, head_dim = 72, page = 16, f8E4M3FN, #fp8attn.layout<nhd>>
!nhd1 = !fp8attn.cache<key_value, heads = 4, head_dim = 72, page = 1, f8E4M3FN, #fp8attn.layout<nhd>>
!bf16 = !fp8attn.cache<key_value, heads = 2, head_dim = 48, page = 16, bf16, #fp8attn.layout<pairs>>
!bf16_amx = !fp8attn.cache<key_value, heads = 2, head_dim = 48, page = 16, bf16, #fp8attn.layout<vllm_amx>>
func.func @repack(%nhd16: !nhd16, %pairs16: !pairs16, %pairs1: !pairs1, %nhd1: !nhd1, %back: !pairs1,
    %pairs32: !pairs32, %half: !pairs16, %bf16: !bf16, %amx: !bf16_amx, %bf16_back: !bf16) {
  fp8attn.repack %nhd16 into %pairs16 : !nhd16, !pairs16
  fp8attn.repack %pairs16 into %pairs1 : !pairs16, !pairs1
  fp8attn.repack %pairs1 into %nhd1 : !pairs1, !nhd1
  fp8attn.repack %nhd1 into %back : !nhd1, !pairs1
  fp8attn.repack %back into %pairs32 : !pairs1, !pairs32
  fp8attn.repack %pairs32 into %half : !pairs32, !pairs16
  fp8attn.repack %bf16 into %amx : !bf16, !bf16_amx
  fp8attn.repack %amx into %bf16_back : !bf16_amx, !bf16
  return
}
