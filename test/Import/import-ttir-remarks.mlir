// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-ttir --split-input-file --remarks-filter=fp8attn -o %t 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: FileCheck %s --input-file=%t

// A function is imported as a whole, or stays as it was, and a remark says why.

// A mask, which is multiplied by the scale there.
// REMARK: Reason="ttir.paged_scaled_dot_product_attention_decode is left alone: expects no attention_mask, which is multiplied by the scale there
// CHECK-LABEL: func @mask(
// CHECK-NOT:     fp8attn
func.func @mask(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>, %m: tensor<2x1x8x512xbf16>) -> tensor<1x2x8x64xbf16> {
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %m, %pos) <{is_causal = false, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2x1x8x512xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// A sink.
// REMARK: Reason="ttir.paged_scaled_dot_product_attention_decode is left alone: expects no attention_sink, of which it is not defined whether the scale multiplies it
// CHECK-LABEL: func @sink(
// CHECK-NOT:     fp8attn
func.func @sink(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>, %s: tensor<8x32xbf16>) -> tensor<1x2x8x64xbf16> {
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %pos, %s) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 1>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>, tensor<8x32xbf16>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// All keys of all pages.
// REMARK: Reason="ttir.paged_scaled_dot_product_attention_decode is left alone: expects is_causal to be true, got false
// CHECK-LABEL: func @not_causal(
// CHECK-NOT:     fp8attn
func.func @not_causal(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %pos) <{is_causal = false, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// No positions.
// REMARK: Reason="ttir.paged_scaled_dot_product_attention_decode is left alone: expects cur_pos_tensor
// CHECK-LABEL: func @no_position(
// CHECK-NOT:     fp8attn
func.func @no_position(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 0, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// A window of nothing.
// REMARK: Reason="ttir.paged_scaled_dot_product_attention_decode is left alone: expects sliding_window_size to be an integer of 1 or more, got 0
// CHECK-LABEL: func @no_window(
// CHECK-NOT:     fp8attn
func.func @no_window(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %pos) <{sliding_window_size = 0 : ui32, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// Keys that are the values.
// REMARK: Reason="ttir.paged_scaled_dot_product_attention_decode is left alone: expects caches of keys and of values that are two arguments of the function
// CHECK-LABEL: func @same_cache(
// CHECK-NOT:     fp8attn
func.func @same_cache(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %k, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// A cache that is computed.
// REMARK: Reason="ttir.paged_scaled_dot_product_attention_decode is left alone: expects caches of keys and of values that are two arguments of the function
// CHECK-LABEL: func @computed(
// CHECK-NOT:     fp8attn
func.func @computed(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %r = "ttir.relu"(%v) : (tensor<128x2x32x64xbf16>) -> tensor<128x2x32x64xbf16>
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %r, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// A cache that something else reads.
// REMARK: Reason="ttir.paged_scaled_dot_product_attention_decode is left alone: expects no other use of a cache, got ttir.relu
// CHECK-LABEL: func @used(
// CHECK-NOT:     fp8attn
func.func @used(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %r = "ttir.relu"(%v) : (tensor<128x2x32x64xbf16>) -> tensor<128x2x32x64xbf16>
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// Keys without their values.
// REMARK: Reason="ttir.paged_update_cache is left alone: expects keys and values both to be written
// CHECK-LABEL: func @half(
// CHECK-NOT:     fp8attn
func.func @half(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>, %x: tensor<1x2x2x64xbf16>) -> tensor<1x2x8x64xbf16> {
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  "ttir.paged_update_cache"(%k, %x, %pos, %t) <{share_cache = false}> : (tensor<128x2x32x64xbf16>, tensor<1x2x2x64xbf16>, tensor<2xi32>, tensor<2x16xi32>) -> ()
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// Values that are written behind the read.
// REMARK: Reason="ttir.paged_scaled_dot_product_attention_decode is left alone: expects keys and values both to be written before they are read
// CHECK-LABEL: func @half_read(
// CHECK-NOT:     fp8attn
func.func @half_read(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>, %x: tensor<1x2x2x64xbf16>) -> tensor<1x2x8x64xbf16> {
  "ttir.paged_update_cache"(%k, %x, %pos, %t) <{share_cache = false}> : (tensor<128x2x32x64xbf16>, tensor<1x2x2x64xbf16>, tensor<2xi32>, tensor<2x16xi32>) -> ()
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  "ttir.paged_update_cache"(%v, %x, %pos, %t) <{share_cache = false}> : (tensor<128x2x32x64xbf16>, tensor<1x2x2x64xbf16>, tensor<2xi32>, tensor<2x16xi32>) -> ()
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// Keys and values at other positions.
// REMARK: Reason="ttir.paged_update_cache is left alone: expects keys and values to be written at the same positions
// CHECK-LABEL: func @elsewhere(
// CHECK-NOT:     fp8attn
func.func @elsewhere(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>, %x: tensor<1x2x2x64xbf16>, %other: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  "ttir.paged_update_cache"(%k, %x, %pos, %t) <{share_cache = false}> : (tensor<128x2x32x64xbf16>, tensor<1x2x2x64xbf16>, tensor<2xi32>, tensor<2x16xi32>) -> ()
  "ttir.paged_update_cache"(%v, %x, %other, %t) <{share_cache = false}> : (tensor<128x2x32x64xbf16>, tensor<1x2x2x64xbf16>, tensor<2xi32>, tensor<2x16xi32>) -> ()
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// A cache that nothing reads.
// REMARK: Reason="ttir.paged_update_cache is left alone: expects a cache that is an argument of the function, and attention in it that says whether it holds keys or values
// CHECK-LABEL: func @unread(
// CHECK-NOT:     fp8attn
func.func @unread(%k: tensor<128x2x32x64xbf16>, %x: tensor<1x2x2x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<2x16xi32> {
  "ttir.paged_update_cache"(%k, %x, %pos, %t) <{share_cache = false}> : (tensor<128x2x32x64xbf16>, tensor<1x2x2x64xbf16>, tensor<2xi32>, tensor<2x16xi32>) -> ()
  return %t : tensor<2x16xi32>
}

// -----

// A cache as it was before it was written.
// REMARK: Reason="ttir.paged_scaled_dot_product_attention_decode is left alone: expects the caches as they were written last
// CHECK-LABEL: func @old(
// CHECK-NOT:     fp8attn
func.func @old(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>, %x: tensor<1x2x2x64xbf16>) -> tensor<1x2x8x64xbf16> {
  %wk = "stablehlo.custom_call"(%k, %x, %pos, %t) <{call_target_name = "tt.paged_update_cache"}> : (tensor<128x2x32x64xbf16>, tensor<1x2x2x64xbf16>, tensor<2xi32>, tensor<2x16xi32>) -> tensor<128x2x32x64xbf16>
  %wv = "stablehlo.custom_call"(%v, %x, %pos, %t) <{call_target_name = "tt.paged_update_cache"}> : (tensor<128x2x32x64xbf16>, tensor<1x2x2x64xbf16>, tensor<2xi32>, tensor<2x16xi32>) -> tensor<128x2x32x64xbf16>
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %wk, %v, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// One that is returned as it was.
// REMARK: Reason="stablehlo.custom_call is left alone: expects to return caches as they were written last
// CHECK-LABEL: func @old_returned(
// CHECK-NOT:     fp8attn
func.func @old_returned(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>, %x: tensor<1x2x2x64xbf16>) -> (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>) {
  %wk = "stablehlo.custom_call"(%k, %x, %pos, %t) <{call_target_name = "tt.paged_update_cache"}> : (tensor<128x2x32x64xbf16>, tensor<1x2x2x64xbf16>, tensor<2xi32>, tensor<2x16xi32>) -> tensor<128x2x32x64xbf16>
  %wv = "stablehlo.custom_call"(%v, %x, %pos, %t) <{call_target_name = "tt.paged_update_cache"}> : (tensor<128x2x32x64xbf16>, tensor<1x2x2x64xbf16>, tensor<2xi32>, tensor<2x16xi32>) -> tensor<128x2x32x64xbf16>
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %wk, %wv, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0, %k : tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>
}

// -----

// Pages that are none here.
// REMARK: Reason="ttir.paged_scaled_dot_product_attention_decode is left alone: expects page to be 1 to 4096, got 8192
// CHECK-LABEL: func @small_page(
// CHECK-NOT:     fp8attn
func.func @small_page(%q: tensor<1x2x8x64xbf16>, %k: tensor<4x2x8192x64xbf16>, %v: tensor<4x2x8192x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<4x2x8192x64xbf16>, tensor<4x2x8192x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// Elements that are none here.
// REMARK: Reason="ttir.paged_scaled_dot_product_attention_decode is left alone: expects a cache of bf16, f16 or f32, got tensor<128x2x32x64xf8E4M3FN>
// CHECK-LABEL: func @quarter_floats(
// CHECK-NOT:     fp8attn
func.func @quarter_floats(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xf8E4M3FN>, %v: tensor<128x2x32x64xf8E4M3FN>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xf8E4M3FN>, tensor<128x2x32x64xf8E4M3FN>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// Users that have no pages.
// REMARK: Reason="ttir.paged_scaled_dot_product_attention_decode is left alone: expects a static number of users, the same in all operands, got tensor<1x16xi32> and tensor<2xi32>
// CHECK-LABEL: func @fewer_users(
// CHECK-NOT:     fp8attn
func.func @fewer_users(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<1x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<1x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// New heads that are fewer than the cache has.
// REMARK: Reason="ttir.paged_update_cache is left alone: expects input of 2 heads or more, got tensor<1x2x1x64xbf16>
// CHECK-LABEL: func @fewer_heads(
// CHECK-NOT:     fp8attn
func.func @fewer_heads(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>, %x: tensor<1x2x1x64xbf16>) -> tensor<1x2x8x64xbf16> {
  "ttir.paged_update_cache"(%k, %x, %pos, %t) <{share_cache = false}> : (tensor<128x2x32x64xbf16>, tensor<1x2x1x64xbf16>, tensor<2xi32>, tensor<2x16xi32>) -> ()
  "ttir.paged_update_cache"(%v, %x, %pos, %t) <{share_cache = false}> : (tensor<128x2x32x64xbf16>, tensor<1x2x1x64xbf16>, tensor<2xi32>, tensor<2x16xi32>) -> ()
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// Groups of heads that are none: what attention itself says.
// REMARK: Reason="ttir.paged_scaled_dot_product_attention_decode is left alone: expects heads of query (7) to be a multiple of heads of the cache (2)
// CHECK-LABEL: func @odd_heads(
// CHECK-NOT:     fp8attn
func.func @odd_heads(%q: tensor<1x2x7x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x7x64xbf16> {
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x7x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x7x64xbf16>, tensor<2xi32>) -> tensor<1x2x7x64xbf16>
  return %0 : tensor<1x2x7x64xbf16>
}

// -----

// Values within the keys: nobody knows which channels.
// REMARK: Reason="ttir.paged_flash_multi_latent_attention_decode is left alone: expects head_dim_v to say how many channels of a key are its value
// CHECK-LABEL: func @latent_keys(
// CHECK-NOT:     fp8attn
func.func @latent_keys(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %0 = "ttir.paged_flash_multi_latent_attention_decode"(%q, %k, %t, %pos) <{scale = 0.125 : f32, operandSegmentSizes = array<i32: 1, 1, 0, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// More channels than a key has.
// REMARK: Reason="ttir.paged_flash_multi_latent_attention_decode is left alone: expects value_head_dim to be a multiple of 8 up to head_dim (64), got 96
// CHECK-LABEL: func @latent_wide(
// CHECK-NOT:     fp8attn
func.func @latent_wide(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x96xbf16> {
  %0 = "ttir.paged_flash_multi_latent_attention_decode"(%q, %k, %t, %pos) <{head_dim_v = 96 : ui32, scale = 0.125 : f32, operandSegmentSizes = array<i32: 1, 1, 0, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<2xi32>) -> tensor<1x2x8x96xbf16>
  return %0 : tensor<1x2x8x96xbf16>
}

// -----

// A cache of which some attention takes other channels as values.
// REMARK: Reason="ttir.paged_flash_multi_latent_attention_decode is left alone: expects a cache to hold keys, or values, for one other cache, or keys of which the same channels are values
// CHECK-LABEL: func @latent_twice(
// CHECK-NOT:     fp8attn
func.func @latent_twice(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> (tensor<1x2x8x32xbf16>, tensor<1x2x8x64xbf16>) {
  %0 = "ttir.paged_flash_multi_latent_attention_decode"(%q, %k, %t, %pos) <{head_dim_v = 32 : ui32, scale = 0.125 : f32, operandSegmentSizes = array<i32: 1, 1, 0, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<2xi32>) -> tensor<1x2x8x32xbf16>
  %1 = "ttir.paged_flash_multi_latent_attention_decode"(%q, %k, %t, %pos) <{head_dim_v = 64 : ui32, scale = 0.125 : f32, operandSegmentSizes = array<i32: 1, 1, 0, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0, %1 : tensor<1x2x8x32xbf16>, tensor<1x2x8x64xbf16>
}

// -----

// No scale: the definition and the kernels disagree what it is then.
// REMARK: Reason="ttir.paged_flash_multi_latent_attention_decode is left alone: expects scale to be given
// CHECK-LABEL: func @latent_scale(
// CHECK-NOT:     fp8attn
func.func @latent_scale(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %0 = "ttir.paged_flash_multi_latent_attention_decode"(%q, %k, %v, %t, %pos) <{head_dim_v = 64 : ui32, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// Channels that the values have not.
// REMARK: Reason="ttir.paged_flash_multi_latent_attention_decode is left alone: expects head_dim_v channels of the values, got tensor<128x2x32x64xbf16>
// CHECK-LABEL: func @latent_channels(
// CHECK-NOT:     fp8attn
func.func @latent_channels(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %0 = "ttir.paged_flash_multi_latent_attention_decode"(%q, %k, %v, %t, %pos) <{head_dim_v = 32 : ui32, scale = 0.125 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// Users that share a cache.
// REMARK: Reason="ttir.paged_update_cache is left alone: expects share_cache to be false
// CHECK-LABEL: func @shared(
// CHECK-NOT:     fp8attn
func.func @shared(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>, %x: tensor<1x2x2x64xbf16>) -> tensor<1x2x8x64xbf16> {
  "ttir.paged_update_cache"(%k, %x, %pos, %t) <{share_cache = true}> : (tensor<128x2x32x64xbf16>, tensor<1x2x2x64xbf16>, tensor<2xi32>, tensor<2x16xi32>) -> ()
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// A write with more results than the cache.
// REMARK: Reason="stablehlo.custom_call is left alone: expects at most one result
// CHECK-LABEL: func @results(
// CHECK-NOT:     fp8attn
func.func @results(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>, %x: tensor<1x2x2x64xbf16>) -> tensor<1x2x8x64xbf16> {
  %w:2 = "stablehlo.custom_call"(%k, %x, %pos, %t) <{call_target_name = "tt.paged_update_cache"}>
      : (tensor<128x2x32x64xbf16>, tensor<1x2x2x64xbf16>, tensor<2xi32>, tensor<2x16xi32>) -> (tensor<128x2x32x64xbf16>, tensor<2xi32>)
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// A text that is no option.
// REMARK: Reason="stablehlo.custom_call is left alone: expects is_causal to be true or false, got "perhaps"
// CHECK-LABEL: func @texts(
// CHECK-NOT:     fp8attn
func.func @texts(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %0 = "stablehlo.custom_call"(%q, %k, %v, %t, %pos) <{call_target_name = "tt.paged_scaled_dot_product_attention_decode"}>
      {mhlo.frontend_attributes = {has_cur_pos_tensor = "True", is_causal = "perhaps"}} : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// Operands that no text counts.
// REMARK: Reason="stablehlo.custom_call is left alone: expects 4 operands, got 5
// CHECK-LABEL: func @counts(
// CHECK-NOT:     fp8attn
func.func @counts(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %0 = "stablehlo.custom_call"(%q, %k, %v, %t, %pos) <{call_target_name = "tt.paged_scaled_dot_product_attention_decode"}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// A function that is called with pages.
// REMARK: Reason="ttir.paged_scaled_dot_product_attention_decode is left alone: expects no use of @called, whose caches become memory
// CHECK-LABEL: func @called(
// CHECK-NOT:     fp8attn
func.func @called(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %q, %pos) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}
func.func @caller(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %0 = call @called(%q, %k, %v, %t, %pos) : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}
