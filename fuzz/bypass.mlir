// Functions of several operations, and each operation on its own, for
// BypassFuzzer.cpp: what a function does must be what its operations do one after
// the other. All tensors have strides of the caller's.

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 32, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!rows = !fp8attn.cache<key_value, heads = 2, head_dim = 32, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>
!kv = memref<?x2x32xbf16, strided<[?, ?, 1]>>
!heads = memref<?x4x32xbf16, strided<[?, ?, 1]>>
!lse = memref<?x4xf32, strided<[?, 1]>>
!slots = memref<?xi64>
!scales = memref<2xf32>
!powers = memref<2xf8E8M0FNU>
!starts = memref<?xi32>
!table = memref<?x?xi32, strided<[?, 1]>>
!pages = memref<?x2xi32, strided<[?, 1]>>
!x = memref<?x32xf32, strided<[?, 1]>>
!codes = memref<?x32xf8E4M3FN, strided<[?, 1]>>
!row_scales = memref<?xf32>
!dense = memref<?x2x?x32xf32, strided<[?, ?, ?, 1]>>
!dense_lse = memref<?x2x?xf32, strided<[?, ?, 1]>>

#per_head = affine_map<(page, head, token, channel) -> (head)>
#per_row = affine_map<(t, c) -> (t)>

func.func @one_write(%key: !kv, %value: !kv, %slots: !slots, %key_scale: !scales, %value_scale: !scales, %cache: !cache) {
  fp8attn.kv_write key(%key : !kv) value(%value : !kv) slots(%slots : !slots)
      key_scale(%key_scale : !scales, #per_head) value_scale(%value_scale : !scales, #per_head) cache(%cache : !cache)
  return
}
func.func @one_write_powers(%key: !kv, %value: !kv, %slots: !slots, %key_scale: !powers, %value_scale: !powers,
    %cache: !cache) {
  fp8attn.kv_write key(%key : !kv) value(%value : !kv) slots(%slots : !slots)
      key_scale(%key_scale : !powers, #per_head) value_scale(%value_scale : !powers, #per_head) cache(%cache : !cache)
  return
}
func.func @one_attend(%query: !heads, %cache: !cache, %key_scale: !scales, %value_scale: !scales,
    %query_start: !starts, %seq_lens: !starts, %block_table: !table, %out: !heads, %lse: !lse) {
  fp8attn.paged_attention causal query(%query : !heads) cache(%cache : !cache)
      key_scale(%key_scale : !scales, #per_head) value_scale(%value_scale : !scales, #per_head)
      batch(%query_start, %seq_lens, %block_table : !starts, !starts, !table) out(%out : !heads) lse(%lse : !lse)
  return
}
func.func @one_quantize(%x: !x, %scale: !row_scales, %codes: !codes) {
  fp8attn.quantize %x scale(%scale, #per_row) into %codes : !x, !row_scales, !codes
  return
}
func.func @one_dequantize(%codes: !codes, %scale: !row_scales, %y: !x) {
  fp8attn.dequantize %codes scale(%scale, #per_row) into %y : !codes, !row_scales, !x
  return
}
func.func @one_merge(%first: !heads, %first_lse: !lse, %second: !heads, %second_lse: !lse, %out: !heads, %lse: !lse) {
  fp8attn.merge first(%first, %first_lse : !heads, !lse) second(%second, %second_lse : !heads, !lse)
      into(%out, %lse : !heads, !lse)
  return
}
func.func @one_copy(%source: !cache, %destination: !cache, %pages: !pages) {
  fp8attn.repack %source into %destination pages(%pages : !pages) : !cache, !cache
  return
}
func.func @one_convert(%source: !rows, %destination: !cache, %pages: !pages) {
  fp8attn.repack %source into %destination pages(%pages : !pages) : !rows, !cache
  return
}
func.func @one_import(%source: !rows, %destination: !cache) {
  fp8attn.repack %source into %destination : !rows, !cache
  return
}
func.func @one_dense(%query: !dense, %key: !dense, %value: !dense, %out: !dense, %lse: !dense_lse) {
  fp8attn.attention causal query(%query : !dense) key(%key : !dense) value(%value : !dense)
      out(%out : !dense) lse(%lse : !dense_lse)
  return
}
func.func @one_merge_dense(%first: !dense, %first_lse: !dense_lse, %second: !dense, %second_lse: !dense_lse,
    %out: !dense, %lse: !dense_lse) {
  fp8attn.merge first(%first, %first_lse : !dense, !dense_lse) second(%second, %second_lse : !dense, !dense_lse)
      into(%out, %lse : !dense, !dense_lse)
  return
}

func.func @write_attend(%key: !kv, %value: !kv, %slots: !slots, %key_scale: !scales, %value_scale: !scales, %cache: !cache,
    %query: !heads, %query_start: !starts, %seq_lens: !starts, %block_table: !table, %out: !heads, %lse: !lse) {
  fp8attn.kv_write key(%key : !kv) value(%value : !kv) slots(%slots : !slots)
      key_scale(%key_scale : !scales, #per_head) value_scale(%value_scale : !scales, #per_head) cache(%cache : !cache)
  fp8attn.paged_attention causal query(%query : !heads) cache(%cache : !cache)
      key_scale(%key_scale : !scales, #per_head) value_scale(%value_scale : !scales, #per_head)
      batch(%query_start, %seq_lens, %block_table : !starts, !starts, !table) out(%out : !heads) lse(%lse : !lse)
  return
}

// The cache is written only if the flag says so.
func.func @branch(%key: !kv, %value: !kv, %slots: !slots, %key_scale: !scales, %value_scale: !scales, %cache: !cache,
    %query: !heads, %query_start: !starts, %seq_lens: !starts, %block_table: !table, %out: !heads, %lse: !lse, %flag: i32) {
  %c0 = arith.constant 0 : i32
  %writes = arith.cmpi ne, %flag, %c0 : i32
  scf.if %writes {
    fp8attn.kv_write key(%key : !kv) value(%value : !kv) slots(%slots : !slots)
        key_scale(%key_scale : !scales, #per_head) value_scale(%value_scale : !scales, #per_head) cache(%cache : !cache)
  }
  fp8attn.paged_attention causal query(%query : !heads) cache(%cache : !cache)
      key_scale(%key_scale : !scales, #per_head) value_scale(%value_scale : !scales, #per_head)
      batch(%query_start, %seq_lens, %block_table : !starts, !starts, !table) out(%out : !heads) lse(%lse : !lse)
  return
}

// What an iteration attends to, the next one may have written over.
func.func @loop(%key: !kv, %value: !kv, %slots: !slots, %key_scale: !scales, %value_scale: !scales, %cache: !cache,
    %query: !heads, %query_start: !starts, %seq_lens: !starts, %block_table: !table, %out: !heads, %lse: !lse, %times: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  scf.for %i = %c0 to %times step %c1 : i32 {
    fp8attn.paged_attention causal query(%query : !heads) cache(%cache : !cache)
        key_scale(%key_scale : !scales, #per_head) value_scale(%value_scale : !scales, #per_head)
        batch(%query_start, %seq_lens, %block_table : !starts, !starts, !table) out(%out : !heads) lse(%lse : !lse)
    fp8attn.kv_write key(%key : !kv) value(%value : !kv) slots(%slots : !slots)
        key_scale(%key_scale : !scales, #per_head) value_scale(%value_scale : !scales, #per_head) cache(%cache : !cache)
  }
  return
}

func.func private @attend_inner(%query: !heads, %cache: !cache, %key_scale: !scales, %value_scale: !scales,
    %query_start: !starts, %seq_lens: !starts, %block_table: !table, %out: !heads, %lse: !lse) {
  fp8attn.paged_attention causal query(%query : !heads) cache(%cache : !cache)
      key_scale(%key_scale : !scales, #per_head) value_scale(%value_scale : !scales, #per_head)
      batch(%query_start, %seq_lens, %block_table : !starts, !starts, !table) out(%out : !heads) lse(%lse : !lse)
  return
}
func.func private @write_inner(%key: !kv, %value: !kv, %slots: !slots, %key_scale: !scales, %value_scale: !scales, %cache: !cache) {
  fp8attn.kv_write key(%key : !kv) value(%value : !kv) slots(%slots : !slots)
      key_scale(%key_scale : !scales, #per_head) value_scale(%value_scale : !scales, #per_head) cache(%cache : !cache)
  return
}
func.func @private_attend(%key: !kv, %value: !kv, %slots: !slots, %key_scale: !scales, %value_scale: !scales, %cache: !cache,
    %query: !heads, %query_start: !starts, %seq_lens: !starts, %block_table: !table, %out: !heads, %lse: !lse) {
  fp8attn.kv_write key(%key : !kv) value(%value : !kv) slots(%slots : !slots)
      key_scale(%key_scale : !scales, #per_head) value_scale(%value_scale : !scales, #per_head) cache(%cache : !cache)
  call @attend_inner(%query, %cache, %key_scale, %value_scale, %query_start, %seq_lens, %block_table, %out, %lse)
      : (!heads, !cache, !scales, !scales, !starts, !starts, !table, !heads, !lse) -> ()
  return
}
func.func @private_write(%key: !kv, %value: !kv, %slots: !slots, %key_scale: !scales, %value_scale: !scales, %cache: !cache,
    %query: !heads, %query_start: !starts, %seq_lens: !starts, %block_table: !table, %out: !heads, %lse: !lse) {
  call @write_inner(%key, %value, %slots, %key_scale, %value_scale, %cache)
      : (!kv, !kv, !slots, !scales, !scales, !cache) -> ()
  fp8attn.paged_attention causal query(%query : !heads) cache(%cache : !cache)
      key_scale(%key_scale : !scales, #per_head) value_scale(%value_scale : !scales, #per_head)
      batch(%query_start, %seq_lens, %block_table : !starts, !starts, !table) out(%out : !heads) lse(%lse : !lse)
  return
}

func.func @there_and_back(%x: !x, %scale: !row_scales, %codes: !codes, %other_scale: !row_scales, %y: !x) {
  fp8attn.quantize %x scale(%scale, #per_row) into %codes : !x, !row_scales, !codes
  fp8attn.dequantize %codes scale(%other_scale, #per_row) into %y : !codes, !row_scales, !x
  return
}

func.func @merges(%first: !heads, %first_lse: !lse, %second: !heads, %second_lse: !lse, %out: !heads, %lse: !lse,
    %third: !heads, %third_lse: !lse, %last: !heads, %last_lse: !lse) {
  fp8attn.merge first(%first, %first_lse : !heads, !lse) second(%second, %second_lse : !heads, !lse)
      into(%out, %lse : !heads, !lse)
  fp8attn.merge first(%out, %lse : !heads, !lse) second(%third, %third_lse : !heads, !lse)
      into(%last, %last_lse : !heads, !lse)
  return
}

func.func @convert_attend(%source: !rows, %cache: !cache, %pages: !pages, %query: !heads, %key_scale: !scales, %value_scale: !scales,
    %query_start: !starts, %seq_lens: !starts, %block_table: !table, %out: !heads, %lse: !lse) {
  fp8attn.repack %source into %cache pages(%pages : !pages) : !rows, !cache
  fp8attn.paged_attention causal query(%query : !heads) cache(%cache : !cache)
      key_scale(%key_scale : !scales, #per_head) value_scale(%value_scale : !scales, #per_head)
      batch(%query_start, %seq_lens, %block_table : !starts, !starts, !table) out(%out : !heads) lse(%lse : !lse)
  return
}

func.func @copy_write(%source: !cache, %cache: !cache, %pages: !pages, %key: !kv, %value: !kv, %slots: !slots,
    %key_scale: !scales, %value_scale: !scales) {
  fp8attn.repack %source into %cache pages(%pages : !pages) : !cache, !cache
  fp8attn.kv_write key(%key : !kv) value(%value : !kv) slots(%slots : !slots)
      key_scale(%key_scale : !scales, #per_head) value_scale(%value_scale : !scales, #per_head) cache(%cache : !cache)
  return
}

func.func @dense_merge(%query: !dense, %key: !dense, %value: !dense, %part: !dense, %part_lse: !dense_lse,
    %other: !dense, %other_lse: !dense_lse, %out: !dense, %lse: !dense_lse) {
  fp8attn.attention causal query(%query : !dense) key(%key : !dense) value(%value : !dense)
      out(%part : !dense) lse(%part_lse : !dense_lse)
  fp8attn.merge first(%part, %part_lse : !dense, !dense_lse) second(%other, %other_lse : !dense, !dense_lse)
      into(%out, %lse : !dense, !dense_lse)
  return
}
