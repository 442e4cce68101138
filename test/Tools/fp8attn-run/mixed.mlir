// RUN: split-file %s %t
// RUN: fp8attn-run %t/step.mlir --check --context=300,0,33,64 --query-len=20,2,33,1 | FileCheck %s --check-prefix=STEP
// RUN: fp8attn-run %t/step.mlir --check --context=300,0,33,64 --query-len=20,2,33,1 --isa-cap=generic | FileCheck %s --check-prefix=STEP
// RUN: fp8attn-run %t/step.mlir --check --context=300,0,33,64 --query-len=20,2,33,1 --isa-cap=avx2 | FileCheck %s --check-prefix=STEP
// RUN: fp8attn-run %t/four-bits.mlir --check --context=300,33 --query-len=5,30 | FileCheck %s --check-prefix=BITS
// RUN: fp8attn-run %t/prefix.mlir --check --context=40,3 --query-len=5,1 --prefix=129 | FileCheck %s --check-prefix=PREFIX
// RUN: fp8attn-run %t/tokens.mlir --check --context=400,40,700 --query-len=2,40,5 --selected=300 | FileCheck %s --check-prefix=SELECTED
// RUN: fp8attn-run %t/pages.mlir --check --context=400,0,700 --query-len=1,20,3 --selected=100 | FileCheck %s --check-prefix=SELECTED
// RUN: fp8attn-run %t/rows.mlir --check --context=50,0,33 --query-len=2,20,1 | FileCheck %s --check-prefix=STEP
// RUN: sed 's/f8E4M3FN/f4E2M1FN/' %t/rows.mlir > %t/rows-4.mlir
// RUN: fp8attn-run %t/rows-4.mlir --check --context=50,0,33 --query-len=2,20,1 --isa-cap=generic | FileCheck %s --check-prefix=STEP
// RUN: fp8attn-run %t/four-bits.mlir --context=1024 --time --repetitions=1 --json | FileCheck %s --check-prefix=TIME

// A cache whose keys are codes and then bf16 is written with computed scales and attended
// to, with scales of each kind, modified scores, a shared prefix and lists of keys; and
// the bytes of both parts are counted.

//--- step.mlir
// The blocks of 128 channels that such caches of DeepSeek have, and their heads.
// STEP: check of key_scale passed
// STEP: check of out passed
// STEP: check of lse passed
// STEP: check of cache passed: all {{[0-9]+}} bytes are equal
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 128)>
func.func @step(%query: memref<?x16x576xbf16>, %key: memref<?x1x576xf32>,
    %slots: memref<?xi64>, %cache: !cache, %key_scale: memref<?x1x64x4xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x16x512xbf16>, %lse: memref<?x16xf32>) {
  fp8attn.kv_write dynamic key(%key : memref<?x1x576xf32>) slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<?x1x64x4xf32>, #block) cache(%cache : !cache)
  fp8attn.paged_attention causal
      query(%query : memref<?x16x576xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<?x1x64x4xf32>, #block)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x512xbf16>) lse(%lse : memref<?x16xf32>)
  return
}

//--- four-bits.mlir
// A window of 224 keys, in whole granules, of 32 bytes and 64.
// TIME: "bytes": 21504
// BITS: check of out passed
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 40, rope_head_dim = 32, page = 32, f4E2M1FN>
#block = affine_map<(page, head, token, channel) -> (page, token, channel floordiv 16)>
func.func @four_bits(%query: memref<?x3x96xf16>, %cache: !cache,
    %key_scale: memref<?x32x4xf8E8M0FNU>, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x3x40xf32>) {
  fp8attn.paged_attention window_left = 200
      query(%query : memref<?x3x96xf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<?x32x4xf8E8M0FNU>, #block)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x3x40xf32>) {softcap = 30.0 : f32}
  return
}

//--- prefix.mlir
// PREFIX: check of out passed
// PREFIX: check of lse passed
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, rope_head_dim = 32, page = 32, f8E4M3FN>
#one = affine_map<(page, head, token, channel) -> ()>
func.func @prefix(%query: memref<?x6x96xbf16>, %cache: !cache, %key_scale: memref<f32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %groups: memref<?xi32>,
    %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>,
    %out: memref<?x6x64xbf16>, %lse: memref<?x6xf32>) {
  fp8attn.paged_attention causal query(%query : memref<?x6x96xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<f32>, #one)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x6x64xbf16>) lse(%lse : memref<?x6xf32>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
  return
}

//--- tokens.mlir
// SELECTED: check of out passed
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, rope_head_dim = 32, page = 32, f8E4M3FN>
#token = affine_map<(page, head, token, channel) -> (page * 32 + token)>
func.func @tokens(%query: memref<?x16x96xbf16>, %cache: !cache, %scale: memref<?xf32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %list: memref<?x?xi32>, %out: memref<?x16x64xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x16x96xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<?xf32>, #token)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x16x64xbf16>)
      selected_tokens(%list : memref<?x?xi32>)
  return
}

//--- rows.mlir
// Pages of three tokens, which are rows: of codes, and of bf16 behind 32 bytes up to a line.
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 160, value_head_dim = 72, rope_head_dim = 64, page = 3, f8E4M3FN>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 32)>
func.func @rows(%query: memref<?x5x160xbf16>, %key: memref<?x1x160xbf16>,
    %slots: memref<?xi64>, %cache: !cache, %key_scale: memref<?x1x3x3xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x5x72xbf16>, %lse: memref<?x5xf32>) {
  fp8attn.kv_write dynamic key(%key : memref<?x1x160xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<?x1x3x3xf32>, #block) cache(%cache : !cache)
  fp8attn.paged_attention causal
      query(%query : memref<?x5x160xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<?x1x3x3xf32>, #block)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x5x72xbf16>) lse(%lse : memref<?x5xf32>)
  return
}

//--- pages.mlir
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 160, value_head_dim = 96, rope_head_dim = 64, page = 64, i8>
#channel = affine_map<(page, head, token, channel) -> (channel floordiv 32)>
func.func @pages(%query: memref<?x6x160xf32>, %cache: !cache, %key_scale: memref<3xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %list: memref<?x?xi32>,
    %out: memref<?x6x96xf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x6x160xf32>) cache(%cache : !cache)
      key_scale(%key_scale : memref<3xf32>, #channel)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x6x96xf16>) selected_pages(%list : memref<?x?xi32>)
  return
}
