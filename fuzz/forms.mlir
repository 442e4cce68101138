// More entry points whose arguments are fuzzed: caches of other forms, lists of keys, and
// what each row or batch entry has of its own. As in entry_points.mlir, little memory.

!list = memref<?xi32>
!table = memref<?x?xi32>
#block32 = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 32)>
#block16 = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 16)>

// Latents with bf16 channels: what is done to keys and queries before, scales that the call
// computes, and drafts of which a query sees some.
!latents = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, rope_head_dim = 32, page = 16, f8E4M3FN, #fp8attn.layout<pairs>>
!latent_scales = memref<?x1x16x2xf32>

func.func @fuzz_write_latent(%key: memref<?x1x96xbf16>, %query: memref<?x4x96xbf16>, %slots: memref<?xi64>,
    %norm: memref<64xbf16>, %positions: !list, %cos: memref<?x16xf32>, %sin: memref<?x16xf32>,
    %scale: !latent_scales, %cache: !latents) {
  fp8attn.kv_write dynamic interleaved
      key(%key : memref<?x1x96xbf16>) query(%query : memref<?x4x96xbf16>) slots(%slots : memref<?xi64>)
      key_norm(%norm : memref<64xbf16>)
      rotary(%positions, %cos, %sin : !list, memref<?x16xf32>, memref<?x16xf32>)
      query_out(%query : memref<?x4x96xbf16>) key_scale(%scale : !latent_scales, #block32)
      cache(%cache : !latents) {norm_eps = 1.0e-06 : f32}
  return
}

func.func @fuzz_attend_latent(%query: memref<?x4x96xbf16>, %cache: !latents, %scale: !latent_scales,
    %query_start: !list, %seq_lens: !list, %block_table: !table, %draft_mask: memref<?x?xi8>,
    %out: memref<?x4x64xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x4x96xbf16>) cache(%cache : !latents)
      key_scale(%scale : !latent_scales, #block32)
      batch(%query_start, %seq_lens, %block_table : !list, !list, !table)
      out(%out : memref<?x4x64xbf16>) draft_mask(%draft_mask : memref<?x?xi8>)
  return
}

// Scales of blocks of channels: MXFP4 keys and NVFP4 values.
!keys4 = !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>
!values4 = !fp8attn.cache<value, heads = 2, head_dim = 64, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>
!key_blocks = memref<?x2x32x2xf8E8M0FNU>
!value_blocks = memref<?x2x32x4xf8E4M3FN>

func.func @fuzz_write_blocks(%key: memref<?x2x64xbf16>, %value: memref<?x2x64xbf16>, %slots: memref<?xi64>,
    %key_scale: !key_blocks, %value_scale: !value_blocks, %outer: memref<2xf32>,
    %keys: !keys4, %values: !values4) {
  fp8attn.kv_write dynamic
      key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%key_scale : !key_blocks, #block32) value_scale(%value_scale : !value_blocks, #block16)
      value_outer_scale(%outer : memref<2xf32>) cache(%keys, %values : !keys4, !values4)
  return
}

func.func @fuzz_attend_blocks(%query: memref<?x4x64xbf16>, %keys: !keys4, %values: !values4,
    %key_scale: !key_blocks, %value_scale: !value_blocks, %outer: memref<2xf32>,
    %query_start: !list, %seq_lens: !list, %block_table: !table, %sink: memref<4xf16>,
    %out: memref<?x4x64xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x4x64xbf16>) cache(%keys, %values : !keys4, !values4)
      key_scale(%key_scale : !key_blocks, #block32) value_scale(%value_scale : !value_blocks, #block16)
      value_outer_scale(%outer : memref<2xf32>)
      batch(%query_start, %seq_lens, %block_table : !list, !list, !table) sink(%sink : memref<4xf16>)
      out(%out : memref<?x4x64xbf16>)
  return
}

// Listed pages of rows that have their scales within.
!rows = !fp8attn.cache<latent, heads = 1, head_dim = 192, value_head_dim = 128, rope_head_dim = 64, page = 16, f8E4M3FN, #fp8attn.layout<flash_mla>>
!packed = !fp8attn.cache<latent, heads = 1, head_dim = 192, value_head_dim = 128, rope_head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!packed_scales = memref<?x1x32x1xf32>
#block128 = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 128)>

func.func @fuzz_repack_rows(%source: !rows, %destination: !packed, %pages: memref<?x3xi32>, %scale: !packed_scales) {
  fp8attn.repack %source into %destination pages(%pages : memref<?x3xi32>)
      key_scale(%scale : !packed_scales, #block128) : !rows, !packed
  return
}

// More heads of keys than of values, whose pages are of one token, and a list for each.
!four_keys = !fp8attn.cache<key, heads = 4, head_dim = 64, page = 1, i8, #fp8attn.layout<pairs>>
!two_values = !fp8attn.cache<value, heads = 2, head_dim = 64, page = 1, f8E5M2, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>

func.func @fuzz_selected_of_heads(%query: memref<?x4x64xbf16>, %keys: !four_keys, %values: !two_values,
    %key_scale: memref<4xf32>, %value_scale: memref<2xf32>, %query_start: !list, %seq_lens: !list,
    %block_table: !table, %selected: memref<?x4x?xi32>, %out: memref<?x4x64xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x4x64xbf16>) cache(%keys, %values : !four_keys, !two_values)
      key_scale(%key_scale : memref<4xf32>, #head) value_scale(%value_scale : memref<2xf32>, #head)
      batch(%query_start, %seq_lens, %block_table : !list, !list, !table)
      selected_tokens(%selected : memref<?x4x?xi32>) out(%out : memref<?x4x64xbf16>)
  return
}

// Queries and results of FP8, of which each row has a scale, and what each batch entry has.
!entry_rows = memref<?x4x?x64xf8E4M3FN>
!entry_keys = memref<?x2x?x64xbf16>

func.func @fuzz_entries(%query: !entry_rows, %key: !entry_keys, %value: !entry_keys, %query_scale: memref<?x4x?xf32>,
    %out_scale: memref<4xf32>, %key_lens: !list, %query_offsets: !list, %mask: memref<1x1x?x?xi8>, %out: !entry_rows) {
  fp8attn.attention causal query(%query : !entry_rows) key(%key : !entry_keys) value(%value : !entry_keys)
      query_scale(%query_scale : memref<?x4x?xf32>, affine_map<(batch, head, token, channel) -> (batch, head, token)>)
      out_scale(%out_scale : memref<4xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      key_lens(%key_lens : !list) query_offsets(%query_offsets : !list)
      mask(%mask : memref<1x1x?x?xi8>) out(%out : !entry_rows)
  return
}

// Zero points: of keys as scales, computed; of values for each channel, given.
!points = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 16, i8, #fp8attn.layout<pairs>>
!point_scales = memref<?x2x16xf32>
!point_list = memref<?x2x16xi8>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
#channel = affine_map<(page, head, token, channel) -> (head, channel)>

func.func @fuzz_write_points(%key: memref<?x2x64xbf16>, %slots: memref<?xi64>, %key_scale: !point_scales,
    %value_scale: !point_scales, %key_zero_point: !point_list, %cache: !points) {
  fp8attn.kv_write dynamic
      key(%key : memref<?x2x64xbf16>) value(%key : memref<?x2x64xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%key_scale : !point_scales, #token) value_scale(%value_scale : !point_scales, #token)
      key_zero_point(%key_zero_point : !point_list, #token) cache(%cache : !points)
  return
}

func.func @fuzz_attend_points(%query: memref<?x4x64xbf16>, %cache: !points, %key_scale: !point_scales,
    %value_scale: !point_scales, %key_zero_point: !point_list, %value_zero_point: memref<2x64xi8>,
    %query_start: !list, %seq_lens: !list, %block_table: !table, %out: memref<?x4x64xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x4x64xbf16>) cache(%cache : !points)
      key_scale(%key_scale : !point_scales, #token) value_scale(%value_scale : !point_scales, #token)
      batch(%query_start, %seq_lens, %block_table : !list, !list, !table) out(%out : memref<?x4x64xbf16>)
      key_zero_point(%key_zero_point : !point_list, #token) value_zero_point(%value_zero_point : memref<2x64xi8>, #channel)
  return
}
