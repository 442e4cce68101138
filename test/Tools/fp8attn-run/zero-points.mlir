// RUN: fp8attn-run %s --entry=symmetric --seqs=2 --context=300,70 --query-len=3 --check | FileCheck %s --check-prefix=OUT
// RUN: fp8attn-run %s --entry=by_head --seqs=3 --context=300,70,513 --check --isa=generic | FileCheck %s --check-prefix=OUT
// RUN: fp8attn-run %s --entry=by_head --seqs=2 --context=300,70 --query-len=50 --threads=2 --check | FileCheck %s --check-prefix=OUT
// RUN: fp8attn-run %s --entry=kivi --seqs=3 --context=300,70,513 --check | FileCheck %s --check-prefix=OUT
// RUN: %if avx512-bf16 %{ fp8attn-run %s --entry=kivi --seqs=2 --context=300,70 --query-len=50 --check --isa=avx2 | FileCheck %s --check-prefix=OUT %}
// RUN: %if avx512-bf16 %{ fp8attn-run %s --entry=kivi --seqs=2 --context=300,70 --query-len=3 --check --emulate-amx --isa=amx_bf16 | FileCheck %s --check-prefix=OUT %}
// RUN: fp8attn-run %s --entry=others --context=300,70 --query-len=3,1 --prefix=40 --group=2 --selected=64 --check | FileCheck %s --check-prefix=OTHERS
// RUN: fp8attn-run %s --entry=store --seqs=3 --context=90,300,41 --query-len=7 --check | FileCheck %s --check-prefix=STORE
// RUN: fp8attn-run %s --entry=store --seqs=3 --context=90,300,41 --query-len=7 --threads=2 --check --isa=generic | FileCheck %s --check-prefix=STORE
// RUN: fp8attn-run %s --entry=by_head --seqs=2 --context=70 --remarks --check 2>&1 | FileCheck %s --check-prefix=REMARKS

// Codes of i8 with zero points: one for each head, or, of keys, for each channel and, of
// values, for each token.

#head = affine_map<(page, head, token, channel) -> (head)>
#channel = affine_map<(page, head, token, channel) -> (head, channel)>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 32)>
!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, i8, #fp8attn.layout<pairs>>
!rows = memref<?x32x128xbf16>
!i = memref<?xi32>
!table = memref<?x?xi32>

// OUT: check of out passed
func.func @symmetric(%query: !rows, %cache: !kv, %scale: memref<8xf32>, %starts: !i, %lens: !i, %table: !table, %out: !rows) {
  fp8attn.paged_attention causal query(%query : !rows) cache(%cache : !kv)
      key_scale(%scale : memref<8xf32>, #head) value_scale(%scale : memref<8xf32>, #head)
      batch(%starts, %lens, %table : !i, !i, !table) out(%out : !rows)
  return
}

// REMARKS: keys become bf16 one by one, before each step: codes have zero points
// REMARKS: values become bf16 one by one, before each step: codes have zero points
// REMARKS: key_zero_point of affine_map
func.func @by_head(%query: !rows, %cache: !kv, %scale: memref<8xf32>, %kz: memref<8xi8>, %vz: memref<8xi8>,
    %starts: !i, %lens: !i, %table: !table, %out: !rows) {
  fp8attn.paged_attention causal query(%query : !rows) cache(%cache : !kv)
      key_scale(%scale : memref<8xf32>, #head) value_scale(%scale : memref<8xf32>, #head)
      batch(%starts, %lens, %table : !i, !i, !table) out(%out : !rows)
      key_zero_point(%kz : memref<8xi8>, #head) value_zero_point(%vz : memref<8xi8>, #head)
  return
}

func.func @kivi(%query: !rows, %cache: !kv, %ks: memref<8x128xf32>, %vs: memref<?x8x32xf32>, %kz: memref<8x128xi8>,
    %vz: memref<?x8x32xi8>, %starts: !i, %lens: !i, %table: !table, %out: !rows) {
  fp8attn.paged_attention causal query(%query : !rows) cache(%cache : !kv)
      key_scale(%ks : memref<8x128xf32>, #channel) value_scale(%vs : memref<?x8x32xf32>, #token)
      batch(%starts, %lens, %table : !i, !i, !table) out(%out : !rows)
      key_zero_point(%kz : memref<8x128xi8>, #channel) value_zero_point(%vz : memref<?x8x32xi8>, #token)
  return
}

// Scales and zero points of blocks of a latent cache, prefixes, and selected tokens, whose
// zero points are copied with them.
!latent = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, page = 16, i8, #fp8attn.layout<pairs>>
!small = !fp8attn.cache<key_value, heads = 2, head_dim = 40, page = 32, i8, #fp8attn.layout<pairs>>
// OTHERS: check of o1 passed
// OTHERS: check of o2 passed
// OTHERS: check of o3 passed
func.func @others(%q1: memref<?x5x96xbf16>, %latent: !latent, %ks: memref<?x1x16x3xf32>, %kz: memref<?x1x16x3xi8>,
    %q2: memref<?x6x40xf32>, %small: !small, %scale: memref<2xf32>, %z: memref<?x2x32xi8>,
    %starts: !i, %lens: !i, %table1: !table, %table: !table, %groups: !i, %prefix_lens: !i, %prefixes: !table, %list: memref<?x2x?xi32>,
    %o1: memref<?x5x64xf32>, %o2: memref<?x6x40xf32>, %o3: memref<?x6x40xbf16>) {
  fp8attn.paged_attention causal query(%q1 : memref<?x5x96xbf16>) cache(%latent : !latent)
      key_scale(%ks : memref<?x1x16x3xf32>, #block) batch(%starts, %lens, %table1 : !i, !i, !table) out(%o1 : memref<?x5x64xf32>)
      key_zero_point(%kz : memref<?x1x16x3xi8>, #block)
  fp8attn.paged_attention causal query(%q2 : memref<?x6x40xf32>) cache(%small : !small)
      key_scale(%scale : memref<2xf32>, #head) value_scale(%scale : memref<2xf32>, #head)
      batch(%starts, %lens, %table : !i, !i, !table) out(%o2 : memref<?x6x40xf32>)
      prefix(%groups, %prefix_lens, %prefixes : !i, !i, !table)
      key_zero_point(%z : memref<?x2x32xi8>, #token)
  fp8attn.paged_attention causal query(%q2 : memref<?x6x40xf32>) cache(%small : !small)
      key_scale(%scale : memref<2xf32>, #head) value_scale(%scale : memref<2xf32>, #head)
      batch(%starts, %lens, %table : !i, !i, !table) out(%o3 : memref<?x6x40xbf16>) selected_tokens(%list : memref<?x2x?xi32>)
      value_zero_point(%z : memref<?x2x32xi8>, #token)
  return
}

// Given zero points of values alone, computed ones of a latent cache whose keys are rotated.
!mla = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
// STORE-DAG: check of cache passed: all {{[0-9]+}} bytes are equal
// STORE-DAG: check of mla passed: all {{[0-9]+}} bytes are equal
// STORE-DAG: check of kz passed
func.func @store(%k: memref<?x8x128xf16>, %v: memref<?x8x128xf32>, %slots: memref<?xi64>, %scale: memref<8xf32>,
    %vz: memref<8x128xi8>, %cache: !kv, %l: memref<?x1x96xbf16>, %positions: !i, %cos: memref<?x16xf32>, %sin: memref<?x16xf32>,
    %mla: !mla, %ks: memref<?x1x32x3xf8E8M0FNU>, %kz: memref<?x1x32x3xi8>) {
  fp8attn.kv_write key(%k : memref<?x8x128xf16>) value(%v : memref<?x8x128xf32>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<8xf32>, #head) value_scale(%scale : memref<8xf32>, #head)
      value_zero_point(%vz : memref<8x128xi8>, #channel) cache(%cache : !kv)
  fp8attn.kv_write dynamic key(%l : memref<?x1x96xbf16>) slots(%slots : memref<?xi64>)
      rotary(%positions, %cos, %sin : !i, memref<?x16xf32>, memref<?x16xf32>)
      key_scale(%ks : memref<?x1x32x3xf8E8M0FNU>, #block) key_zero_point(%kz : memref<?x1x32x3xi8>, #block) cache(%mla : !mla)
  return
}
