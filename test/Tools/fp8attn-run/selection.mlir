// RUN: split-file %s %t
// RUN: fp8attn-run %t/pages.mlir --check --context=400,0,33,1,700 --query-len=1,20,3,1,40 --selected=100 | FileCheck %s --check-prefix=PAGES
// RUN: fp8attn-run %t/pages.mlir --check --context=400,0,33,1,700 --query-len=1,20,3,1,40 --selected=0 --isa-cap=generic | FileCheck %s --check-prefix=PAGES
// RUN: fp8attn-run %t/tokens.mlir --check --context=400,40,2200 --query-len=2,40,5 --selected=300 | FileCheck %s --check-prefix=TOKENS
// RUN: fp8attn-run %t/tokens.mlir --check --seqs=9 --context=700 --query-len=3 --threads=2 | FileCheck %s --check-prefix=TOKENS
// RUN: sed 's/page = 32/page = 1/; s/page \* 32/page/' %t/tokens.mlir > %t/single.mlir
// RUN: fp8attn-run %t/single.mlir --check --context=400,40,2200 --query-len=2,40,5 --selected=300 | FileCheck %s --check-prefix=TOKENS
// RUN: fp8attn-run %t/step.mlir --check --context=300,64 --query-len=20,1 | FileCheck %s --check-prefix=STEP
// RUN: fp8attn-run %t/tokens.mlir --context=2048 --selected=512 --time --repetitions=1 --json | FileCheck %s --check-prefix=TIME
// RUN: not fp8attn-run %t/tokens.mlir --selected=-1 2>&1 | FileCheck %s --check-prefix=NEGATIVE

// Lists of selected keys, with their option, or of as many columns as the type says.
// NEGATIVE: expects --selected to be at least 0, got -1

//--- pages.mlir
// PAGES: computed paged_attention: causal, {{.*}}sink, selected pages, key_scale
// PAGES: check of out passed
// PAGES: check of lse passed
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 72, page = 64, f8E4M3FN>
#page = affine_map<(page, head, token, channel) -> (page)>
#channel = affine_map<(page, head, token, channel) -> (head, channel)>
func.func @pages(%query: memref<?x6x72xf32>, %cache: !cache, %key_scale: memref<2x72xf32>, %value_scale: memref<?xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %list: memref<?x?xi32>,
    %sink: memref<6xf32>, %out: memref<?x6x72xf16>, %lse: memref<?x6xf32>) {
  fp8attn.paged_attention causal query(%query : memref<?x6x72xf32>) cache(%cache : !cache)
      key_scale(%key_scale : memref<2x72xf32>, #channel) value_scale(%value_scale : memref<?xf32>, #page)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%sink : memref<6xf32>) out(%out : memref<?x6x72xf16>) lse(%lse : memref<?x6xf32>)
      selected_pages(%list : memref<?x?xi32>)
  return
}

//--- tokens.mlir
// 512 keys of 96 bytes.
// TIME: "bytes": 49152
// TOKENS: check of out passed
!latent = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, page = 32, f8E4M3FN>
#token = affine_map<(page, head, token, channel) -> (page * 32 + token)>
func.func @tokens(%query: memref<?x16x96xbf16>, %cache: !latent, %scale: memref<?xf32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %list: memref<?x?xi32>, %out: memref<?x16x64xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x16x96xbf16>) cache(%cache : !latent)
      key_scale(%scale : memref<?xf32>, #token)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x16x64xbf16>)
      selected_tokens(%list : memref<?x?xi32>)
  return
}

//--- step.mlir
// What a step has written is selected from, twice: the shapes are those of one list.
// STEP: check of out passed
// STEP: check of other passed
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
func.func @step(%key: memref<?x2x64xbf16>, %value: memref<?x2x64xbf16>, %slots: memref<?xi64>, %cache: !cache,
    %query: memref<?x8x64xbf16>, %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %list: memref<?x40xi32>, %out: memref<?x8x64xbf16>, %other: memref<?x8x64xbf16>) {
  fp8attn.kv_write key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>) cache(%cache : !cache)
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xbf16>)
      selected_tokens(%list : memref<?x40xi32>)
  fp8attn.paged_attention alignment = top_left causal query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%other : memref<?x8x64xbf16>)
      selected_tokens(%list : memref<?x40xi32>)
  return
}
