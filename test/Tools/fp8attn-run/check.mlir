// RUN: fp8attn-run %s --check --context=300,0,33,64 --query-len=20,2,40,1 --threads=2 | FileCheck %s
// RUN: fp8attn-run %s --check --isa-cap=generic --seqs=3 --context=100 | FileCheck %s --check-prefix=GENERIC
// RUN: fp8attn-run %s --check --json --context=70 | FileCheck %s --check-prefix=JSON

// A ragged batch (with an empty sequence and one of fewer keys than queries)
// agrees with the reference, whatever the ISA; the seed is printed.

!keys = !fp8attn.cache<key, heads = 3, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
!values = !fp8attn.cache<value, heads = 3, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>

// CHECK: attend: ran on {{.*}}, 2 workers, 4 sequences, 63 query tokens, seed 1
// CHECK: computed paged_attention: causal, alignment bottom_right, softmax_scale 0.125 (1 / sqrt(64)), key_scale of affine_map<(d0, d1, d2, d3) -> (d1)>, value_scale of affine_map<(d0, d1, d2, d3) -> ()>
// CHECK: check of out passed: relative L2 error {{[0-9.e-]+}}, worst element
// CHECK: check of lse passed
// GENERIC: attend: ran on generic, 1 worker, 3 sequences, 3 query tokens
// GENERIC: check of out passed
// JSON: "argument": "out"
// JSON: "passed": true
// JSON: "operations": [
// JSON-NEXT: "paged_attention: causal, alignment bottom_right,
func.func @attend(%query: memref<?x21x64xbf16, strided<[?, 64, 1]>>,
    %keys: !keys, %values: !values, %key_scale: memref<3xf32>,
    %value_scale: memref<f32>, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x21x64xbf16>, %lse: memref<?x21xf32>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x21x64xbf16, strided<[?, 64, 1]>>)
      cache(%keys, %values : !keys, !values)
      key_scale(%key_scale : memref<3xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x21x64xbf16>) lse(%lse : memref<?x21xf32>)
  return
}
