// RUN: fp8attn-run %s --entry=paged --check --context=300,5,70,2600 --query-len=20,2,1,1 --threads=2 | FileCheck %s
// RUN: fp8attn-run %s --entry=paged --check --context=300,70 --query-len=90,8 --isa-cap=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=dense --check --seqs=3 --context=70 --query-len=40 | FileCheck %s
// RUN: fp8attn-run %s --entry=dense --check --seqs=2 --context=300 --query-len=3 --isa-cap=avx2 | FileCheck %s
// RUN: fp8attn-run %s --entry=prefix --check --context=40,3,70 --query-len=5,1,20 --prefix=129 --group=2 | FileCheck %s
// RUN: fp8attn-run %s --entry=selected --check --context=100,30 --query-len=4,1 | FileCheck %s

// Queries and results of FP8 with scales of their rows, of caches and dense tensors, behind
// a prefix, whose result is quantised when it is merged, and of selected tokens.
// CHECK: query_scale of {{.*}} out_scale of
// CHECK: check of out passed

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#of_cache = affine_map<(page, head, token, channel) -> ()>
#row = affine_map<(token, head, channel) -> (token, head)>
#head = affine_map<(token, head, channel) -> (head)>
#token = affine_map<(token, head, channel) -> (token)>

func.func @paged(%query: memref<?x8x64xf8E4M3FN>, %cache: !cache, %scale: memref<f32>, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %sink: memref<8xf32>, %out: memref<?x8x64xf8E4M3FN>, %lse: memref<?x8xf32>,
    %query_scale: memref<?x8xf32>, %out_scale: memref<8xf32>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xf8E4M3FN>) cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #of_cache) value_scale(%scale : memref<f32>, #of_cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) sink(%sink : memref<8xf32>)
      out(%out : memref<?x8x64xf8E4M3FN>) lse(%lse : memref<?x8xf32>)
      query_scale(%query_scale : memref<?x8xf32>, #row) out_scale(%out_scale : memref<8xf32>, #head)
  return
}

func.func @dense(%query: memref<?x8x?x64xf8E5M2>, %key: memref<?x2x?x64xf32>, %value: memref<?x4x?x40xbf16>,
    %out: memref<?x8x?x40xf8E5M2>, %query_scale: memref<?x8x?xf32>, %out_scale: memref<?x?xf32>) {
  fp8attn.attention query(%query : memref<?x8x?x64xf8E5M2>) key(%key : memref<?x2x?x64xf32>)
      value(%value : memref<?x4x?x40xbf16>) out(%out : memref<?x8x?x40xf8E5M2>)
      query_scale(%query_scale : memref<?x8x?xf32>, affine_map<(batch, head, token, channel) -> (batch, head, token)>)
      out_scale(%out_scale : memref<?x?xf32>, affine_map<(batch, head, token, channel) -> (token, batch)>)
      {softcap = 30.0 : f32}
  return
}

func.func @prefix(%query: memref<?x8x64xf8E5M2>, %cache: !cache, %scale: memref<f32>, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %groups: memref<?xi32>, %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>,
    %out: memref<?x8x64xf8E4M3FN>, %query_scale: memref<8xf32>, %out_scale: memref<?x8xf32>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xf8E5M2>) cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #of_cache) value_scale(%scale : memref<f32>, #of_cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xf8E4M3FN>)
      query_scale(%query_scale : memref<8xf32>, #head) out_scale(%out_scale : memref<?x8xf32>, #row)
  return
}

func.func @selected(%query: memref<?x8x64xf8E4M3FN>, %cache: !cache, %scale: memref<f32>, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %chosen: memref<?x17xi32>, %out: memref<?x8x64xf8E5M2>, %query_scale: memref<?x8xf32>, %out_scale: memref<?xf32>) {
  fp8attn.paged_attention query(%query : memref<?x8x64xf8E4M3FN>) cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #of_cache) value_scale(%scale : memref<f32>, #of_cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      selected_tokens(%chosen : memref<?x17xi32>) out(%out : memref<?x8x64xf8E5M2>)
      query_scale(%query_scale : memref<?x8xf32>, #row) out_scale(%out_scale : memref<?xf32>, #token)
  return
}
