// Entry points of several operations, and copies of pages within one memory, for
// SharedMemoryTest.cpp and PageMovesTest.cpp.
// RUN: fp8attn-compile %s -o %t.o

!cache = !fp8attn.cache<key_value, heads = 1, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!x = memref<?x1x64xbf16>
!ints = memref<?xi32>
!table = memref<?x?xi32>

// A table that is read by the second operation, in a page that the first one
// fills: one after the other, ...
func.func @step(%key: !x {fp8attn.name = "key"}, %slots: memref<?xi64> {fp8attn.name = "slots"},
    %cache: !cache {fp8attn.name = "cache"}, %query: !x {fp8attn.name = "query"},
    %query_start: !ints {fp8attn.name = "query_start"}, %seq_lens: !ints {fp8attn.name = "seq_lens"},
    %block_table: !table {fp8attn.name = "block_table"}, %out: !x {fp8attn.name = "out"}) {
  fp8attn.kv_write key(%key : !x) value(%key : !x) slots(%slots : memref<?xi64>) cache(%cache : !cache)
  fp8attn.paged_attention query(%query : !x) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) out(%out : !x)
  return
}

// ... in private functions, ...
func.func private @write(%key: !x, %slots: memref<?xi64>, %cache: !cache) {
  fp8attn.kv_write key(%key : !x) value(%key : !x) slots(%slots : memref<?xi64>) cache(%cache : !cache)
  return
}
func.func private @attend(%cache: !cache, %query: !x, %query_start: !ints, %seq_lens: !ints, %block_table: !table,
    %out: !x) {
  fp8attn.paged_attention query(%query : !x) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) out(%out : !x)
  return
}
func.func @step_private(%key: !x {fp8attn.name = "key"}, %slots: memref<?xi64> {fp8attn.name = "slots"},
    %cache: !cache {fp8attn.name = "cache"}, %query: !x {fp8attn.name = "query"},
    %query_start: !ints {fp8attn.name = "query_start"}, %seq_lens: !ints {fp8attn.name = "seq_lens"},
    %block_table: !table {fp8attn.name = "block_table"}, %out: !x {fp8attn.name = "out"}) {
  call @write(%key, %slots, %cache) : (!x, memref<?xi64>, !cache) -> ()
  call @attend(%cache, %query, %query_start, %seq_lens, %block_table, %out) : (!cache, !x, !ints, !ints, !table, !x) -> ()
  return
}

// ... the first one in a branch, ...
func.func @step_branch(%key: !x {fp8attn.name = "key"}, %slots: memref<?xi64> {fp8attn.name = "slots"},
    %cache: !cache {fp8attn.name = "cache"}, %query: !x {fp8attn.name = "query"},
    %query_start: !ints {fp8attn.name = "query_start"}, %seq_lens: !ints {fp8attn.name = "seq_lens"},
    %block_table: !table {fp8attn.name = "block_table"}, %out: !x {fp8attn.name = "out"}) {
  %c0 = arith.constant 0 : index
  %tokens = memref.dim %key, %c0 : !x
  %some = arith.cmpi ne, %tokens, %c0 : index
  scf.if %some {
    func.call @write(%key, %slots, %cache) : (!x, memref<?xi64>, !cache) -> ()
  }
  fp8attn.paged_attention query(%query : !x) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) out(%out : !x)
  return
}

// ... and in a loop, whose second turn follows the first.
func.func @step_loop(%key: !x {fp8attn.name = "key"}, %slots: memref<?xi64> {fp8attn.name = "slots"},
    %cache: !cache {fp8attn.name = "cache"}, %query: !x {fp8attn.name = "query"},
    %query_start: !ints {fp8attn.name = "query_start"}, %seq_lens: !ints {fp8attn.name = "seq_lens"},
    %block_table: !table {fp8attn.name = "block_table"}, %out: !x {fp8attn.name = "out"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  scf.for %turn = %c0 to %c2 step %c1 {
    fp8attn.paged_attention query(%query : !x) cache(%cache : !cache)
        batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) out(%out : !x)
    fp8attn.kv_write key(%key : !x) value(%key : !x) slots(%slots : memref<?xi64>) cache(%cache : !cache)
  }
  return
}

// What the user's own operations write counts as well.
func.func @step_store(%key: !x {fp8attn.name = "key"}, %slots: memref<?xi64> {fp8attn.name = "slots"},
    %cache: !cache {fp8attn.name = "cache"}, %query: !x {fp8attn.name = "query"},
    %query_start: !ints {fp8attn.name = "query_start"}, %seq_lens: !ints {fp8attn.name = "seq_lens"},
    %block_table: !table {fp8attn.name = "block_table"}, %out: !x {fp8attn.name = "out"}) {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : bf16
  memref.store %one, %key[%c0, %c0, %c0] : !x
  fp8attn.paged_attention query(%query : !x) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) out(%out : !x)
  return
}

// A table that the function writes itself, in the argument and in memory of its
// own: it is known where it is used.
func.func @own_table(%query: !x {fp8attn.name = "query"}, %cache: !cache {fp8attn.name = "cache"},
    %query_start: !ints {fp8attn.name = "query_start"}, %seq_lens: !ints {fp8attn.name = "seq_lens"},
    %block_table: !table {fp8attn.name = "block_table"}, %page: i32 {fp8attn.name = "page"},
    %out: !x {fp8attn.name = "out"}) {
  %c0 = arith.constant 0 : index
  memref.store %page, %block_table[%c0, %c0] : !table
  fp8attn.paged_attention query(%query : !x) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) out(%out : !x)
  return
}
func.func @new_table(%query: !x {fp8attn.name = "query"}, %cache: !cache {fp8attn.name = "cache"},
    %query_start: !ints {fp8attn.name = "query_start"}, %seq_lens: !ints {fp8attn.name = "seq_lens"},
    %page: i32 {fp8attn.name = "page"}, %out: !x {fp8attn.name = "out"}) {
  %c0 = arith.constant 0 : index
  %block_table = memref.alloca() : memref<1x1xi32>
  memref.store %page, %block_table[%c0, %c0] : memref<1x1xi32>
  fp8attn.paged_attention query(%query : !x) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, memref<1x1xi32>) out(%out : !x)
  return
}

!rows = memref<?x32xf32>
!codes = memref<?x32xf8E4M3FN>
#tensor = affine_map<(t, c) -> ()>

// A scale of the second operation that the first one may write.
func.func @round_trip(%x: !rows {fp8attn.name = "x"}, %scale: memref<f32> {fp8attn.name = "scale"},
    %codes: !codes {fp8attn.name = "codes"}, %factor: memref<f32> {fp8attn.name = "factor"},
    %y: !rows {fp8attn.name = "y"}) {
  fp8attn.quantize %x scale(%scale, #tensor) into %codes : !rows, memref<f32>, !codes
  fp8attn.dequantize %codes scale(%factor, #tensor) into %y : !codes, memref<f32>, !rows
  return
}

// The second function is refused before the first has done anything.
func.func private @to_codes(%x: !rows, %scale: memref<f32>, %codes: !codes) {
  fp8attn.quantize %x scale(%scale, #tensor) into %codes : !rows, memref<f32>, !codes
  return
}
func.func private @from_codes(%codes: !codes, %factor: memref<f32>, %y: !rows) {
  fp8attn.dequantize %codes scale(%factor, #tensor) into %y : !codes, memref<f32>, !rows
  return
}
func.func @private_trip(%x: !rows {fp8attn.name = "x"}, %scale: memref<f32> {fp8attn.name = "scale"},
    %codes: !codes {fp8attn.name = "codes"}, %factor: memref<f32> {fp8attn.name = "factor"},
    %y: !rows {fp8attn.name = "y"}) {
  call @to_codes(%x, %scale, %codes) : (!rows, memref<f32>, !codes) -> ()
  call @from_codes(%codes, %factor, %y) : (!codes, memref<f32>, !rows) -> ()
  return
}

// A scale that the function writes cannot be known before: the first operation
// is done when the second is refused.
func.func @own_scale(%x: !rows {fp8attn.name = "x"}, %scale: memref<f32> {fp8attn.name = "scale"},
    %codes: !codes {fp8attn.name = "codes"}, %value: f32 {fp8attn.name = "value"}, %y: !rows {fp8attn.name = "y"}) {
  fp8attn.quantize %x scale(%scale, #tensor) into %codes : !rows, memref<f32>, !codes
  memref.store %value, %scale[] : memref<f32>
  fp8attn.dequantize %codes scale(%scale, #tensor) into %y : !codes, memref<f32>, !rows
  return
}

// Views whose sizes and strides the host chooses, and a cast that it can make
// wrong.
func.func @chosen_view(%x: !rows {fp8attn.name = "x"}, %scale: memref<f32> {fp8attn.name = "scale"},
    %codes: !codes {fp8attn.name = "codes"}, %n: index {fp8attn.name = "n"}, %step: index {fp8attn.name = "step"}) {
  %source = memref.subview %x[0, 0] [%n, 32] [1, 1] : !rows to memref<?x32xf32, strided<[32, 1]>>
  %destination = memref.subview %codes[0, 0] [%n, 32] [%step, 1] : !codes to memref<?x32xf8E4M3FN, strided<[?, 1]>>
  fp8attn.quantize %source scale(%scale, #tensor) into %destination
      : memref<?x32xf32, strided<[32, 1]>>, memref<f32>, memref<?x32xf8E4M3FN, strided<[?, 1]>>
  return
}
func.func @two_rows(%x: !rows {fp8attn.name = "x"}, %scale: memref<f32> {fp8attn.name = "scale"},
    %codes: memref<2x32xf8E4M3FN> {fp8attn.name = "codes"}) {
  %two = memref.cast %x : !rows to memref<2x32xf32>
  fp8attn.quantize %two scale(%scale, #tensor) into %codes : memref<2x32xf32>, memref<f32>, memref<2x32xf8E4M3FN>
  return
}

!pairs = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!row_major = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>

func.func @copy_pages(%source: !pairs {fp8attn.name = "source"}, %destination: !pairs {fp8attn.name = "destination"},
    %pages: memref<?x2xi32> {fp8attn.name = "pages"}) {
  fp8attn.repack %source into %destination pages(%pages : memref<?x2xi32>) : !pairs, !pairs
  return
}
func.func @change_pages(%source: !row_major {fp8attn.name = "source"},
    %destination: !pairs {fp8attn.name = "destination"}, %pages: memref<?x2xi32> {fp8attn.name = "pages"}) {
  fp8attn.repack %source into %destination pages(%pages : memref<?x2xi32>) : !row_major, !pairs
  return
}
