// RUN: fp8attn-run %s --entry=halves --seqs=2 --context=90 --query-len=70 --check --isa=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=halves --seqs=2 --context=90 --query-len=70 --check | FileCheck %s --check-prefixes=SAYS,CHECK
// RUN: fp8attn-run %s --entry=pairs --seqs=2 --context=90 --query-len=70 --check --isa=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=pairs --seqs=2 --context=90 --query-len=70 --check | FileCheck %s
// RUN: fp8attn-run %s --entry=keys --seqs=3 --context=40 --query-len=17 --check | FileCheck %s --check-prefix=KEYS
// RUN: fp8attn-run %s --entry=norms --seqs=3 --context=40 --query-len=17 --check --isa=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=norms --seqs=3 --context=40 --query-len=17 --check | FileCheck %s
// RUN: fp8attn-run %s --entry=computed --seqs=3 --context=40 --query-len=17 --check --isa=generic | FileCheck %s --check-prefix=COMPUTED
// RUN: fp8attn-run %s --entry=computed --seqs=3 --context=40 --query-len=17 --check | FileCheck %s --check-prefix=COMPUTED
// RUN: fp8attn-run %s --entry=latent --seqs=3 --context=40 --query-len=17 --check --isa=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=latent --seqs=3 --context=40 --query-len=17 --check | FileCheck %s
// RUN: fp8attn-run %s --entry=mixed --seqs=3 --context=40 --query-len=17 --check --isa=generic | FileCheck %s --check-prefix=MIXED
// RUN: fp8attn-run %s --entry=mixed --seqs=3 --context=40 --query-len=17 --check | FileCheck %s --check-prefix=MIXED

// SAYS: computed kv_write: keys of bf16 to f8E4M3FN, values of f32 to f8E4M3FN, queries of bf16 to bf16, keys normalised, queries normalised, rotary, key_scale of

// Queries and caches have the very bytes of the reference.
// CHECK: check of {{query|out}} passed: relative L2 error 0,
// CHECK: check of cache passed: all {{[0-9]+}} bytes are equal
// KEYS: check of key_cache passed: all {{[0-9]+}} bytes are equal
// KEYS: check of value_cache passed: all {{[0-9]+}} bytes are equal
// COMPUTED: check of key_scale passed: relative L2 error 0,
// COMPUTED: check of value_scale passed: relative L2 error 0,
// COMPUTED: check of cache passed: all {{[0-9]+}} bytes are equal
// MIXED: check of scale passed: relative L2 error 0,
// MIXED: check of cache passed: all {{[0-9]+}} bytes are equal

!kv = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
!k = !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!v = !fp8attn.cache<value, heads = 2, head_dim = 40, page = 32, i8, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>
#channel = affine_map<(page, head, token, channel) -> (head, channel)>
#token_head = affine_map<(page, head, token, channel) -> (page, head, token)>
#blocks = affine_map<(page, head, token, channel) -> (token, page, channel floordiv 24, head)>

// A norm, and half of the channels rotated: vectors of 16 and 2 of them. In place.
func.func @halves(%key: memref<?x3x72xbf16>, %value: memref<?x3x72xf32>, %query: memref<?x6x72xbf16>,
    %slots: memref<?xi64>, %key_norm: memref<72xbf16>, %query_norm: memref<72xf16>, %positions: memref<?xi32>,
    %cos: memref<?x18xf32>, %sin: memref<?x18xf32>, %key_scale: memref<3xf32>, %value_scale: memref<3xf32>, %cache: !kv) {
  fp8attn.kv_write key(%key : memref<?x3x72xbf16>) value(%value : memref<?x3x72xf32>) query(%query : memref<?x6x72xbf16>)
      slots(%slots : memref<?xi64>) key_norm(%key_norm : memref<72xbf16>) query_norm(%query_norm : memref<72xf16>)
      rotary(%positions, %cos, %sin : memref<?xi32>, memref<?x18xf32>, memref<?x18xf32>)
      query_out(%query : memref<?x6x72xbf16>) key_scale(%key_scale : memref<3xf32>, #head)
      value_scale(%value_scale : memref<3xf32>, #head) cache(%cache : !kv) {norm_eps = 1.0e-06 : f32}
  return
}

// All channels, interleaved, and a scale for each; tables of bf16, more rows than
// positions, and gaps between tokens.
!gaps = memref<?x3x72xf16, strided<[?, ?, 1]>>
func.func @pairs(%key: !gaps, %value: memref<?x3x72xbf16>, %query: !gaps, %slots: memref<?xi64>, %positions: memref<?xi32>,
    %cos: memref<512x36xbf16>, %sin: memref<512x36xbf16>, %key_scale: memref<3x72xf8E8M0FNU>, %value_scale: memref<3xf32>,
    %out: memref<?x3x72xf32>, %cache: !kv) {
  fp8attn.kv_write interleaved key(%key : !gaps) value(%value : memref<?x3x72xbf16>) query(%query : !gaps)
      slots(%slots : memref<?xi64>)
      rotary(%positions, %cos, %sin : memref<?xi32>, memref<512x36xbf16>, memref<512x36xbf16>)
      query_out(%out : memref<?x3x72xf32>) key_scale(%key_scale : memref<3x72xf8E8M0FNU>, #channel)
      value_scale(%value_scale : memref<3xf32>, #head) cache(%cache : !kv)
  return
}

// Keys alone, of bf16 in the cache, rounded once.
func.func @keys(%key: memref<?x2x64xbf16>, %value: memref<?x2x40xbf16>, %slots: memref<?xi64>, %positions: memref<?xi32>,
    %cos: memref<?x3xf16>, %sin: memref<?x3xf16>, %value_scale: memref<2xf32>, %key_cache: !k, %value_cache: !v) {
  fp8attn.kv_write key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x40xbf16>) slots(%slots : memref<?xi64>)
      rotary(%positions, %cos, %sin : memref<?xi32>, memref<?x3xf16>, memref<?x3xf16>)
      value_scale(%value_scale : memref<2xf32>, #head) cache(%key_cache, %value_cache : !k, !v)
  return
}

// Norms without rotation; keys of f32.
func.func @norms(%key: memref<?x3x72xf32>, %value: memref<?x3x72xf32>, %query: memref<?x3x72xf32>, %slots: memref<?xi64>,
    %norm: memref<72xf32>, %out: memref<?x3x72xf16>, %key_scale: memref<3xf32>, %value_scale: memref<3xf32>, %cache: !kv) {
  fp8attn.kv_write key(%key : memref<?x3x72xf32>) value(%value : memref<?x3x72xf32>) query(%query : memref<?x3x72xf32>)
      slots(%slots : memref<?xi64>) key_norm(%norm : memref<72xf32>) query_norm(%norm : memref<72xf32>)
      query_out(%out : memref<?x3x72xf16>) key_scale(%key_scale : memref<3xf32>, #head)
      value_scale(%value_scale : memref<3xf32>, #head) cache(%cache : !kv) {norm_eps = 1.0e-02 : f32}
  return
}

// Scales are those of rotated keys.
func.func @computed(%key: memref<?x3x72xbf16>, %value: memref<?x3x72xbf16>, %slots: memref<?xi64>, %positions: memref<?xi32>,
    %cos: memref<?x36xf32>, %sin: memref<?x36xf32>, %key_scale: memref<?x3x64xf32>, %value_scale: memref<64x?x3x3xf8E8M0FNU>,
    %cache: !kv) {
  fp8attn.kv_write dynamic key(%key : memref<?x3x72xbf16>) value(%value : memref<?x3x72xbf16>) slots(%slots : memref<?xi64>)
      rotary(%positions, %cos, %sin : memref<?xi32>, memref<?x36xf32>, memref<?x36xf32>)
      key_scale(%key_scale : memref<?x3x64xf32>, #token_head)
      value_scale(%value_scale : memref<64x?x3x3xf8E8M0FNU>, #blocks) cache(%cache : !kv)
  return
}

// As DeepSeek's: the latent channels normalised and the others rotated, neighbours as
// pairs, of keys and, in place, of queries.
!latent = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @latent(%key: memref<?x1x576xbf16>, %query: memref<?x16x576xbf16>, %slots: memref<?xi64>, %norm: memref<512xbf16>,
    %positions: memref<?xi32>, %cos: memref<?x32xf32>, %sin: memref<?x32xf32>, %scale: memref<1xf32>, %cache: !latent) {
  fp8attn.kv_write interleaved key(%key : memref<?x1x576xbf16>) query(%query : memref<?x16x576xbf16>)
      slots(%slots : memref<?xi64>) key_norm(%norm : memref<512xbf16>)
      rotary(%positions, %cos, %sin : memref<?xi32>, memref<?x32xf32>, memref<?x32xf32>)
      query_out(%query : memref<?x16x576xbf16>) key_scale(%scale : memref<1xf32>, #head)
      cache(%cache : !latent) {norm_eps = 1.0e-06 : f32}
  return
}

// The others in bf16, halves as pairs, and a scale of each 128 codes.
!mixed = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
#group = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 128)>
func.func @mixed(%key: memref<?x1x576xbf16>, %slots: memref<?xi64>, %norm: memref<512xf32>, %positions: memref<?xi32>,
    %cos: memref<?x32xf32>, %sin: memref<?x32xf32>, %scale: memref<?x1x64x4xf32>, %cache: !mixed) {
  fp8attn.kv_write dynamic key(%key : memref<?x1x576xbf16>) slots(%slots : memref<?xi64>) key_norm(%norm : memref<512xf32>)
      rotary(%positions, %cos, %sin : memref<?xi32>, memref<?x32xf32>, memref<?x32xf32>)
      key_scale(%scale : memref<?x1x64x4xf32>, #group) cache(%cache : !mixed) {norm_eps = 1.0e-06 : f32}
  return
}
