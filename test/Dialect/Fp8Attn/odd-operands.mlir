// Text that no sane producer writes must give an error, never a crash: `not`
// without `--crash` fails on a signal.
// RUN: not fp8attn-opt -split-input-file %s 2>&1 | FileCheck %s

// CHECK: op expected 5 or more operands, but found 0
// CHECK: op expected 5 or more operands, but found 1
// CHECK: op expected 2 or more operands, but found 1
// CHECK: got ()
// CHECK: but got 'tensor<*xf8E4M3FN>'
// CHECK: expects operands MIIIMFMIMII of a kernel of 'store_key', got
// CHECK: expects the layout to be pairs, row_major, vllm_amx, vllm_vector, quads, vllm_amx_fp8, hnd, nhd, hnd_packed or flash_mla
// CHECK: integer value too large
// CHECK: invalid kind of attribute specified
// CHECK: op expected 1 or more operands, but found 0

func.func @f(%a: index, %b: memref<8xf32>) {
  "fp8attn.paged_attention"() <{operandSegmentSizes = array<i32: 0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0>}> ({}) : () -> ()
  return
}

// -----

func.func @f(%a: index, %b: memref<8xf32>) {
  "fp8attn.paged_attention"(%b) <{operandSegmentSizes = array<i32: 1,0,0,0,-5,0,0,0,0,5,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0>}> ({}) : (memref<8xf32>) -> ()
  return
}

// -----

func.func @f(%q: memref<*xbf16>, %s: memref<9223372036854775807x64x64xbf16>) {
  "fp8attn.kv_write"(%q) <{operandSegmentSizes = array<i32: 1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0>}> : (memref<*xbf16>) -> ()
  return
}

// -----

func.func @f(%q: memref<?x8x64xbf16>, %t: memref<?x?xi32>, %i: memref<?xi32>) {
  "fp8attn.paged_attention"(%q,%i,%i,%t,%q) <{operandSegmentSizes = array<i32: 1,0,0,0,1,1,1,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0>}> ({}) : (memref<?x8x64xbf16>,memref<?xi32>,memref<?xi32>,memref<?x?xi32>,memref<?x8x64xbf16>) -> ()
  return
}

// -----

func.func @f(%c: tensor<*xf8E4M3FN>) {
  %0 = "fp8attn.tile.decode"(%c) : (tensor<*xf8E4M3FN>) -> tensor<2x2xbf16>
  %1 = "fp8attn.tile.init"() : () -> tensor<2xf32>
  return
}

// -----

func.func @f() {
  "fp8attn.ukernel.call"() <{kernel = @fp8attn_uk_store_}> : () -> ()
  "fp8attn.ukernel.call"() <{kernel = @fp8attn_uk_}> : () -> ()
  "fp8attn.ukernel.call"() <{kernel = @fp8attn_uk_store_key}> : () -> ()
  return
}

// -----

func.func private @x() attributes {l = #fp8attn.layout<>, t = !fp8attn.cache<>}

// -----

func.func private @x(!fp8attn.cache<key, heads = 99999999999999999999, head_dim = 64, page = 32, bf16, <pairs>>)

// -----

func.func private @x(!fp8attn.cache<key, heads = 1, head_dim = 64, page = 32, bf16, #fp8attn.isa<generic>>)

// -----

"func.func"() <{function_type = () -> (), sym_name = "x"}> ({
  "fp8attn.parallel_for"() <{body = @x}> : () -> ()
  "fp8attn.select_isa"() : () -> ()
}) : () -> ()

// -----

// A score region without anything, or with what nobody knows.
// CHECK: expects a score region that takes (f32, index, index, index, index), got ()
func.func @f(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index) {
  %0 = "fp8attn.tile.modify"(%s, %item, %k) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}> ({
  ^bb0:
  }) : (tensor<16x256xf32>, !fp8attn.work_item, index) -> tensor<16x256xf32>
  return
}
