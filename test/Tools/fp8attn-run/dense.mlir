// RUN: fp8attn-run %s --entry=llama --check --context=300 --query-len=300 | FileCheck %s
// RUN: fp8attn-run %s --entry=llama --check --seqs=3 --context=20 --query-len=33 --isa-cap=generic | FileCheck %s
// RUN: %if avx512-bf16 %{ fp8attn-run %s --entry=llama --check --context=70 --query-len=3 --emulate-amx --isa=amx_bf16 | FileCheck %s %}
// RUN: fp8attn-run %s --entry=cross --check --seqs=2 --context=260 --query-len=60 | FileCheck %s
// RUN: fp8attn-run %s --entry=cross --time --repetitions=1 --context=32 --query-len=2 | FileCheck %s --check-prefix=TIME
// RUN: not fp8attn-run %s --entry=llama --context=10,20 2>&1 | FileCheck %s --check-prefix=RAGGED
// RUN: not fp8attn-run %s --entry=fixed --context=20 2>&1 | FileCheck %s --check-prefix=FIXED

// CHECK: check of out passed
// CHECK: check of lse passed

// --seqs is the batch; all its entries have as many queries and keys.
// RAGGED: error: expects sequences of the same --context and --query-len, because tensors are dense, got 10 keys and 1 query tokens, and 20 and 1
func.func @llama(%query: memref<?x8x?x128xbf16>, %key: memref<?x2x?x128xbf16>,
    %value: memref<?x2x?x128xbf16>, %out: memref<?x8x?x128xbf16>, %lse: memref<?x8x?xf32>) {
  fp8attn.attention causal query(%query : memref<?x8x?x128xbf16>)
      key(%key : memref<?x2x?x128xbf16>) value(%value : memref<?x2x?x128xbf16>)
      out(%out : memref<?x8x?x128xbf16>) lse(%lse : memref<?x8x?xf32>)
  return
}

// Tokens first in memory, everything that scores can be made of, and FP8 keys
// beside f32 values.
// TIME: time: median
// TIME: compute:
// TIME: memory:
!query = memref<?x6x?x40xf16, strided<[?, 40, 240, 1]>>
!out = memref<?x6x?x24xf32, strided<[?, 24, 144, 1]>>
func.func @cross(%query: !query, %key: memref<?x2x?x40xf8E4M3FN, strided<[?, 40, 80, 1]>>,
    %value: memref<?x2x?x24xf32>, %key_scale: memref<2xf32>, %sink: memref<6xf32>, %out: !out,
    %lse: memref<?x6x?xf32>, %alibi: memref<6xf32>, %mask: memref<?x1x?x?xi8>, %bias: memref<?xf32>) {
  fp8attn.attention window_left = 100 window_right = 200 alignment = top_left query(%query : !query)
      key(%key : memref<?x2x?x40xf8E4M3FN, strided<[?, 40, 80, 1]>>) value(%value : memref<?x2x?x24xf32>)
      key_scale(%key_scale : memref<2xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      sink(%sink : memref<6xf32>) out(%out : !out) lse(%lse : memref<?x6x?xf32>)
      alibi(%alibi : memref<6xf32>) mask(%mask : memref<?x1x?x?xi8>)
      score {
      ^bb0(%score: f32, %entry: index, %head: index, %q: index, %t: index):
        %b = memref.load %bias[%t] : memref<?xf32>
        %new = arith.addf %score, %b : f32
        fp8attn.yield %new : f32
      } {softcap = 20.0 : f32}
  return
}

// Sizes that the types fix must be those of the options.
// FIXED: error: expects dimension 2 of key to be 20 for this batch (--seqs, --context, --query-len), got 16
func.func @fixed(%query: memref<1x1x1x8xf32>, %key: memref<1x1x16x8xf32>, %out: memref<1x1x1x8xf32>) {
  fp8attn.attention query(%query : memref<1x1x1x8xf32>) key(%key : memref<1x1x16x8xf32>)
      value(%key : memref<1x1x16x8xf32>) out(%out : memref<1x1x1x8xf32>)
  return
}
