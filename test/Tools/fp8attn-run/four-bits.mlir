// RUN: sed 's/PAGE/64/g; s/SMALL/32/g' %s > %t-64.mlir
// RUN: sed 's/PAGE/16/g; s/SMALL/24/g' %s > %t-16.mlir
// RUN: sed 's/PAGE/1/g; s/SMALL/48/g' %s > %t-1.mlir
// RUN: fp8attn-run %t-16.mlir --entry=caches --seqs=3 --context=90,300,41 --query-len=7 --check --isa=generic | FileCheck %s --check-prefix=CACHES
// RUN: fp8attn-run %t-1.mlir --entry=caches --seqs=3 --context=90,300,41 --query-len=7 --threads=2 --check | FileCheck %s --check-prefix=CACHES
// RUN: fp8attn-run %t-16.mlir --entry=maps --seqs=2 --context=300,70 --query-len=50 --check --isa=generic | FileCheck %s --check-prefix=MAPS
// RUN: %if avx512-bf16 %{ fp8attn-run %t-1.mlir --entry=maps --seqs=2 --context=300,70 --query-len=50 --check --isa=avx2 | FileCheck %s --check-prefix=MAPS %}
// RUN: %if avx512-bf16 %{ fp8attn-run %t-16.mlir --entry=maps --seqs=2 --context=300,70 --query-len=50 --check --emulate-amx --isa=amx_bf16 | FileCheck %s --check-prefix=MAPS %}
// RUN: fp8attn-run %t-64.mlir --entry=maps --seqs=3 --context=300,70,513 --query-len=1 --check | FileCheck %s --check-prefix=MAPS
// RUN: fp8attn-run %t-64.mlir --entry=copy --context=300,40,77 --threads=2 --check | FileCheck %s --check-prefix=COPY

#one = affine_map<(page, head, token, channel) -> ()>
#head = affine_map<(page, head, token, channel) -> (head)>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
#channel = affine_map<(page, head, token, channel) -> (head, channel)>
#block = affine_map<(page, head, token, channel) -> (page, token, head, channel floordiv 32)>
#sixteen = affine_map<(page, head, token, channel) -> (page, token, head, channel floordiv 16)>

!both = !fp8attn.cache<key_value, heads = 2, head_dim = 96, page = PAGE, f4E2M1FN, #fp8attn.layout<pairs>>
!keys = !fp8attn.cache<key, heads = 2, head_dim = 72, page = SMALL, i4, #fp8attn.layout<pairs>>
!values = !fp8attn.cache<value, heads = 2, head_dim = 40, page = SMALL, f8E4M3FN, #fp8attn.layout<pairs>>
!latent = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, page = SMALL, i4, #fp8attn.layout<pairs>>

// Tokens are written with computed scales of blocks of 32 channels, powers of two
// (MXFP4) and others, and of 16; with given ones; sources of all types.
// CACHES: check of ks passed: relative L2 error 0,
// CACHES: check of vs passed: relative L2 error 0,
// CACHES: check of cache passed: all {{[0-9]+}} bytes are equal
// CACHES: check of keys passed: all {{[0-9]+}} bytes are equal
// CACHES: check of values passed: all {{[0-9]+}} bytes are equal
// CACHES: check of latent passed: all {{[0-9]+}} bytes are equal
func.func @caches(%k: memref<?x2x96xf16>, %v: memref<?x2x96xf32>, %slots: memref<?xi64>,
    %ks: memref<?xPAGEx2x3xf8E8M0FNU>, %vs: memref<?xPAGEx2x6xf32>, %cache: !both,
    %k2: memref<?x2x72xbf16>, %v2: memref<?x2x40xbf16>, %ks2: memref<2xf32>, %vs2: memref<f32>,
    %slots2: memref<?xi64>, %keys: !keys, %values: !values, %k3: memref<?x1x96xf32>, %latent: !latent) {
  fp8attn.kv_write dynamic key(%k : memref<?x2x96xf16>) value(%v : memref<?x2x96xf32>) slots(%slots : memref<?xi64>)
      key_scale(%ks : memref<?xPAGEx2x3xf8E8M0FNU>, #block) value_scale(%vs : memref<?xPAGEx2x6xf32>, #sixteen)
      cache(%cache : !both)
  fp8attn.kv_write key(%k2 : memref<?x2x72xbf16>) value(%v2 : memref<?x2x40xbf16>) slots(%slots2 : memref<?xi64>)
      key_scale(%ks2 : memref<2xf32>, #head) value_scale(%vs2 : memref<f32>, #one) cache(%keys, %values : !keys, !values)
  fp8attn.kv_write key(%k3 : memref<?x1x96xf32>) slots(%slots2 : memref<?xi64>)
      key_scale(%vs2 : memref<f32>, #one) cache(%latent : !latent)
  return
}

// Scales of heads; of tokens and of channels; of blocks of channels of a token, which
// are multiplied one by one; with values of FP8; and of a latent cache.
// MAPS: check of o1 passed
// MAPS: check of o2 passed
// MAPS: check of o3 passed
// MAPS: check of o4 passed
// MAPS: check of o5 passed
func.func @maps(%q: memref<?x6x96xbf16>, %cache: !both, %s: memref<2xf32>,
    %cache2: !both, %ks2: memref<?x2xPAGExf32>, %vs2: memref<2x96xf32>,
    %cache3: !both, %ks3: memref<?xPAGEx2x3xf8E8M0FNU>, %vs3: memref<?xPAGEx2x6xf32>,
    %q4: memref<?x4x72xf32>, %keys: !keys, %values: !values, %q5: memref<?x5x96xf16>, %latent: !latent,
    %start: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %small: memref<?x?xi32>,
    %o1: memref<?x6x96xbf16>, %o2: memref<?x6x96xbf16>, %o3: memref<?x6x96xf32>, %o4: memref<?x4x40xf32>,
    %o5: memref<?x5x64xf16>) {
  fp8attn.paged_attention causal query(%q : memref<?x6x96xbf16>) cache(%cache : !both)
      key_scale(%s : memref<2xf32>, #head) value_scale(%s : memref<2xf32>, #head)
      batch(%start, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o1 : memref<?x6x96xbf16>)
  fp8attn.paged_attention causal query(%q : memref<?x6x96xbf16>) cache(%cache2 : !both)
      key_scale(%ks2 : memref<?x2xPAGExf32>, #token) value_scale(%vs2 : memref<2x96xf32>, #channel)
      batch(%start, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o2 : memref<?x6x96xbf16>)
  fp8attn.paged_attention causal query(%q : memref<?x6x96xbf16>) cache(%cache3 : !both)
      key_scale(%ks3 : memref<?xPAGEx2x3xf8E8M0FNU>, #block) value_scale(%vs3 : memref<?xPAGEx2x6xf32>, #sixteen)
      batch(%start, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o3 : memref<?x6x96xf32>)
  fp8attn.paged_attention causal query(%q4 : memref<?x4x72xf32>) cache(%keys, %values : !keys, !values)
      key_scale(%s : memref<2xf32>, #head) value_scale(%s : memref<2xf32>, #head)
      batch(%start, %lens, %small : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o4 : memref<?x4x40xf32>)
      {softcap = 20.0 : f32}
  fp8attn.paged_attention causal query(%q5 : memref<?x5x96xf16>) cache(%latent : !latent)
      key_scale(%s : memref<2xf32>, affine_map<(page, head, token, channel) -> (token mod 2)>)
      batch(%start, %lens, %small : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o5 : memref<?x5x64xf16>)
  return
}

// Codes as they are, all of their bytes.
// COPY: check of to passed: all {{[0-9]+}} bytes are equal
func.func @copy(%from: !both, %to: !both) {
  fp8attn.repack %from into %to : !both, !both
  return
}
