// The attention of the engine's model: 8 query heads over 2 KV heads of size 64,
// pages of 32 tokens, over caches of e4m3 and of e5m2 codes with a scale for each
// KV head, of e4m3 codes with a scale for each token and head, which kv_write
// computes, and of bf16. All layers of the model call the same functions, each
// with its own cache and scales.

!e4m3 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!e5m2 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E5M2, #fp8attn.layout<pairs>>
!bf16 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

#per_head = affine_map<(page, head, token, channel) -> (head)>
#per_token = affine_map<(page, head, token, channel) -> (page, head, token)>

// Writes the keys and values of the step's rows into their slots.
func.func @kv_write_e4m3(%key: memref<?x2x64xbf16>, %value: memref<?x2x64xbf16>,
                         %slots: memref<?xi64>,
                         %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
                         %cache: !e4m3) {
  fp8attn.kv_write
      key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      cache(%cache : !e4m3)
  return
}

func.func @kv_write_e4m3_token(%key: memref<?x2x64xbf16>, %value: memref<?x2x64xbf16>,
                               %slots: memref<?xi64>,
                               %key_scale: memref<?x2x32xf32>, %value_scale: memref<?x2x32xf32>,
                               %cache: !e4m3) {
  fp8attn.kv_write dynamic
      key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<?x2x32xf32>, #per_token)
      value_scale(%value_scale : memref<?x2x32xf32>, #per_token)
      cache(%cache : !e4m3)
  return
}

func.func @kv_write_e5m2(%key: memref<?x2x64xbf16>, %value: memref<?x2x64xbf16>,
                         %slots: memref<?xi64>,
                         %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
                         %cache: !e5m2) {
  fp8attn.kv_write
      key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      cache(%cache : !e5m2)
  return
}

func.func @kv_write_bf16(%key: memref<?x2x64xbf16>, %value: memref<?x2x64xbf16>,
                         %slots: memref<?xi64>, %cache: !bf16) {
  fp8attn.kv_write
      key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>)
      cache(%cache : !bf16)
  return
}

// Any mix of chunks of prompts, single tokens, and tokens to be verified.
func.func @attend_e4m3(%query: memref<?x8x64xbf16>, %cache: !e4m3,
                       %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
                       %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                       %block_table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x8x64xbf16>)
      cache(%cache : !e4m3)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

func.func @attend_e4m3_token(%query: memref<?x8x64xbf16>, %cache: !e4m3,
                             %key_scale: memref<?x2x32xf32>, %value_scale: memref<?x2x32xf32>,
                             %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                             %block_table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x8x64xbf16>)
      cache(%cache : !e4m3)
      key_scale(%key_scale : memref<?x2x32xf32>, #per_token)
      value_scale(%value_scale : memref<?x2x32xf32>, #per_token)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

func.func @attend_e5m2(%query: memref<?x8x64xbf16>, %cache: !e5m2,
                       %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
                       %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                       %block_table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x8x64xbf16>)
      cache(%cache : !e5m2)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

func.func @attend_bf16(%query: memref<?x8x64xbf16>, %cache: !bf16,
                       %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                       %block_table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x8x64xbf16>)
      cache(%cache : !bf16)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

// The same for a model whose tokens see the 128 before them and themselves.
func.func @attend_e4m3_window(%query: memref<?x8x64xbf16>, %cache: !e4m3,
                              %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
                              %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                              %block_table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal window_left = 128
      query(%query : memref<?x8x64xbf16>)
      cache(%cache : !e4m3)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

func.func @attend_e4m3_token_window(%query: memref<?x8x64xbf16>, %cache: !e4m3,
                                    %key_scale: memref<?x2x32xf32>, %value_scale: memref<?x2x32xf32>,
                                    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                                    %block_table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal window_left = 128
      query(%query : memref<?x8x64xbf16>)
      cache(%cache : !e4m3)
      key_scale(%key_scale : memref<?x2x32xf32>, #per_token)
      value_scale(%value_scale : memref<?x2x32xf32>, #per_token)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

func.func @attend_e5m2_window(%query: memref<?x8x64xbf16>, %cache: !e5m2,
                              %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
                              %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                              %block_table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal window_left = 128
      query(%query : memref<?x8x64xbf16>)
      cache(%cache : !e5m2)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

func.func @attend_bf16_window(%query: memref<?x8x64xbf16>, %cache: !bf16,
                              %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                              %block_table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal window_left = 128
      query(%query : memref<?x8x64xbf16>)
      cache(%cache : !bf16)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

// The same for sequences in groups that begin with the same tokens: the keys of these
// are read once for each group, and the tables of a sequence have what is behind them.
func.func @attend_e4m3_prefix(%query: memref<?x8x64xbf16>, %cache: !e4m3,
                              %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
                              %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                              %block_table: memref<?x?xi32>, %group_start: memref<?xi32>,
                              %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>,
                              %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x8x64xbf16>)
      cache(%cache : !e4m3)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      prefix(%group_start, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

func.func @attend_e4m3_token_prefix(%query: memref<?x8x64xbf16>, %cache: !e4m3,
                                    %key_scale: memref<?x2x32xf32>, %value_scale: memref<?x2x32xf32>,
                                    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                                    %block_table: memref<?x?xi32>, %group_start: memref<?xi32>,
                                    %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>,
                                    %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x8x64xbf16>)
      cache(%cache : !e4m3)
      key_scale(%key_scale : memref<?x2x32xf32>, #per_token)
      value_scale(%value_scale : memref<?x2x32xf32>, #per_token)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      prefix(%group_start, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

func.func @attend_e5m2_prefix(%query: memref<?x8x64xbf16>, %cache: !e5m2,
                              %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
                              %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                              %block_table: memref<?x?xi32>, %group_start: memref<?xi32>,
                              %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>,
                              %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x8x64xbf16>)
      cache(%cache : !e5m2)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      prefix(%group_start, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

func.func @attend_bf16_prefix(%query: memref<?x8x64xbf16>, %cache: !bf16,
                              %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                              %block_table: memref<?x?xi32>, %group_start: memref<?xi32>,
                              %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>,
                              %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x8x64xbf16>)
      cache(%cache : !bf16)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      prefix(%group_start, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}
