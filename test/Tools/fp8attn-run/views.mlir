// RUN: fp8attn-run %s --entry=bytes --seqs=2 --context=40 --check | FileCheck %s
// RUN: fp8attn-run %s --entry=elements --seqs=2 --context=40 --check | FileCheck %s
// RUN: fp8attn-run %s --entry=marked --seqs=2 --context=40 --check | FileCheck %s --check-prefix=DENSE
// RUN: not fp8attn-run %s --entry=not_marked 2>&1 | FileCheck %s --check-prefix=OTHER

// Caches that are views of arguments, and constants, some of which a score region
// uses, in a module of which some functions are no entry points.
// CHECK: check of out passed
// CHECK: check of {{bytes|pages}} passed: all {{[0-9]+}} bytes are equal
// DENSE: check of out passed
// OTHER: no entry point "not_marked"; there is: bytes, elements, marked
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
!rows = memref<?x2x64xbf16>
func.func @bytes(%query: !rows, %key: !rows, %slots: memref<?xi64>, %bytes: memref<?xi8>,
                 %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: !rows)
    attributes {fp8attn.entry} {
  %c = arith.constant 7 : index
  %cache = fp8attn.cache_view %bytes : memref<?xi8> to !kv
  fp8attn.kv_write key(%key : !rows) value(%key : !rows) slots(%slots : memref<?xi64>) cache(%cache : !kv)
  fp8attn.paged_attention query(%query : !rows) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : !rows)
  return
}
func.func @elements(%query: !rows, %key: !rows, %slots: memref<?xi64>, %pages: memref<?x64x128xbf16>,
                    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: !rows)
    attributes {fp8attn.entry} {
  %any = memref.cast %pages : memref<?x64x128xbf16> to memref<?x?x?xbf16>
  %cache = fp8attn.cache_view %any : memref<?x?x?xbf16> to !kv
  fp8attn.kv_write key(%key : !rows) value(%key : !rows) slots(%slots : memref<?xi64>) cache(%cache : !kv)
  fp8attn.paged_attention query(%query : !rows) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : !rows)
  return
}
func.func @marked(%query: memref<?x2x?x64xbf16>, %key: memref<?x2x?x64xbf16>, %out: memref<?x2x?x64xbf16>)
    attributes {fp8attn.entry} {
  %limit = arith.constant 0.5 : f32
  fp8attn.attention query(%query : memref<?x2x?x64xbf16>)
      key(%key : memref<?x2x?x64xbf16>) value(%key : memref<?x2x?x64xbf16>) out(%out : memref<?x2x?x64xbf16>)
      score {
      ^bb0(%score: f32, %batch: index, %head: index, %position: index, %t: index):
      %less = arith.minimumf %score, %limit : f32
      fp8attn.yield %less : f32
    }
  return
}
llvm.func @not_marked() {
  llvm.return
}
