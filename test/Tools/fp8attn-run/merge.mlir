// RUN: fp8attn-run %s --entry=apart --check --query-len=37 --threads=2 | FileCheck %s
// RUN: fp8attn-run %s --entry=apart --check --query-len=37 --isa-cap=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=in_place --check --query-len=5 | FileCheck %s --check-prefix=PLACE
// RUN: fp8attn-run %s --entry=attend_both --check --seqs=2 --context=300,40 --query-len=3 | FileCheck %s --check-prefix=BOTH
// RUN: not fp8attn-run %s --entry=overwritten --check 2>&1 | FileCheck %s --check-prefix=OVERWRITTEN

// Random parts; one row in five of each has no keys.
// CHECK: check of out passed
// CHECK: check of lse passed
func.func @apart(%first: memref<?x6x64xbf16, strided<[?, 64, 1]>>, %first_lse: memref<?x6xf32, strided<[?, 1]>>,
    %second: memref<?x6x64xbf16>, %second_lse: memref<?x6xf32>,
    %out: memref<?x6x64xbf16>, %lse: memref<?x6xf32>) {
  fp8attn.merge first(%first, %first_lse : memref<?x6x64xbf16, strided<[?, 64, 1]>>, memref<?x6xf32, strided<[?, 1]>>)
      second(%second, %second_lse : memref<?x6x64xbf16>, memref<?x6xf32>)
      into(%out, %lse : memref<?x6x64xbf16>, memref<?x6xf32>)
  return
}

// The result is named after the part whose place it takes.
// PLACE: check of second passed
// PLACE: check of second_lse passed
func.func @in_place(%first: memref<?x6x64xbf16>, %first_lse: memref<?x6xf32>,
    %second: memref<?x6x64xbf16>, %second_lse: memref<?x6xf32>) {
  fp8attn.merge first(%first, %first_lse : memref<?x6x64xbf16>, memref<?x6xf32>)
      second(%second, %second_lse : memref<?x6x64xbf16>, memref<?x6xf32>)
      into(%second, %second_lse : memref<?x6x64xbf16>, memref<?x6xf32>)
  return
}

// A part that an operation before the merge computes.
// BOTH: check of {{.+}} passed
// BOTH: check of {{.+}} passed
// BOTH: check of {{.+}} passed
// BOTH: check of {{.+}} passed
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @attend_both(%query: memref<?x6x64xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %a: memref<?x6x64xbf16>, %a_lse: memref<?x6xf32>,
    %b: memref<?x6x64xbf16>, %b_lse: memref<?x6xf32>, %out: memref<?x6x64xbf16>, %lse: memref<?x6xf32>) {
  fp8attn.paged_attention query(%query : memref<?x6x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%a : memref<?x6x64xbf16>) lse(%a_lse : memref<?x6xf32>)
  fp8attn.merge first(%a, %a_lse : memref<?x6x64xbf16>, memref<?x6xf32>)
      second(%b, %b_lse : memref<?x6x64xbf16>, memref<?x6xf32>)
      into(%out, %lse : memref<?x6x64xbf16>, memref<?x6xf32>)
  return
}

// OVERWRITTEN: error: cannot check fp8attn.merge, which reads a result of an operation before that is not left in an argument at the end
func.func @overwritten(%query: memref<?x6x64xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %a: memref<?x6x64xbf16>, %a_lse: memref<?x6xf32>,
    %b: memref<?x6x64xbf16>, %b_lse: memref<?x6xf32>) {
  fp8attn.paged_attention query(%query : memref<?x6x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%a : memref<?x6x64xbf16>) lse(%a_lse : memref<?x6xf32>)
  fp8attn.merge first(%a, %a_lse : memref<?x6x64xbf16>, memref<?x6xf32>)
      second(%b, %b_lse : memref<?x6x64xbf16>, memref<?x6xf32>)
      into(%a, %a_lse : memref<?x6x64xbf16>, memref<?x6xf32>)
  return
}
