// RUN: fp8attn-opt %s --split-input-file --verify-diagnostics

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// selection_c1: entries are one or the other.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %list: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects selected_pages or selected_tokens, got both}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) selected_pages(%list : memref<?x?xi32>) selected_tokens(%list : memref<?x?xi32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// selection_c2: a list for each query token.
// expected-note@below {{query is defined here}}
func.func @case(%query: memref<5x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %list: memref<4x?xi32>, %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects tokens of selected_tokens (4) to equal tokens of query (5)}}
  fp8attn.paged_attention query(%query : memref<5x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) selected_tokens(%list : memref<4x?xi32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// selection_c3: keys have no neighbours.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %list: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects no window_left beside selected_pages}}
  fp8attn.paged_attention window_left = 7 query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) selected_pages(%list : memref<?x?xi32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// selection_c3: keys have no neighbours.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %list: memref<?x?xi32>, %alibi: memref<8xf32>, %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects no alibi beside selected_pages}}
  fp8attn.paged_attention alibi(%alibi : memref<8xf32>) query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) selected_pages(%list : memref<?x?xi32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// selection_c3: keys have no neighbours.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %list: memref<?x?xi32>, %mask: memref<?x?xi1>, %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects no mask beside selected_pages}}
  fp8attn.paged_attention mask(%mask : memref<?x?xi1>) query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) selected_pages(%list : memref<?x?xi32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// selection_c3: keys have no neighbours.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %list: memref<?x?xi32>, %mask: memref<?x?xi1>, %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects no draft_mask beside selected_pages}}
  fp8attn.paged_attention draft_mask(%mask : memref<?x?xi1>) query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) selected_pages(%list : memref<?x?xi32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// selection_c3: keys have no neighbours.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %list: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects no prefix beside selected_pages}}
  fp8attn.paged_attention prefix(%lens, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) selected_pages(%list : memref<?x?xi32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// selection_c3: keys have no neighbours.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %list: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects no score region beside selected_tokens}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) selected_tokens(%list : memref<?x?xi32>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        fp8attn.yield %score : f32
      }
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
#flat = affine_map<(page, head, token, channel) -> (page, head * 32 + token)>
#page = affine_map<(page, head, token, channel) -> (page)>
// selection_c4: the factors of a token are not beside each other. Pages stay where they are.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %scale: memref<?x256xf32>, %pages: memref<?xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %list: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<?x256xf32>, #flat) value_scale(%pages : memref<?xf32>, #page)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) selected_pages(%list : memref<?x?xi32>)
  // expected-error@below {{'fp8attn.paged_attention' op expects no result of the map of value_scale to depend on page or token and on head or channel beside selected_tokens, got affine_map<(d0, d1, d2, d3) -> (d0, d1 * 32 + d2)>}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%pages : memref<?xf32>, #page) value_scale(%scale : memref<?x256xf32>, #flat)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) selected_tokens(%list : memref<?x?xi32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// operand_c4: entries of a row are beside each other.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %list: memref<?x?xi32, strided<[?, 2]>>, %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects innermost stride of selected_pages to be 1, got 2}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) selected_pages(%list : memref<?x?xi32, strided<[?, 2]>>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// selection_c6: how many lists there are is known.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %list: memref<?x?x?xi32>,
    %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects lists of a token of selected_tokens to be static, got ? in 'memref<?x?x?xi32>'}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) selected_tokens(%list : memref<?x?x?xi32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// selection_c6: a list is for as many heads as another.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %list: memref<?x3x?xi32>,
    %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects heads of query (8) to be a multiple of the lists of a token in selected_pages, got 3}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) selected_pages(%list : memref<?x3x?xi32>)
  return
}

// -----

!keys = !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!values = !fp8attn.cache<value, heads = 3, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
// selection_c6: no head is of two lists in part.
func.func @case(%query: memref<?x12x64xbf16>, %keys: !keys,
    // expected-note@below {{the cache is defined here}}
    %values: !values,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %list: memref<?x2x?xi32>,
    %out: memref<?x12x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects heads of the cache (3) to be a multiple of the lists of a token in selected_tokens, or to divide them, got 2}}
  fp8attn.paged_attention query(%query : memref<?x12x64xbf16>) cache(%keys, %values : !keys, !values)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x12x64xbf16>) selected_tokens(%list : memref<?x2x?xi32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
#pairs = affine_map<(page, head, token, channel) -> (head floordiv 2)>
// selection_c7: heads of a list are neighbours, and so are their scales.
func.func @case(%query: memref<?x8x64xbf16>, %cache: !cache, %scale: memref<4xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %list: memref<?x8x?xi32>,
    %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects results of the map of key_scale that depend on the head to be the head where selected_tokens has several lists for a token, got affine_map<(d0, d1, d2, d3) -> (d1 floordiv 2)>}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<4xf32>, #pairs) value_scale(%scale : memref<4xf32>, #pairs)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) selected_tokens(%list : memref<?x8x?xi32>)
  return
}
