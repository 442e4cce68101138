// RUN: fp8attn-run %s --entry=chain --check --seqs=2 --context=300,40 --query-len=3 | FileCheck %s --check-prefix=CHAIN
// RUN: fp8attn-run %s --entry=chain --check --seqs=2 --context=300,40 --query-len=3 --isa-cap=generic | FileCheck %s --check-prefix=CHAIN
// RUN: fp8attn-run %s --entry=f16 --check --query-len=37 --threads=2 | FileCheck %s
// RUN: fp8attn-run %s --entry=f16 --check --query-len=37 --isa-cap=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=f32_to_f16 --check --query-len=37 | FileCheck %s
// RUN: fp8attn-run %s --entry=f32_to_f16 --check --query-len=37 --isa-cap=generic | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 40, page = 32, bf16, #fp8attn.layout<pairs>>

// Partial results in f32, as long as parts are added; the last merge rounds.
// CHAIN-COUNT-6: check of {{.+}} passed
func.func @chain(%query: memref<?x6x40xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %a: memref<?x6x40xf32>, %a_lse: memref<?x6xf32>,
    %b: memref<?x6x40xf32>, %b_lse: memref<?x6xf32>, %ab: memref<?x6x40xf32>, %ab_lse: memref<?x6xf32>,
    %c: memref<?x6x40xf32>, %c_lse: memref<?x6xf32>, %out: memref<?x6x40xbf16>, %lse: memref<?x6xf32>) {
  fp8attn.paged_attention query(%query : memref<?x6x40xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%a : memref<?x6x40xf32>) lse(%a_lse : memref<?x6xf32>)
  fp8attn.merge first(%a, %a_lse : memref<?x6x40xf32>, memref<?x6xf32>)
      second(%b, %b_lse : memref<?x6x40xf32>, memref<?x6xf32>)
      into(%ab, %ab_lse : memref<?x6x40xf32>, memref<?x6xf32>)
  fp8attn.merge first(%ab, %ab_lse : memref<?x6x40xf32>, memref<?x6xf32>)
      second(%c, %c_lse : memref<?x6x40xf32>, memref<?x6xf32>)
      into(%out, %lse : memref<?x6x40xbf16>, memref<?x6xf32>)
  return
}

// CHECK: check of out passed
// CHECK: check of lse passed
func.func @f16(%first: memref<?x6x8xf16>, %first_lse: memref<?x6xf32>, %second: memref<?x6x8xf16>,
    %second_lse: memref<?x6xf32>, %out: memref<?x6x8xf16>, %lse: memref<?x6xf32>) {
  fp8attn.merge first(%first, %first_lse : memref<?x6x8xf16>, memref<?x6xf32>)
      second(%second, %second_lse : memref<?x6x8xf16>, memref<?x6xf32>)
      into(%out, %lse : memref<?x6x8xf16>, memref<?x6xf32>)
  return
}

func.func @f32_to_f16(%first: memref<?x6x64xf32>, %first_lse: memref<?x6xf32>, %second: memref<?x6x64xf32>,
    %second_lse: memref<?x6xf32>, %out: memref<?x6x64xf16>, %lse: memref<?x6xf32>) {
  fp8attn.merge first(%first, %first_lse : memref<?x6x64xf32>, memref<?x6xf32>)
      second(%second, %second_lse : memref<?x6x64xf32>, memref<?x6xf32>)
      into(%out, %lse : memref<?x6x64xf16>, memref<?x6xf32>)
  return
}
