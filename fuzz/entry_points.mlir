// The entry points whose arguments are fuzzed: as many kinds of argument as
// there are, in as little memory as possible.

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>

#per_head = affine_map<(page, head, token, channel) -> (head)>

func.func @fuzz_write(%key: memref<?x2x64xbf16>, %value: memref<?x2x64xbf16>,
                      %slots: memref<?xi64>, %key_scale: memref<2xf32>,
                      %value_scale: memref<2xf32>, %cache: !cache) {
  fp8attn.kv_write
      key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      cache(%cache : !cache)
  return
}

func.func @fuzz_attend(%query: memref<?x4x64xbf16>, %cache: !cache,
                       %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
                       %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                       %block_table: memref<?x?xi32>,
                       %out: memref<?x4x64xbf16>, %lse: memref<?x4xf32>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x4x64xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table
            : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>) lse(%lse : memref<?x4xf32>)
  return
}

// Groups of sequences that share a prefix.
func.func @fuzz_groups(%query: memref<?x4x64xbf16>, %cache: !cache,
                       %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
                       %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                       %block_table: memref<?x?xi32>, %group_start: memref<?xi32>,
                       %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>,
                       %out: memref<?x4x64xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x4x64xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table
            : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      prefix(%group_start, %prefix_lens, %prefix_table
            : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>)
  return
}

// Queries that see selected keys: of two lists of pages, each for half of the heads, or of one
// of tokens.
func.func @fuzz_selected_pages(%query: memref<?x4x64xbf16>, %cache: !cache,
                       %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
                       %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                       %block_table: memref<?x?xi32>, %selected_pages: memref<?x2x?xi32>,
                       %out: memref<?x4x64xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x4x64xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table
            : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      selected_pages(%selected_pages : memref<?x2x?xi32>)
      out(%out : memref<?x4x64xbf16>)
  return
}

func.func @fuzz_selected_tokens(%query: memref<?x4x64xbf16>, %cache: !cache,
                       %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
                       %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                       %block_table: memref<?x?xi32>, %selected_tokens: memref<?x?xi32>,
                       %out: memref<?x4x64xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x4x64xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table
            : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      selected_tokens(%selected_tokens : memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>)
  return
}

// Keys and values apart and of different types, and other types of tensors.
!keys = !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, f8E5M2, #fp8attn.layout<pairs>>
!values = !fp8attn.cache<value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

func.func @fuzz_write_split(%key: memref<?x2x64xf32>, %value: memref<?x2x64xf32>,
                            %slots: memref<?xi64>, %key_scale: memref<2xf32>,
                            %keys: !keys, %values: !values) {
  fp8attn.kv_write
      key(%key : memref<?x2x64xf32>) value(%value : memref<?x2x64xf32>)
      slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      cache(%keys, %values : !keys, !values)
  return
}

// A window that leaves pages behind, and strides that only the call knows.
func.func @fuzz_window(%query: memref<?x4x64xf16, strided<[?, ?, 1]>>,
                       %keys: !keys, %values: !values, %key_scale: memref<2xf32>,
                       %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                       %block_table: memref<?x?xi32>, %sink: memref<4xf32>,
                       %out: memref<?x4x64xf32, strided<[?, ?, 1]>>) {
  fp8attn.paged_attention window_left = 17 window_right = 3 alignment = top_left
      query(%query : memref<?x4x64xf16, strided<[?, ?, 1]>>)
      cache(%keys, %values : !keys, !values)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table
            : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%sink : memref<4xf32>)
      out(%out : memref<?x4x64xf32, strided<[?, ?, 1]>>)
  return
}

!bf16 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

func.func @fuzz_scores(%query: memref<?x4x64xf32>, %cache: !bf16,
                       %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                       %block_table: memref<?x?xi32>, %out: memref<?x4x64xf16>,
                       %lse: memref<?x4xf32>, %alibi: memref<4xf32>,
                       %mask: memref<?x?xi8>) {
  fp8attn.paged_attention causal window_left = 40
      query(%query : memref<?x4x64xf32>) cache(%cache : !bf16)
      batch(%query_start, %seq_lens, %block_table
            : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xf16>) lse(%lse : memref<?x4xf32>)
      alibi(%alibi : memref<4xf32>) mask(%mask : memref<?x?xi8>)
      {softcap = 30.0 : f32}
  return
}

// Dense tensors in any order, FP8 keys beside f32 values, and a mask for each
// batch entry.
!dense_query = memref<?x4x?x64xf16, strided<[?, ?, ?, 1]>>
!dense_keys = memref<?x2x?x64xf8E4M3FN, strided<[?, ?, ?, 1]>>
!dense_values = memref<?x2x?x40xf32, strided<[?, ?, ?, 1]>>
!dense_out = memref<?x4x?x40xbf16, strided<[?, ?, ?, 1]>>
func.func @fuzz_dense(%query: !dense_query, %key: !dense_keys, %value: !dense_values,
                      %key_scale: memref<2xf32>, %out: !dense_out,
                      %lse: memref<?x4x?xf32>, %mask: memref<?x1x?x?xi8>) {
  fp8attn.attention causal query(%query : !dense_query) key(%key : !dense_keys) value(%value : !dense_values)
      key_scale(%key_scale : memref<2xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : !dense_out) lse(%lse : memref<?x4x?xf32>) mask(%mask : memref<?x1x?x?xi8>)
  return
}

func.func @fuzz_merge(%first: memref<?x4x64xbf16>, %first_lse: memref<?x4xf32>,
                      %second: memref<?x4x64xbf16>, %second_lse: memref<?x4xf32>,
                      %out: memref<?x4x64xbf16>, %lse: memref<?x4xf32>) {
  fp8attn.merge first(%first, %first_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      second(%second, %second_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      into(%out, %lse : memref<?x4x64xbf16>, memref<?x4xf32>)
  return
}

func.func @fuzz_merge_dense(%first: memref<?x4x?x64xf32, strided<[?, ?, ?, 1]>>, %first_lse: memref<?x4x?xf32>,
                            %second: memref<?x4x?x64xf32>, %second_lse: memref<?x4x?xf32>,
                            %out: memref<?x4x?x64xf16>, %lse: memref<?x4x?xf32>) {
  fp8attn.merge first(%first, %first_lse : memref<?x4x?x64xf32, strided<[?, ?, ?, 1]>>, memref<?x4x?xf32>)
      second(%second, %second_lse : memref<?x4x?x64xf32>, memref<?x4x?xf32>)
      into(%out, %lse : memref<?x4x?x64xf16>, memref<?x4x?xf32>)
  return
}

!rows = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>

func.func @fuzz_repack(%source: !cache, %destination: !rows) {
  fp8attn.repack %source into %destination : !cache, !rows
  return
}

func.func @fuzz_quantize(%source: memref<?x2x64xf16>, %scale: memref<2xf32>,
                         %destination: memref<?x2x64xf8E5M2>) {
  fp8attn.quantize %source scale(%scale, affine_map<(t, h, c) -> (h)>) into %destination
      : memref<?x2x64xf16>, memref<2xf32>, memref<?x2x64xf8E5M2>
  return
}

func.func @fuzz_dequantize(%source: memref<?x2x64xf8E5M2>, %scale: memref<2xf32>,
                           %destination: memref<?x2x64xf32>) {
  fp8attn.dequantize %source scale(%scale, affine_map<(t, h, c) -> (h)>) into %destination
      : memref<?x2x64xf8E5M2>, memref<2xf32>, memref<?x2x64xf32>
  return
}
