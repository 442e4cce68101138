// RUN: split-file %s %t
// RUN: fp8attn-run %t/scaled.mlir --check --context=40,0,33,1,70 --query-len=1,20,3,1,0 --prefix=100,0,2100 --group=2 | FileCheck %s --check-prefix=SCALED
// RUN: fp8attn-run %t/scaled.mlir --check --context=40,0,33,1,70 --query-len=1,20,3,1,0 --prefix=100,0,2100 --group=2 --isa-cap=generic | FileCheck %s --check-prefix=SCALED
// RUN: fp8attn-run %t/scaled.mlir --check --seqs=9 --context=7 --threads=2 | FileCheck %s --check-prefix=SCALED
// RUN: fp8attn-run %t/latent.mlir --check --context=40,3 --query-len=5,1 --prefix=129 | FileCheck %s --check-prefix=LATENT
// RUN: fp8attn-run %t/step.mlir --check --context=300,64 --query-len=20,1 | FileCheck %s --check-prefix=STEP
// RUN: fp8attn-run %t/latent.mlir --seqs=8 --context=32 --prefix=1024 --time --repetitions=1 --json | FileCheck %s --check-prefix=TIME
// RUN: not fp8attn-run %t/latent.mlir --prefix=-1 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not fp8attn-run %t/latent.mlir --group=0 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not fp8attn-run %t/latent.mlir --prefix=2147483648 2>&1 | FileCheck %s --check-prefix=LONG

// Groups that share a prefix, with their options: near to attention over all keys,
// of which those of a prefix are read once.
// NEGATIVE: expects --prefix to be at least 0, got -1
// NONE: expects --group to be at least 1, got 0
// LONG: expects lengths and their sum to fit in 32 bits, got 2147483648

//--- scaled.mlir
// SCALED: computed paged_attention: causal, {{.*}}sink, shared prefixes, key_scale
// SCALED: check of out passed
// SCALED: check of lse passed
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 72, page = 64, f8E4M3FN>
#page = affine_map<(page, head, token, channel) -> (page)>
#channel = affine_map<(page, head, token, channel) -> (head, channel)>
func.func @scaled(%query: memref<?x6x72xf32>, %cache: !cache, %key_scale: memref<2x72xf32>, %value_scale: memref<?xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %groups: memref<?xi32>,
    %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>, %sink: memref<6xf32>,
    %out: memref<?x6x72xf16>, %lse: memref<?x6xf32>) {
  fp8attn.paged_attention causal query(%query : memref<?x6x72xf32>) cache(%cache : !cache)
      key_scale(%key_scale : memref<2x72xf32>, #channel) value_scale(%value_scale : memref<?xf32>, #page)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%sink : memref<6xf32>) out(%out : memref<?x6x72xf16>) lse(%lse : memref<?x6xf32>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
  return
}

//--- latent.mlir
// 1,024 keys of 96 bytes, and 8 times 32.
// TIME: "bytes": 122880
// LATENT: check of out passed
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 72, page = 32, f8E4M3FN>
#one = affine_map<(page, head, token, channel) -> ()>
func.func @latent(%query: memref<?x3x96xbf16>, %cache: !cache, %key_scale: memref<f32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %groups: memref<?xi32>,
    %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>, %mask: memref<?x?xi1>,
    %out: memref<?x3x72xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x3x96xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<f32>, #one)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x3x72xbf16>) mask(%mask : memref<?x?xi1>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      {softcap = 20.0 : f32}
  return
}

//--- step.mlir
// New tokens are own ones.
// STEP: check of out passed
// STEP: check of cache passed: all {{[0-9]+}} bytes are equal
!cache = !fp8attn.cache<key_value, heads = 1, head_dim = 32, page = 32, bf16>
func.func @step(%query: memref<?x2x32xbf16>, %key: memref<?x1x32xbf16>, %value: memref<?x1x32xbf16>,
    %slots: memref<?xi64>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %groups: memref<?xi32>, %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>, %out: memref<?x2x32xbf16>) {
  fp8attn.kv_write key(%key : memref<?x1x32xbf16>) value(%value : memref<?x1x32xbf16>) slots(%slots : memref<?xi64>)
      cache(%cache : !cache)
  fp8attn.paged_attention causal query(%query : memref<?x2x32xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x2x32xbf16>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
  return
}
