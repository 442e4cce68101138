// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch-pages --remarks-filter=fp8attn -o %t.mlir 2>&1 | FileCheck %s
// RUN: FileCheck %s --input-file=%t.mlir --check-prefix=IR --implicit-check-not=fp8attn.

!int = !torch.int
!float = !torch.float
!bool = !torch.bool
!none = !torch.none
!sizes = !torch.list<int>
!indices = !torch.list<optional<vtensor>>
!table = !torch.vtensor<[3,?],si64>
!each = !torch.vtensor<[3],si64>
!column = !torch.vtensor<[3,1],si64>
!numbers = !torch.vtensor<[?],si64>
!query = !torch.vtensor<[3,8,4,64],bf16>
!heads = !torch.vtensor<[3,2,?,64],bf16>
!tokens = !torch.vtensor<[3,?,2,64],bf16>
!part = !torch.vtensor<[3,?,32,2,64],bf16>
!keys = !torch.vtensor<[?,32,2,64],bf16>
!long = !torch.vtensor<[?,64,2,64],bf16>
!long_part = !torch.vtensor<[3,?,64,2,64],bf16>
!codes = !torch.vtensor<[?,32,2,64],f8E4M3FN>
!rows = !torch.vtensor<[?,2,64],f8E4M3FN>
!gathered = !torch.vtensor<[3,?,32,2,64],f8E4M3FN>
!other = !torch.vtensor<[?,32,2,64],f8E4M3FNUZ>
!other_pages = !torch.vtensor<[3,?,32,2,64],f8E4M3FNUZ>
!new = !torch.vtensor<[3,2,64],bf16>
!new_codes = !torch.vtensor<[3,2,64],f8E4M3FN>
!scale = !torch.vtensor<[],f32>
!written = !torch.vtensor<[?,2,64],bf16>

// What is beyond 448 is NaN in PyTorch, unless it is clamped.
// CHECK: {{.*}}left alone: expects codes of f8E4M3FN that are converted from what torch.aten.clamp gives, as others may be NaN, got !torch.vtensor<[3,2,64],f8E4M3FN>"
// IR-LABEL: func.func @unclamped(
func.func @unclamped(%k: !new, %kc: !codes, %slot: !each) -> !codes {
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i24 = "torch.constant.int"() <{value = 24 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %at = "torch.prim.ListConstruct"(%slot) : (!each) -> !indices
  %of_rows = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !sizes
  %of_pages = "torch.prim.ListConstruct"(%neg1, %i32, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %k3 = "torch.prims.convert_element_type"(%k, %i24) : (!new, !int) -> !new_codes
  %kc1 = "torch.aten.view"(%kc, %of_rows) : (!codes, !sizes) -> !rows
  %kc2 = "torch.aten.index_put"(%kc1, %at, %k3, %false) : (!rows, !indices, !new_codes, !bool) -> !rows
  %kc3 = "torch.aten.view"(%kc2, %of_pages) : (!rows, !sizes) -> !codes
  return %kc3 : !codes
}

// The largest number of another format.
// CHECK: {{.*}}left alone: expects codes of f8E4M3FN to be clamped to -448.00 and 448.00, got -240.00 and 240.00"
// IR-LABEL: func.func @clamped_to_less(
func.func @clamped_to_less(%k: !new, %kc: !codes, %slot: !each) -> !codes {
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i24 = "torch.constant.int"() <{value = 24 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %least_240 = "torch.constant.float"() <{value = -240.0 : f64}> : () -> !float
  %most_240 = "torch.constant.float"() <{value = 240.0 : f64}> : () -> !float
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %at = "torch.prim.ListConstruct"(%slot) : (!each) -> !indices
  %of_rows = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !sizes
  %of_pages = "torch.prim.ListConstruct"(%neg1, %i32, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %k2 = "torch.aten.clamp"(%k, %least_240, %most_240) : (!new, !float, !float) -> !new
  %k3 = "torch.prims.convert_element_type"(%k2, %i24) : (!new, !int) -> !new_codes
  %kc1 = "torch.aten.view"(%kc, %of_rows) : (!codes, !sizes) -> !rows
  %kc2 = "torch.aten.index_put"(%kc1, %at, %k3, %false) : (!rows, !indices, !new_codes, !bool) -> !rows
  %kc3 = "torch.aten.view"(%kc2, %of_pages) : (!rows, !sizes) -> !codes
  return %kc3 : !codes
}

// One side alone.
// CHECK: {{.*}}left alone: expects codes of f8E4M3FN to be clamped to -448.00 and 448.00, got no constant and 448.00"
// IR-LABEL: func.func @clamped_above(
func.func @clamped_above(%k: !new, %kc: !codes, %slot: !each) -> !codes {
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i24 = "torch.constant.int"() <{value = 24 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %most = "torch.constant.float"() <{value = 448.0 : f64}> : () -> !float
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %at = "torch.prim.ListConstruct"(%slot) : (!each) -> !indices
  %of_rows = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !sizes
  %of_pages = "torch.prim.ListConstruct"(%neg1, %i32, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %k2 = "torch.aten.clamp"(%k, %none, %most) : (!new, !none, !float) -> !new
  %k3 = "torch.prims.convert_element_type"(%k2, %i24) : (!new, !int) -> !new_codes
  %kc1 = "torch.aten.view"(%kc, %of_rows) : (!codes, !sizes) -> !rows
  %kc2 = "torch.aten.index_put"(%kc1, %at, %k3, %false) : (!rows, !indices, !new_codes, !bool) -> !rows
  %kc3 = "torch.aten.view"(%kc2, %of_pages) : (!rows, !sizes) -> !codes
  return %kc3 : !codes
}

// Half of the same codes, and 0x80 is NaN.
// CHECK: {{.*}}left alone: expects a cache of bf16, f16 or f32, got !torch.vtensor<[?,32,2,64],f8E4M3FNUZ>"
// IR-LABEL: func.func @other_codes(
func.func @other_codes(%q: !query, %kc: !other, %vc: !other, %table: !table, %start: !each) -> !query {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i3 = "torch.constant.int"() <{value = 3 : i64}> : () -> !int
  %i6 = "torch.constant.int"() <{value = 6 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %size = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %i4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %true = "torch.constant.bool"() <{value = true}> : () -> !bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %of_table = "torch.prim.ListConstruct"(%table) : (!table) -> !indices
  %of_tokens = "torch.prim.ListConstruct"(%i3, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %k0 = "torch.aten.index.Tensor"(%kc, %of_table) : (!other, !indices) -> !other_pages
  %k1 = "torch.prims.convert_element_type"(%k0, %i6) : (!other_pages, !int) -> !part
  %kt = "torch.aten.view"(%k1, %of_tokens) : (!part, !sizes) -> !tokens
  %kh = "torch.aten.transpose.int"(%kt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %v0 = "torch.aten.index.Tensor"(%vc, %of_table) : (!other, !indices) -> !other_pages
  %v1 = "torch.prims.convert_element_type"(%v0, %i6) : (!other_pages, !int) -> !part
  %vt = "torch.aten.view"(%v1, %of_tokens) : (!part, !sizes) -> !tokens
  %vh = "torch.aten.transpose.int"(%vt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %numbers = "torch.aten.arange"(%size, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !numbers
  %each = "torch.aten.arange"(%i4, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[4],si64>
  %first = "torch.aten.unsqueeze"(%start, %i1) : (!each, !int) -> !column
  %place = "torch.aten.add.Tensor"(%first, %each, %i1) : (!column, !torch.vtensor<[4],si64>, !int) -> !torch.vtensor<[3,4],si64>
  %last_1 = "torch.aten.unsqueeze"(%place, %i1) : (!torch.vtensor<[3,4],si64>, !int) -> !torch.vtensor<[3,1,4],si64>
  %last = "torch.aten.unsqueeze"(%last_1, %i3) : (!torch.vtensor<[3,1,4],si64>, !int) -> !torch.vtensor<[3,1,4,1],si64>
  %seen = "torch.aten.le.Tensor"(%numbers, %last) : (!numbers, !torch.vtensor<[3,1,4,1],si64>) -> !torch.vtensor<[3,1,4,?],i1>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %kh, %vh, %seen, %zero, %false, %none, %true)
      : (!query, !heads, !heads, !torch.vtensor<[3,1,4,?],i1>, !float, !bool, !none, !bool) -> !query
  return %0 : !query
}

// A scale of each channel.
// CHECK: {{.*}}left alone: expects a scale of f32, one or one for each of 2 heads of pages, got tensor<64xf32>"
// IR-LABEL: func.func @scale_of_channels(
func.func @scale_of_channels(%q: !query, %kc: !codes, %vc: !codes, %s: !torch.vtensor<[64],f32>, %table: !table, %start: !each) -> !query {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i3 = "torch.constant.int"() <{value = 3 : i64}> : () -> !int
  %i6 = "torch.constant.int"() <{value = 6 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %size = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %i4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %true = "torch.constant.bool"() <{value = true}> : () -> !bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %of_table = "torch.prim.ListConstruct"(%table) : (!table) -> !indices
  %of_tokens = "torch.prim.ListConstruct"(%i3, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %k0 = "torch.aten.index.Tensor"(%kc, %of_table) : (!codes, !indices) -> !gathered
  %k1 = "torch.prims.convert_element_type"(%k0, %i6) : (!gathered, !int) -> !part
  %k2 = "torch.aten.mul.Tensor"(%k1, %s) : (!part, !torch.vtensor<[64],f32>) -> !part
  %kt = "torch.aten.view"(%k2, %of_tokens) : (!part, !sizes) -> !tokens
  %kh = "torch.aten.transpose.int"(%kt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %v0 = "torch.aten.index.Tensor"(%vc, %of_table) : (!codes, !indices) -> !gathered
  %v1 = "torch.prims.convert_element_type"(%v0, %i6) : (!gathered, !int) -> !part
  %vt = "torch.aten.view"(%v1, %of_tokens) : (!part, !sizes) -> !tokens
  %vh = "torch.aten.transpose.int"(%vt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %numbers = "torch.aten.arange"(%size, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !numbers
  %each = "torch.aten.arange"(%i4, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[4],si64>
  %first = "torch.aten.unsqueeze"(%start, %i1) : (!each, !int) -> !column
  %place = "torch.aten.add.Tensor"(%first, %each, %i1) : (!column, !torch.vtensor<[4],si64>, !int) -> !torch.vtensor<[3,4],si64>
  %last_1 = "torch.aten.unsqueeze"(%place, %i1) : (!torch.vtensor<[3,4],si64>, !int) -> !torch.vtensor<[3,1,4],si64>
  %last = "torch.aten.unsqueeze"(%last_1, %i3) : (!torch.vtensor<[3,1,4],si64>, !int) -> !torch.vtensor<[3,1,4,1],si64>
  %seen = "torch.aten.le.Tensor"(%numbers, %last) : (!numbers, !torch.vtensor<[3,1,4,1],si64>) -> !torch.vtensor<[3,1,4,?],i1>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %kh, %vh, %seen, %zero, %false, %none, %true)
      : (!query, !heads, !heads, !torch.vtensor<[3,1,4,?],i1>, !float, !bool, !none, !bool) -> !query
  return %0 : !query
}

// A scale that is rounded.
// CHECK: {{.*}}left alone: expects a scale of f32, one or one for each of 2 heads of pages, got tensor<bf16>"
// IR-LABEL: func.func @scale_of_bf16(
func.func @scale_of_bf16(%q: !query, %kc: !codes, %vc: !codes, %s: !torch.vtensor<[],bf16>, %table: !table, %start: !each) -> !query {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i3 = "torch.constant.int"() <{value = 3 : i64}> : () -> !int
  %i6 = "torch.constant.int"() <{value = 6 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %size = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %i4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %true = "torch.constant.bool"() <{value = true}> : () -> !bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %of_table = "torch.prim.ListConstruct"(%table) : (!table) -> !indices
  %of_tokens = "torch.prim.ListConstruct"(%i3, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %k0 = "torch.aten.index.Tensor"(%kc, %of_table) : (!codes, !indices) -> !gathered
  %k1 = "torch.prims.convert_element_type"(%k0, %i6) : (!gathered, !int) -> !part
  %k2 = "torch.aten.mul.Tensor"(%k1, %s) : (!part, !torch.vtensor<[],bf16>) -> !part
  %kt = "torch.aten.view"(%k2, %of_tokens) : (!part, !sizes) -> !tokens
  %kh = "torch.aten.transpose.int"(%kt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %v0 = "torch.aten.index.Tensor"(%vc, %of_table) : (!codes, !indices) -> !gathered
  %v1 = "torch.prims.convert_element_type"(%v0, %i6) : (!gathered, !int) -> !part
  %vt = "torch.aten.view"(%v1, %of_tokens) : (!part, !sizes) -> !tokens
  %vh = "torch.aten.transpose.int"(%vt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %numbers = "torch.aten.arange"(%size, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !numbers
  %each = "torch.aten.arange"(%i4, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[4],si64>
  %first = "torch.aten.unsqueeze"(%start, %i1) : (!each, !int) -> !column
  %place = "torch.aten.add.Tensor"(%first, %each, %i1) : (!column, !torch.vtensor<[4],si64>, !int) -> !torch.vtensor<[3,4],si64>
  %last_1 = "torch.aten.unsqueeze"(%place, %i1) : (!torch.vtensor<[3,4],si64>, !int) -> !torch.vtensor<[3,1,4],si64>
  %last = "torch.aten.unsqueeze"(%last_1, %i3) : (!torch.vtensor<[3,1,4],si64>, !int) -> !torch.vtensor<[3,1,4,1],si64>
  %seen = "torch.aten.le.Tensor"(%numbers, %last) : (!numbers, !torch.vtensor<[3,1,4,1],si64>) -> !torch.vtensor<[3,1,4,?],i1>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %kh, %vh, %seen, %zero, %false, %none, %true)
      : (!query, !heads, !heads, !torch.vtensor<[3,1,4,?],i1>, !float, !bool, !none, !bool) -> !query
  return %0 : !query
}

// Floats have none.
// CHECK: {{.*}}left alone: expects factors of pages that are FP8 alone"
// IR-LABEL: func.func @scale_of_floats(
func.func @scale_of_floats(%q: !query, %kc: !keys, %vc: !keys, %table: !table, %start: !each) -> !query {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i3 = "torch.constant.int"() <{value = 3 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %size = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %i4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %half = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !float
  %true = "torch.constant.bool"() <{value = true}> : () -> !bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %of_table = "torch.prim.ListConstruct"(%table) : (!table) -> !indices
  %of_tokens = "torch.prim.ListConstruct"(%i3, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %k0 = "torch.aten.index.Tensor"(%kc, %of_table) : (!keys, !indices) -> !part
  %k1 = "torch.aten.mul.Scalar"(%k0, %half) : (!part, !float) -> !part
  %kt = "torch.aten.view"(%k1, %of_tokens) : (!part, !sizes) -> !tokens
  %kh = "torch.aten.transpose.int"(%kt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %v0 = "torch.aten.index.Tensor"(%vc, %of_table) : (!keys, !indices) -> !part
  %vt = "torch.aten.view"(%v0, %of_tokens) : (!part, !sizes) -> !tokens
  %vh = "torch.aten.transpose.int"(%vt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %numbers = "torch.aten.arange"(%size, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !numbers
  %each = "torch.aten.arange"(%i4, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[4],si64>
  %first = "torch.aten.unsqueeze"(%start, %i1) : (!each, !int) -> !column
  %place = "torch.aten.add.Tensor"(%first, %each, %i1) : (!column, !torch.vtensor<[4],si64>, !int) -> !torch.vtensor<[3,4],si64>
  %last_1 = "torch.aten.unsqueeze"(%place, %i1) : (!torch.vtensor<[3,4],si64>, !int) -> !torch.vtensor<[3,1,4],si64>
  %last = "torch.aten.unsqueeze"(%last_1, %i3) : (!torch.vtensor<[3,1,4],si64>, !int) -> !torch.vtensor<[3,1,4,1],si64>
  %seen = "torch.aten.le.Tensor"(%numbers, %last) : (!numbers, !torch.vtensor<[3,1,4,1],si64>) -> !torch.vtensor<[3,1,4,?],i1>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %kh, %vh, %seen, %zero, %false, %none, %true)
      : (!query, !heads, !heads, !torch.vtensor<[3,1,4,?],i1>, !float, !bool, !none, !bool) -> !query
  return %0 : !query
}

// Every query sees two keys more than the one before it.
// CHECK: {{.*}}left alone: expects a mask that shows the keys before a length, the same for all queries of a sequence, or one more for each"
// IR-LABEL: func.func @two_more(
func.func @two_more(%q: !query, %kc: !keys, %vc: !keys, %table: !table, %start: !each) -> !query {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i3 = "torch.constant.int"() <{value = 3 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %size = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %i4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %true = "torch.constant.bool"() <{value = true}> : () -> !bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %of_table = "torch.prim.ListConstruct"(%table) : (!table) -> !indices
  %of_tokens = "torch.prim.ListConstruct"(%i3, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %k0 = "torch.aten.index.Tensor"(%kc, %of_table) : (!keys, !indices) -> !part
  %kt = "torch.aten.view"(%k0, %of_tokens) : (!part, !sizes) -> !tokens
  %kh = "torch.aten.transpose.int"(%kt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %v0 = "torch.aten.index.Tensor"(%vc, %of_table) : (!keys, !indices) -> !part
  %vt = "torch.aten.view"(%v0, %of_tokens) : (!part, !sizes) -> !tokens
  %vh = "torch.aten.transpose.int"(%vt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %numbers = "torch.aten.arange"(%size, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !numbers
  %each = "torch.aten.arange"(%i4, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[4],si64>
  %twice = "torch.aten.mul.Scalar"(%each, %i2) : (!torch.vtensor<[4],si64>, !int) -> !torch.vtensor<[4],si64>
  %first = "torch.aten.unsqueeze"(%start, %i1) : (!each, !int) -> !column
  %place = "torch.aten.add.Tensor"(%first, %twice, %i1) : (!column, !torch.vtensor<[4],si64>, !int) -> !torch.vtensor<[3,4],si64>
  %last_1 = "torch.aten.unsqueeze"(%place, %i1) : (!torch.vtensor<[3,4],si64>, !int) -> !torch.vtensor<[3,1,4],si64>
  %last = "torch.aten.unsqueeze"(%last_1, %i3) : (!torch.vtensor<[3,1,4],si64>, !int) -> !torch.vtensor<[3,1,4,1],si64>
  %seen = "torch.aten.le.Tensor"(%numbers, %last) : (!numbers, !torch.vtensor<[3,1,4,1],si64>) -> !torch.vtensor<[3,1,4,?],i1>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %kh, %vh, %seen, %zero, %false, %none, %true)
      : (!query, !heads, !heads, !torch.vtensor<[3,1,4,?],i1>, !float, !bool, !none, !bool) -> !query
  return %0 : !query
}

// Pages of two sizes.
// CHECK: {{.*}}left alone: expects pages of keys and of values with as many tokens and heads, got 32 and 64 tokens, and 2 and 2 heads"
// IR-LABEL: func.func @two_sizes(
func.func @two_sizes(%q: !query, %kc: !keys, %vc: !long, %table: !table, %start: !each) -> !query {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i3 = "torch.constant.int"() <{value = 3 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %size = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %i4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %true = "torch.constant.bool"() <{value = true}> : () -> !bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %of_table = "torch.prim.ListConstruct"(%table) : (!table) -> !indices
  %of_tokens = "torch.prim.ListConstruct"(%i3, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %k0 = "torch.aten.index.Tensor"(%kc, %of_table) : (!keys, !indices) -> !part
  %kt = "torch.aten.view"(%k0, %of_tokens) : (!part, !sizes) -> !tokens
  %kh = "torch.aten.transpose.int"(%kt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %v0 = "torch.aten.index.Tensor"(%vc, %of_table) : (!long, !indices) -> !long_part
  %vt = "torch.aten.view"(%v0, %of_tokens) : (!long_part, !sizes) -> !tokens
  %vh = "torch.aten.transpose.int"(%vt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %numbers = "torch.aten.arange"(%size, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !numbers
  %each = "torch.aten.arange"(%i4, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[4],si64>
  %first = "torch.aten.unsqueeze"(%start, %i1) : (!each, !int) -> !column
  %place = "torch.aten.add.Tensor"(%first, %each, %i1) : (!column, !torch.vtensor<[4],si64>, !int) -> !torch.vtensor<[3,4],si64>
  %last_1 = "torch.aten.unsqueeze"(%place, %i1) : (!torch.vtensor<[3,4],si64>, !int) -> !torch.vtensor<[3,1,4],si64>
  %last = "torch.aten.unsqueeze"(%last_1, %i3) : (!torch.vtensor<[3,1,4],si64>, !int) -> !torch.vtensor<[3,1,4,1],si64>
  %seen = "torch.aten.le.Tensor"(%numbers, %last) : (!numbers, !torch.vtensor<[3,1,4,1],si64>) -> !torch.vtensor<[3,1,4,?],i1>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %kh, %vh, %seen, %zero, %false, %none, %true)
      : (!query, !heads, !heads, !torch.vtensor<[3,1,4,?],i1>, !float, !bool, !none, !bool) -> !query
  return %0 : !query
}

// The same values for other keys, too.
// CHECK: {{.*}}left alone: expects one cache of values for each of keys"
// IR-LABEL: func.func @two_caches_of_keys(
func.func @two_caches_of_keys(%q: !query, %kc: !keys, %other: !keys, %vc: !keys, %table: !table, %start: !each) -> (!query, !query) {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i3 = "torch.constant.int"() <{value = 3 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %size = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %i4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %true = "torch.constant.bool"() <{value = true}> : () -> !bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %of_table = "torch.prim.ListConstruct"(%table) : (!table) -> !indices
  %of_tokens = "torch.prim.ListConstruct"(%i3, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %k0 = "torch.aten.index.Tensor"(%kc, %of_table) : (!keys, !indices) -> !part
  %kt = "torch.aten.view"(%k0, %of_tokens) : (!part, !sizes) -> !tokens
  %kh = "torch.aten.transpose.int"(%kt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %v0 = "torch.aten.index.Tensor"(%vc, %of_table) : (!keys, !indices) -> !part
  %vt = "torch.aten.view"(%v0, %of_tokens) : (!part, !sizes) -> !tokens
  %vh = "torch.aten.transpose.int"(%vt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %numbers = "torch.aten.arange"(%size, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !numbers
  %each = "torch.aten.arange"(%i4, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[4],si64>
  %first = "torch.aten.unsqueeze"(%start, %i1) : (!each, !int) -> !column
  %place = "torch.aten.add.Tensor"(%first, %each, %i1) : (!column, !torch.vtensor<[4],si64>, !int) -> !torch.vtensor<[3,4],si64>
  %last_1 = "torch.aten.unsqueeze"(%place, %i1) : (!torch.vtensor<[3,4],si64>, !int) -> !torch.vtensor<[3,1,4],si64>
  %last = "torch.aten.unsqueeze"(%last_1, %i3) : (!torch.vtensor<[3,1,4],si64>, !int) -> !torch.vtensor<[3,1,4,1],si64>
  %seen = "torch.aten.le.Tensor"(%numbers, %last) : (!numbers, !torch.vtensor<[3,1,4,1],si64>) -> !torch.vtensor<[3,1,4,?],i1>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %kh, %vh, %seen, %zero, %false, %none, %true)
      : (!query, !heads, !heads, !torch.vtensor<[3,1,4,?],i1>, !float, !bool, !none, !bool) -> !query
  %x0 = "torch.aten.index.Tensor"(%other, %of_table) : (!keys, !indices) -> !part
  %xt = "torch.aten.view"(%x0, %of_tokens) : (!part, !sizes) -> !tokens
  %xh = "torch.aten.transpose.int"(%xt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %1 = "torch.aten.scaled_dot_product_attention"(%q, %xh, %vh, %seen, %zero, %false, %none, %true)
      : (!query, !heads, !heads, !torch.vtensor<[3,1,4,?],i1>, !float, !bool, !none, !bool) -> !query
  return %0, %1 : !query, !query
}

// Keys that are written without their values.
// CHECK: {{.*}}left alone: expects keys and values both to be written before they are read"
// IR-LABEL: func.func @keys_alone(
func.func @keys_alone(%q: !query, %k: !new, %kc: !keys, %vc: !keys, %slot: !each, %table: !table, %start: !each) -> (!query, !keys) {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i3 = "torch.constant.int"() <{value = 3 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %size = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %i4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %true = "torch.constant.bool"() <{value = true}> : () -> !bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %at = "torch.prim.ListConstruct"(%slot) : (!each) -> !indices
  %of_rows = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !sizes
  %of_pages = "torch.prim.ListConstruct"(%neg1, %i32, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %kc1 = "torch.aten.view"(%kc, %of_rows) : (!keys, !sizes) -> !written
  %kc2 = "torch.aten.index_put"(%kc1, %at, %k, %false) : (!written, !indices, !new, !bool) -> !written
  %kc3 = "torch.aten.view"(%kc2, %of_pages) : (!written, !sizes) -> !keys
  %of_table = "torch.prim.ListConstruct"(%table) : (!table) -> !indices
  %of_tokens = "torch.prim.ListConstruct"(%i3, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %kp0 = "torch.aten.index.Tensor"(%kc3, %of_table) : (!keys, !indices) -> !part
  %kpt = "torch.aten.view"(%kp0, %of_tokens) : (!part, !sizes) -> !tokens
  %kh = "torch.aten.transpose.int"(%kpt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %v0 = "torch.aten.index.Tensor"(%vc, %of_table) : (!keys, !indices) -> !part
  %vt = "torch.aten.view"(%v0, %of_tokens) : (!part, !sizes) -> !tokens
  %vh = "torch.aten.transpose.int"(%vt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %numbers = "torch.aten.arange"(%size, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !numbers
  %each = "torch.aten.arange"(%i4, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[4],si64>
  %first = "torch.aten.unsqueeze"(%start, %i1) : (!each, !int) -> !column
  %place = "torch.aten.add.Tensor"(%first, %each, %i1) : (!column, !torch.vtensor<[4],si64>, !int) -> !torch.vtensor<[3,4],si64>
  %last_1 = "torch.aten.unsqueeze"(%place, %i1) : (!torch.vtensor<[3,4],si64>, !int) -> !torch.vtensor<[3,1,4],si64>
  %last = "torch.aten.unsqueeze"(%last_1, %i3) : (!torch.vtensor<[3,1,4],si64>, !int) -> !torch.vtensor<[3,1,4,1],si64>
  %seen = "torch.aten.le.Tensor"(%numbers, %last) : (!numbers, !torch.vtensor<[3,1,4,1],si64>) -> !torch.vtensor<[3,1,4,?],i1>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %kh, %vh, %seen, %zero, %false, %none, %true)
      : (!query, !heads, !heads, !torch.vtensor<[3,1,4,?],i1>, !float, !bool, !none, !bool) -> !query
  return %0, %kc3 : !query, !keys
}

// Which of the two are keys is not said.
// CHECK: {{.*}}left alone: expects attention, or a write of whole pages, that says how many tokens a page has"
// IR-LABEL: func.func @never_read(
func.func @never_read(%k: !new, %kc: !keys, %slot: !each) -> !keys {
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %at = "torch.prim.ListConstruct"(%slot) : (!each) -> !indices
  %of_rows = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !sizes
  %of_pages = "torch.prim.ListConstruct"(%neg1, %i32, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %kc1 = "torch.aten.view"(%kc, %of_rows) : (!keys, !sizes) -> !written
  %kc2 = "torch.aten.index_put"(%kc1, %at, %k, %false) : (!written, !indices, !new, !bool) -> !written
  %kc3 = "torch.aten.view"(%kc2, %of_pages) : (!written, !sizes) -> !keys
  return %kc3 : !keys
}
