// RUN: fp8attn-run %s --entry=chain --seqs=1 --context=24 --query-len=8 | FileCheck %s --check-prefix=CHAIN
// RUN: not fp8attn-run %s --entry=chain --seqs=1 --context=24 --query-len=8 --check 2>&1 | FileCheck %s --check-prefix=HIDDEN
// RUN: not fp8attn-run %s --entry=empty --seqs=1 --context=24 --query-len=8 2>&1 | FileCheck %s --check-prefix=EMPTY
// RUN: not fp8attn-run %s --entry=part --seqs=1 --context=40 --query-len=40 2>&1 | FileCheck %s --check-prefix=PART
// RUN: not fp8attn-run %s --entry=offset --seqs=1 --context=24 --query-len=8 2>&1 | FileCheck %s --check-prefix=OFFSET
// RUN: not fp8attn-run %s --entry=size --seqs=1 --context=24 --query-len=8 2>&1 | FileCheck %s --check-prefix=SIZE
// RUN: not fp8attn-run %s --entry=wrong_size --seqs=1 --context=24 --query-len=8 2>&1 | FileCheck %s --check-prefix=WRONG
// RUN: not fp8attn-run %s --entry=beyond --seqs=1 --context=24 --query-len=8 2>&1 | FileCheck %s --check-prefix=BEYOND
// RUN: not fp8attn-run %s --entry=product --seqs=1 --context=24 --query-len=8 2>&1 | FileCheck %s --check-prefix=PRODUCT

// Memory of which inputs cannot be made, or results not be checked.

!rows = memref<1x2x8x64xbf16>
!keys = memref<1x2x24x64xbf16>

// What it leaves in memory of the function, nobody sees.
// CHAIN: computed attention
// CHAIN: computed attention
// HIDDEN: error: cannot check fp8attn.attention, which reads a result of an operation before that is not left in an argument at the end
func.func @chain(%query: !rows, %key: !keys, %out: !rows) {
  %middle = memref.alloc() : !rows
  fp8attn.attention query(%query : !rows) key(%key : !keys)
      value(%key : !keys) out(%middle : !rows)
  fp8attn.attention query(%middle : !rows) key(%key : !keys)
      value(%key : !keys) out(%out : !rows)
  memref.dealloc %middle : !rows
  return
}

// EMPTY: error: expects memory in a function to run to be written before an operation reads it
func.func @empty(%key: !keys, %out: !rows) {
  %query = memref.alloc() : !rows
  fp8attn.attention query(%query : !rows) key(%key : !keys)
      value(%key : !keys) out(%out : !rows)
  memref.dealloc %query : !rows
  return
}

// PART: error: cannot make an input of which an operation before has used or written a part
func.func @part(%qkv: memref<1x4x80x64xbf16>, %out: memref<1x2x40x64xbf16>) {
  %a = memref.subview %qkv[0, 0, 0, 0] [1, 2, 40, 64] [1, 1, 1, 1]
      : memref<1x4x80x64xbf16> to memref<1x2x40x64xbf16, strided<[20480, 5120, 64, 1]>>
  %b = memref.subview %qkv[0, 1, 20, 0] [1, 2, 40, 64] [1, 1, 1, 1]
      : memref<1x4x80x64xbf16> to memref<1x2x40x64xbf16, strided<[20480, 5120, 64, 1], offset: 6400>>
  fp8attn.attention query(%a : memref<1x2x40x64xbf16, strided<[20480, 5120, 64, 1]>>)
      key(%b : memref<1x2x40x64xbf16, strided<[20480, 5120, 64, 1], offset: 6400>>)
      value(%b : memref<1x2x40x64xbf16, strided<[20480, 5120, 64, 1], offset: 6400>>) out(%out : memref<1x2x40x64xbf16>)
  return
}

// OFFSET: error: expects offsets and strides of views in a function to run to be constants or sizes of memrefs
func.func @offset(%query: memref<1x2x?x64xbf16>, %first: index, %key: !keys, %out: !rows) {
  %part = memref.subview %query[0, 0, %first, 0] [1, 2, 8, 64] [1, 1, 1, 1]
      : memref<1x2x?x64xbf16> to memref<1x2x8x64xbf16, strided<[?, ?, 64, 1], offset: ?>>
  fp8attn.attention query(%part : memref<1x2x8x64xbf16, strided<[?, ?, 64, 1], offset: ?>>) key(%key : !keys)
      value(%key : !keys) out(%out : !rows)
  return
}

// SIZE: error: expects sizes of memory and views in a function to run to be constants or sizes of memrefs
func.func @size(%query: !rows, %tokens: index, %key: !keys, %out: !rows) {
  %keys = memref.alloc(%tokens) : memref<1x2x?x64xbf16>
  %cast = memref.cast %key : !keys to memref<1x2x?x64xbf16>
  memref.copy %cast, %keys : memref<1x2x?x64xbf16> to memref<1x2x?x64xbf16>
  fp8attn.attention query(%query : !rows) key(%keys : memref<1x2x?x64xbf16>) value(%keys : memref<1x2x?x64xbf16>)
      out(%out : !rows)
  memref.dealloc %keys : memref<1x2x?x64xbf16>
  return
}

// WRONG: error: expects dimension 2 to be 24 for this batch (--seqs, --context, --query-len), got 8
func.func @wrong_size(%query: memref<1x2x?x64xbf16>, %key: memref<1x2x?x64xbf16>, %out: !rows) {
  %c2 = arith.constant 2 : index
  %tokens = memref.dim %query, %c2 : memref<1x2x?x64xbf16>
  %keys = memref.alloc(%tokens) : memref<1x2x?x64xbf16>
  memref.copy %key, %keys : memref<1x2x?x64xbf16> to memref<1x2x?x64xbf16>
  fp8attn.attention query(%query : memref<1x2x?x64xbf16>) key(%keys : memref<1x2x?x64xbf16>)
      value(%keys : memref<1x2x?x64xbf16>) out(%out : !rows)
  memref.dealloc %keys : memref<1x2x?x64xbf16>
  return
}

// BEYOND: error: expects a part of dimension 2, which has 24 elements in this run, got elements 20 to 27
func.func @beyond(%key: memref<1x2x?x64xbf16>, %out: !rows) {
  %part = memref.subview %key[0, 0, 20, 0] [1, 2, 8, 64] [1, 1, 1, 1]
      : memref<1x2x?x64xbf16> to memref<1x2x8x64xbf16, strided<[?, ?, 64, 1], offset: 1280>>
  fp8attn.attention query(%part : memref<1x2x8x64xbf16, strided<[?, ?, 64, 1], offset: 1280>>)
      key(%key : memref<1x2x?x64xbf16>) value(%key : memref<1x2x?x64xbf16>) out(%out : !rows)
  return
}

// PRODUCT: error: expects sizes whose product is 48 in this run, got 16
func.func @product(%rows: memref<1x?x64xbf16>, %keys: index, %queries: index, %out: memref<1x2x?x64xbf16>) {
  %k = memref.expand_shape %rows [[0], [1, 2], [3]] output_shape [1, 2, %keys, 64]
      : memref<1x?x64xbf16> into memref<1x2x?x64xbf16>
  %q = memref.expand_shape %rows [[0], [1, 2], [3]] output_shape [1, 2, %queries, 64]
      : memref<1x?x64xbf16> into memref<1x2x?x64xbf16>
  fp8attn.attention query(%q : memref<1x2x?x64xbf16>) key(%k : memref<1x2x?x64xbf16>)
      value(%k : memref<1x2x?x64xbf16>) out(%out : memref<1x2x?x64xbf16>)
  return
}
