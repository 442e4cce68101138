// RUN: fp8attn-run %s --check --context=40,3,70 --query-len=5,1,20 --prefix=129 --group=2 | FileCheck %s
// RUN: fp8attn-run %s --check --context=40,3,70 --query-len=5,1,20 --prefix=129 --group=2 --isa-cap=generic | FileCheck %s

// Trees of drafts behind prefixes that groups share, over codes of i8, with sinks of bf16:
// the mask is of the last own tokens, and every draft sees the prefix.
// CHECK: computed paged_attention: causal, {{.*}}draft mask of i1, sink, shared prefixes, key_scale
// CHECK: check of out passed

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, i8>
#head = affine_map<(page, head, token, channel) -> (head)>
func.func @verify(%query: memref<?x8x64xbf16>, %cache: !cache, %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %groups: memref<?xi32>,
    %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>, %sink: memref<8xbf16>,
    %draft_mask: memref<?x?xi1>, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<2xf32>, #head) value_scale(%value_scale : memref<2xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      draft_mask(%draft_mask : memref<?x?xi1>) sink(%sink : memref<8xbf16>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}
