// RUN: fp8attn-run %s --entry=apart --check --seqs=2 --query-len=70 --context=70 --threads=2 | FileCheck %s
// RUN: fp8attn-run %s --entry=apart --check --seqs=2 --query-len=70 --context=70 --isa-cap=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=attend_both --check --seqs=2 --context=300 --query-len=3 | FileCheck %s --check-prefix=BOTH
// RUN: not fp8attn-run %s --entry=apart --context=10,20 2>&1 | FileCheck %s --check-prefix=RAGGED

// Random parts, tokens first in memory; one row in five of each has no keys.
// CHECK: check of out passed
// CHECK: check of lse passed
// RAGGED: error: expects sequences of the same --context and --query-len, because tensors are dense
!part = memref<?x6x?x40xf32, strided<[?, 40, 240, 1]>>
!lse = memref<?x6x?xf32>
func.func @apart(%first: !part, %first_lse: !lse, %second: !part, %second_lse: !lse,
    %out: memref<?x6x?x40xbf16>, %lse: !lse) {
  fp8attn.merge first(%first, %first_lse : !part, !lse) second(%second, %second_lse : !part, !lse)
      into(%out, %lse : memref<?x6x?x40xbf16>, !lse)
  return
}

// A part that an operation before the merge computes.
// BOTH-COUNT-4: check of {{.+}} passed
!result = memref<?x6x?x64xbf16>
func.func @attend_both(%query: !result, %key: memref<?x2x?x64xbf16>, %a: !result, %a_lse: !lse,
    %b: !result, %b_lse: !lse, %out: !result, %lse: !lse) {
  fp8attn.attention query(%query : !result) key(%key : memref<?x2x?x64xbf16>)
      value(%key : memref<?x2x?x64xbf16>) out(%a : !result) lse(%a_lse : !lse)
  fp8attn.merge first(%a, %a_lse : !result, !lse) second(%b, %b_lse : !result, !lse)
      into(%out, %lse : !result, !lse)
  return
}
