// RUN: fp8attn-opt %s --split-input-file --verify-diagnostics

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// prefix_c1: in the generic form, where one may be missing.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %table: memref<?x?xi32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects group_start, prefix_lens and prefix_table, or none of them, got no group_start}}
  "fp8attn.paged_attention"(%query, %cache, %starts, %starts, %table, %query, %starts, %table)
      <{operandSegmentSizes = array<i32: 1, 1, 0, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0>}> ({})
      : (memref<?x8x64xbf16>, !cache, memref<?xi32>, memref<?xi32>, memref<?x?xi32>, memref<?x8x64xbf16>, memref<?xi32>, memref<?x?xi32>) -> ()
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// prefix_c1: as there.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %table: memref<?x?xi32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects group_start, prefix_lens and prefix_table, or none of them, got no prefix_lens}}
  "fp8attn.paged_attention"(%query, %cache, %starts, %starts, %table, %query, %starts, %table)
      <{operandSegmentSizes = array<i32: 1, 1, 0, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0>}> ({})
      : (memref<?x8x64xbf16>, !cache, memref<?xi32>, memref<?xi32>, memref<?x?xi32>, memref<?x8x64xbf16>, memref<?xi32>, memref<?x?xi32>) -> ()
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// prefix_c1: as there.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %table: memref<?x?xi32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects group_start, prefix_lens and prefix_table, or none of them, got no prefix_table}}
  "fp8attn.paged_attention"(%query, %cache, %starts, %starts, %table, %query, %starts, %starts)
      <{operandSegmentSizes = array<i32: 1, 1, 0, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>}> ({})
      : (memref<?x8x64xbf16>, !cache, memref<?xi32>, memref<?xi32>, memref<?x?xi32>, memref<?x8x64xbf16>, memref<?xi32>, memref<?xi32>) -> ()
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// prefix_c2: one start for each group, and the end.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %groups: memref<3xi32>,
    // expected-note@below {{prefix_lens is defined here}}
    %prefix_lens: memref<3xi32>, %prefix_table: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects group_start to have one element more than prefix_lens (3), got 3}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xbf16>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<3xi32>, memref<3xi32>, memref<?x?xi32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// prefix_c2: there is the end, at least.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %groups: memref<0xi32>,
    // expected-note@below {{prefix_lens is defined here}}
    %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects group_start to have one element more than prefix_lens (?), got 0}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xbf16>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<0xi32>, memref<?xi32>, memref<?x?xi32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// prefix_c3: a row for each group.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %groups: memref<?xi32>,
    // expected-note@below {{prefix_lens is defined here}}
    %prefix_lens: memref<3xi32>, %prefix_table: memref<4x?xi32>,
    %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects groups of prefix_table (4) to equal groups of prefix_lens (3)}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xbf16>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<3xi32>, memref<4x?xi32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// prefix_c4: no distance to the prefix.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %groups: memref<?xi32>,
    %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects no window_left beside a prefix, whose keys have no distance from a query}}
  fp8attn.paged_attention causal window_left = 7 query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xbf16>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// prefix_c4: as there.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %groups: memref<?xi32>,
    %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>,
    %alibi: memref<8xf32>, %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects no alibi beside a prefix, whose keys have no distance from a query}}
  fp8attn.paged_attention alibi(%alibi : memref<8xf32>) query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xbf16>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// prefix_c4: as there.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %groups: memref<?xi32>,
    %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects no score region beside a prefix, whose keys have no distance from a query}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xbf16>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        fp8attn.yield %score : f32
      }
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// operand_c4: kernels and checks read them as they lie.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %groups: memref<?xi32>,
    %prefix_lens: memref<?xi32, strided<[2]>>, %prefix_table: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects innermost stride of prefix_lens to be 1, got 2}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xbf16>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32, strided<[2]>>, memref<?x?xi32>)
  return
}
