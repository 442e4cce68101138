// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch-pages --remarks-filter=fp8attn -o %t.mlir 2>&1 | FileCheck %s
// RUN: FileCheck %s --input-file=%t.mlir --check-prefix=LEFT --implicit-check-not='!fp8attn.cache'

// Writes that are left alone, and why.
// LEFT: "torch.aten.scaled_dot_product_attention"

!int = !torch.int
!bool = !torch.bool
!none = !torch.none
!float = !torch.float
!list = !torch.list<int>
!indices = !torch.list<optional<vtensor>>
!rows = !torch.vtensor<[?,8192],f16>
!pages = !torch.vtensor<[?,2,32,2,64],f16>
!tokens = !torch.vtensor<[?,2,64],f16>
!index = !torch.vtensor<[2,?],si64>
!half = !torch.vtensor<[2,?,32,2,64],f16>
!flat = !torch.vtensor<[2,?,2,64],f16>
!heads = !torch.vtensor<[2,2,?,64],f16>
!query = !torch.vtensor<[2,2,1,64],f16>
!new = !torch.vtensor<[2,2,64],f16>
!each = !torch.vtensor<[2],si64>
!shown = !torch.vtensor<[2,1,1,?],i1>
!mask = !torch.vtensor<[2,1,1,?],f16>

// Adds to what is there.
// CHECK: {{.*}}left alone: expects accumulate to be false"
func.func @added(%q: !query, %kv: !rows, %table: !index, %lens: !each, %new: !new, %at: !each) -> (!query, !rows) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i8192 = "torch.constant.int"() <{value = 8192 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
  %s3 = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !list
  %w0 = "torch.aten.view"(%kv, %s3) : (!rows, !list) -> !tokens
  %first = "torch.aten.mul.Scalar"(%at, %i64) : (!each, !int) -> !each
  %second = "torch.aten.add.Scalar"(%first, %i32, %i1) : (!each, !int, !int) -> !each
  %ki = "torch.prim.ListConstruct"(%first) : (!each) -> !indices
  %true = "torch.constant.bool"() <{value = true}> : () -> !bool
  %w1 = "torch.aten.index_put"(%w0, %ki, %new, %true) : (!tokens, !indices, !new, !bool) -> !tokens
  %vi = "torch.prim.ListConstruct"(%second) : (!each) -> !indices
  %w2 = "torch.aten.index_put"(%w1, %vi, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %s2 = "torch.prim.ListConstruct"(%neg1, %i8192) : (!int, !int) -> !list
  %written = "torch.aten.view"(%w2, %s2) : (!tokens, !list) -> !rows
  %p = "torch.aten.view"(%written, %s5) : (!rows, !list) -> !pages
  %ti = "torch.prim.ListConstruct"(%table) : (!index) -> !indices
  %all = "torch.aten.index.Tensor"(%p, %ti) : (!pages, !indices) -> !torch.vtensor<[2,?,2,32,2,64],f16>
  %s4 = "torch.prim.ListConstruct"(%i2, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %k0 = "torch.aten.select.int"(%all, %i2, %i0) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %k1 = "torch.aten.reshape"(%k0, %s4) : (!half, !list) -> !flat
  %k2 = "torch.aten.transpose.int"(%k1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %v0 = "torch.aten.select.int"(%all, %i2, %i1) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %v1 = "torch.aten.reshape"(%v0, %s4) : (!half, !list) -> !flat
  %v2 = "torch.aten.transpose.int"(%v1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %count = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %keys = "torch.aten.arange"(%count, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[?],si64>
  %s1 = "torch.prim.ListConstruct"(%i2, %i1, %i1, %i1) : (!int, !int, !int, !int) -> !list
  %n = "torch.aten.view"(%lens, %s1) : (!each, !list) -> !torch.vtensor<[2,1,1,1],si64>
  %hidden = "torch.aten.ge.Tensor"(%keys, %n) : (!torch.vtensor<[?],si64>, !torch.vtensor<[2,1,1,1],si64>) -> !shown
  %low = "torch.vtensor.literal"() <{value = dense<0xFC00> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %nothing = "torch.vtensor.literal"() <{value = dense<0.0> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %mask = "torch.aten.where.self"(%hidden, %low, %nothing) : (!shown, !torch.vtensor<[],f16>, !torch.vtensor<[],f16>) -> !mask
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %v2, %mask, %zero, %false, %none, %false)
      : (!query, !heads, !heads, !mask, !float, !bool, !none, !bool) -> !query
  return %0, %written : !query, !rows
}

// Values stand behind their keys.
// CHECK: {{.*}}left alone: expects keys and values to be written to the same tokens of the same pages"
func.func @other_token(%q: !query, %kv: !rows, %table: !index, %lens: !each, %new: !new, %at: !each) -> (!query, !rows) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i33 = "torch.constant.int"() <{value = 33 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i8192 = "torch.constant.int"() <{value = 8192 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
  %s3 = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !list
  %w0 = "torch.aten.view"(%kv, %s3) : (!rows, !list) -> !tokens
  %first = "torch.aten.mul.Scalar"(%at, %i64) : (!each, !int) -> !each
  %second = "torch.aten.add.Scalar"(%first, %i33, %i1) : (!each, !int, !int) -> !each
  %ki = "torch.prim.ListConstruct"(%first) : (!each) -> !indices
  %w1 = "torch.aten.index_put"(%w0, %ki, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %vi = "torch.prim.ListConstruct"(%second) : (!each) -> !indices
  %w2 = "torch.aten.index_put"(%w1, %vi, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %s2 = "torch.prim.ListConstruct"(%neg1, %i8192) : (!int, !int) -> !list
  %written = "torch.aten.view"(%w2, %s2) : (!tokens, !list) -> !rows
  %p = "torch.aten.view"(%written, %s5) : (!rows, !list) -> !pages
  %ti = "torch.prim.ListConstruct"(%table) : (!index) -> !indices
  %all = "torch.aten.index.Tensor"(%p, %ti) : (!pages, !indices) -> !torch.vtensor<[2,?,2,32,2,64],f16>
  %s4 = "torch.prim.ListConstruct"(%i2, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %k0 = "torch.aten.select.int"(%all, %i2, %i0) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %k1 = "torch.aten.reshape"(%k0, %s4) : (!half, !list) -> !flat
  %k2 = "torch.aten.transpose.int"(%k1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %v0 = "torch.aten.select.int"(%all, %i2, %i1) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %v1 = "torch.aten.reshape"(%v0, %s4) : (!half, !list) -> !flat
  %v2 = "torch.aten.transpose.int"(%v1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %count = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %keys = "torch.aten.arange"(%count, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[?],si64>
  %s1 = "torch.prim.ListConstruct"(%i2, %i1, %i1, %i1) : (!int, !int, !int, !int) -> !list
  %n = "torch.aten.view"(%lens, %s1) : (!each, !list) -> !torch.vtensor<[2,1,1,1],si64>
  %hidden = "torch.aten.ge.Tensor"(%keys, %n) : (!torch.vtensor<[?],si64>, !torch.vtensor<[2,1,1,1],si64>) -> !shown
  %low = "torch.vtensor.literal"() <{value = dense<0xFC00> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %nothing = "torch.vtensor.literal"() <{value = dense<0.0> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %mask = "torch.aten.where.self"(%hidden, %low, %nothing) : (!shown, !torch.vtensor<[],f16>, !torch.vtensor<[],f16>) -> !mask
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %v2, %mask, %zero, %false, %none, %false)
      : (!query, !heads, !heads, !mask, !float, !bool, !none, !bool) -> !query
  return %0, %written : !query, !rows
}

// An index may be of keys or of values.
// CHECK: {{.*}}left alone: expects rows within the keys of pages, or within their values"
func.func @any_row(%q: !query, %kv: !rows, %table: !index, %lens: !each, %new: !new, %at: !each) -> (!query, !rows) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i8192 = "torch.constant.int"() <{value = 8192 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
  %s3 = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !list
  %w0 = "torch.aten.view"(%kv, %s3) : (!rows, !list) -> !tokens
  %first = "torch.aten.mul.Scalar"(%at, %i64) : (!each, !int) -> !each
  %second = "torch.aten.add.Scalar"(%first, %i32, %i1) : (!each, !int, !int) -> !each
  %ki = "torch.prim.ListConstruct"(%at) : (!each) -> !indices
  %w1 = "torch.aten.index_put"(%w0, %ki, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %vi = "torch.prim.ListConstruct"(%second) : (!each) -> !indices
  %w2 = "torch.aten.index_put"(%w1, %vi, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %s2 = "torch.prim.ListConstruct"(%neg1, %i8192) : (!int, !int) -> !list
  %written = "torch.aten.view"(%w2, %s2) : (!tokens, !list) -> !rows
  %p = "torch.aten.view"(%written, %s5) : (!rows, !list) -> !pages
  %ti = "torch.prim.ListConstruct"(%table) : (!index) -> !indices
  %all = "torch.aten.index.Tensor"(%p, %ti) : (!pages, !indices) -> !torch.vtensor<[2,?,2,32,2,64],f16>
  %s4 = "torch.prim.ListConstruct"(%i2, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %k0 = "torch.aten.select.int"(%all, %i2, %i0) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %k1 = "torch.aten.reshape"(%k0, %s4) : (!half, !list) -> !flat
  %k2 = "torch.aten.transpose.int"(%k1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %v0 = "torch.aten.select.int"(%all, %i2, %i1) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %v1 = "torch.aten.reshape"(%v0, %s4) : (!half, !list) -> !flat
  %v2 = "torch.aten.transpose.int"(%v1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %count = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %keys = "torch.aten.arange"(%count, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[?],si64>
  %s1 = "torch.prim.ListConstruct"(%i2, %i1, %i1, %i1) : (!int, !int, !int, !int) -> !list
  %n = "torch.aten.view"(%lens, %s1) : (!each, !list) -> !torch.vtensor<[2,1,1,1],si64>
  %hidden = "torch.aten.ge.Tensor"(%keys, %n) : (!torch.vtensor<[?],si64>, !torch.vtensor<[2,1,1,1],si64>) -> !shown
  %low = "torch.vtensor.literal"() <{value = dense<0xFC00> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %nothing = "torch.vtensor.literal"() <{value = dense<0.0> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %mask = "torch.aten.where.self"(%hidden, %low, %nothing) : (!shown, !torch.vtensor<[],f16>, !torch.vtensor<[],f16>) -> !mask
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %v2, %mask, %zero, %false, %none, %false)
      : (!query, !heads, !heads, !mask, !float, !bool, !none, !bool) -> !query
  return %0, %written : !query, !rows
}

// Values of new tokens miss.
// CHECK: {{.*}}left alone: expects keys and values both to be written before they are read"
func.func @keys_only(%q: !query, %kv: !rows, %table: !index, %lens: !each, %new: !new, %at: !each) -> (!query, !rows) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i8192 = "torch.constant.int"() <{value = 8192 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
  %s3 = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !list
  %w0 = "torch.aten.view"(%kv, %s3) : (!rows, !list) -> !tokens
  %first = "torch.aten.mul.Scalar"(%at, %i64) : (!each, !int) -> !each
  %second = "torch.aten.add.Scalar"(%first, %i32, %i1) : (!each, !int, !int) -> !each
  %ki = "torch.prim.ListConstruct"(%first) : (!each) -> !indices
  %w1 = "torch.aten.index_put"(%w0, %ki, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %s2 = "torch.prim.ListConstruct"(%neg1, %i8192) : (!int, !int) -> !list
  %written = "torch.aten.view"(%w1, %s2) : (!tokens, !list) -> !rows
  %p = "torch.aten.view"(%written, %s5) : (!rows, !list) -> !pages
  %ti = "torch.prim.ListConstruct"(%table) : (!index) -> !indices
  %all = "torch.aten.index.Tensor"(%p, %ti) : (!pages, !indices) -> !torch.vtensor<[2,?,2,32,2,64],f16>
  %s4 = "torch.prim.ListConstruct"(%i2, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %k0 = "torch.aten.select.int"(%all, %i2, %i0) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %k1 = "torch.aten.reshape"(%k0, %s4) : (!half, !list) -> !flat
  %k2 = "torch.aten.transpose.int"(%k1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %v0 = "torch.aten.select.int"(%all, %i2, %i1) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %v1 = "torch.aten.reshape"(%v0, %s4) : (!half, !list) -> !flat
  %v2 = "torch.aten.transpose.int"(%v1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %count = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %keys = "torch.aten.arange"(%count, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[?],si64>
  %s1 = "torch.prim.ListConstruct"(%i2, %i1, %i1, %i1) : (!int, !int, !int, !int) -> !list
  %n = "torch.aten.view"(%lens, %s1) : (!each, !list) -> !torch.vtensor<[2,1,1,1],si64>
  %hidden = "torch.aten.ge.Tensor"(%keys, %n) : (!torch.vtensor<[?],si64>, !torch.vtensor<[2,1,1,1],si64>) -> !shown
  %low = "torch.vtensor.literal"() <{value = dense<0xFC00> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %nothing = "torch.vtensor.literal"() <{value = dense<0.0> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %mask = "torch.aten.where.self"(%hidden, %low, %nothing) : (!shown, !torch.vtensor<[],f16>, !torch.vtensor<[],f16>) -> !mask
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %v2, %mask, %zero, %false, %none, %false)
      : (!query, !heads, !heads, !mask, !float, !bool, !none, !bool) -> !query
  return %0, %written : !query, !rows
}

// The caller does not see what is written.
// CHECK: {{.*}}left alone: expects the cache, as it was written last, to be returned, or to overwrite the argument"
func.func @forgotten(%q: !query, %kv: !rows, %table: !index, %lens: !each, %new: !new, %at: !each) -> (!query) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i8192 = "torch.constant.int"() <{value = 8192 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
  %s3 = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !list
  %w0 = "torch.aten.view"(%kv, %s3) : (!rows, !list) -> !tokens
  %first = "torch.aten.mul.Scalar"(%at, %i64) : (!each, !int) -> !each
  %second = "torch.aten.add.Scalar"(%first, %i32, %i1) : (!each, !int, !int) -> !each
  %ki = "torch.prim.ListConstruct"(%first) : (!each) -> !indices
  %w1 = "torch.aten.index_put"(%w0, %ki, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %vi = "torch.prim.ListConstruct"(%second) : (!each) -> !indices
  %w2 = "torch.aten.index_put"(%w1, %vi, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %s2 = "torch.prim.ListConstruct"(%neg1, %i8192) : (!int, !int) -> !list
  %written = "torch.aten.view"(%w2, %s2) : (!tokens, !list) -> !rows
  %p = "torch.aten.view"(%written, %s5) : (!rows, !list) -> !pages
  %ti = "torch.prim.ListConstruct"(%table) : (!index) -> !indices
  %all = "torch.aten.index.Tensor"(%p, %ti) : (!pages, !indices) -> !torch.vtensor<[2,?,2,32,2,64],f16>
  %s4 = "torch.prim.ListConstruct"(%i2, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %k0 = "torch.aten.select.int"(%all, %i2, %i0) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %k1 = "torch.aten.reshape"(%k0, %s4) : (!half, !list) -> !flat
  %k2 = "torch.aten.transpose.int"(%k1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %v0 = "torch.aten.select.int"(%all, %i2, %i1) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %v1 = "torch.aten.reshape"(%v0, %s4) : (!half, !list) -> !flat
  %v2 = "torch.aten.transpose.int"(%v1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %count = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %keys = "torch.aten.arange"(%count, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[?],si64>
  %s1 = "torch.prim.ListConstruct"(%i2, %i1, %i1, %i1) : (!int, !int, !int, !int) -> !list
  %n = "torch.aten.view"(%lens, %s1) : (!each, !list) -> !torch.vtensor<[2,1,1,1],si64>
  %hidden = "torch.aten.ge.Tensor"(%keys, %n) : (!torch.vtensor<[?],si64>, !torch.vtensor<[2,1,1,1],si64>) -> !shown
  %low = "torch.vtensor.literal"() <{value = dense<0xFC00> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %nothing = "torch.vtensor.literal"() <{value = dense<0.0> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %mask = "torch.aten.where.self"(%hidden, %low, %nothing) : (!shown, !torch.vtensor<[],f16>, !torch.vtensor<[],f16>) -> !mask
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %v2, %mask, %zero, %false, %none, %false)
      : (!query, !heads, !heads, !mask, !float, !bool, !none, !bool) -> !query
  return %0 : !query
}

// Reads the pages as they were.
// CHECK: {{.*}}left alone: expects the cache as it was written last"
func.func @read_before(%q: !query, %kv: !rows, %table: !index, %lens: !each, %new: !new, %at: !each) -> (!query, !rows) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i8192 = "torch.constant.int"() <{value = 8192 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
  %s3 = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !list
  %w0 = "torch.aten.view"(%kv, %s3) : (!rows, !list) -> !tokens
  %first = "torch.aten.mul.Scalar"(%at, %i64) : (!each, !int) -> !each
  %second = "torch.aten.add.Scalar"(%first, %i32, %i1) : (!each, !int, !int) -> !each
  %ki = "torch.prim.ListConstruct"(%first) : (!each) -> !indices
  %w1 = "torch.aten.index_put"(%w0, %ki, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %vi = "torch.prim.ListConstruct"(%second) : (!each) -> !indices
  %w2 = "torch.aten.index_put"(%w1, %vi, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %s2 = "torch.prim.ListConstruct"(%neg1, %i8192) : (!int, !int) -> !list
  %written = "torch.aten.view"(%w2, %s2) : (!tokens, !list) -> !rows
  %p = "torch.aten.view"(%kv, %s5) : (!rows, !list) -> !pages
  %ti = "torch.prim.ListConstruct"(%table) : (!index) -> !indices
  %all = "torch.aten.index.Tensor"(%p, %ti) : (!pages, !indices) -> !torch.vtensor<[2,?,2,32,2,64],f16>
  %s4 = "torch.prim.ListConstruct"(%i2, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %k0 = "torch.aten.select.int"(%all, %i2, %i0) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %k1 = "torch.aten.reshape"(%k0, %s4) : (!half, !list) -> !flat
  %k2 = "torch.aten.transpose.int"(%k1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %v0 = "torch.aten.select.int"(%all, %i2, %i1) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %v1 = "torch.aten.reshape"(%v0, %s4) : (!half, !list) -> !flat
  %v2 = "torch.aten.transpose.int"(%v1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %count = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %keys = "torch.aten.arange"(%count, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[?],si64>
  %s1 = "torch.prim.ListConstruct"(%i2, %i1, %i1, %i1) : (!int, !int, !int, !int) -> !list
  %n = "torch.aten.view"(%lens, %s1) : (!each, !list) -> !torch.vtensor<[2,1,1,1],si64>
  %hidden = "torch.aten.ge.Tensor"(%keys, %n) : (!torch.vtensor<[?],si64>, !torch.vtensor<[2,1,1,1],si64>) -> !shown
  %low = "torch.vtensor.literal"() <{value = dense<0xFC00> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %nothing = "torch.vtensor.literal"() <{value = dense<0.0> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %mask = "torch.aten.where.self"(%hidden, %low, %nothing) : (!shown, !torch.vtensor<[],f16>, !torch.vtensor<[],f16>) -> !mask
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %v2, %mask, %zero, %false, %none, %false)
      : (!query, !heads, !heads, !mask, !float, !bool, !none, !bool) -> !query
  return %0, %written : !query, !rows
}

// The second write is of the cache without the first.
// CHECK: {{.*}}left alone: expects the cache as it was written last"
func.func @two_versions(%q: !query, %kv: !rows, %table: !index, %lens: !each, %new: !new, %at: !each) -> (!query, !rows) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i8192 = "torch.constant.int"() <{value = 8192 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
  %s3 = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !list
  %w0 = "torch.aten.view"(%kv, %s3) : (!rows, !list) -> !tokens
  %first = "torch.aten.mul.Scalar"(%at, %i64) : (!each, !int) -> !each
  %second = "torch.aten.add.Scalar"(%first, %i32, %i1) : (!each, !int, !int) -> !each
  %ki = "torch.prim.ListConstruct"(%first) : (!each) -> !indices
  %w1 = "torch.aten.index_put"(%w0, %ki, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %vi = "torch.prim.ListConstruct"(%second) : (!each) -> !indices
  %w2 = "torch.aten.index_put"(%w0, %vi, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %s2 = "torch.prim.ListConstruct"(%neg1, %i8192) : (!int, !int) -> !list
  %written = "torch.aten.view"(%w2, %s2) : (!tokens, !list) -> !rows
  %p = "torch.aten.view"(%written, %s5) : (!rows, !list) -> !pages
  %ti = "torch.prim.ListConstruct"(%table) : (!index) -> !indices
  %all = "torch.aten.index.Tensor"(%p, %ti) : (!pages, !indices) -> !torch.vtensor<[2,?,2,32,2,64],f16>
  %s4 = "torch.prim.ListConstruct"(%i2, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %k0 = "torch.aten.select.int"(%all, %i2, %i0) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %k1 = "torch.aten.reshape"(%k0, %s4) : (!half, !list) -> !flat
  %k2 = "torch.aten.transpose.int"(%k1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %v0 = "torch.aten.select.int"(%all, %i2, %i1) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %v1 = "torch.aten.reshape"(%v0, %s4) : (!half, !list) -> !flat
  %v2 = "torch.aten.transpose.int"(%v1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %count = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %keys = "torch.aten.arange"(%count, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[?],si64>
  %s1 = "torch.prim.ListConstruct"(%i2, %i1, %i1, %i1) : (!int, !int, !int, !int) -> !list
  %n = "torch.aten.view"(%lens, %s1) : (!each, !list) -> !torch.vtensor<[2,1,1,1],si64>
  %hidden = "torch.aten.ge.Tensor"(%keys, %n) : (!torch.vtensor<[?],si64>, !torch.vtensor<[2,1,1,1],si64>) -> !shown
  %low = "torch.vtensor.literal"() <{value = dense<0xFC00> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %nothing = "torch.vtensor.literal"() <{value = dense<0.0> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %mask = "torch.aten.where.self"(%hidden, %low, %nothing) : (!shown, !torch.vtensor<[],f16>, !torch.vtensor<[],f16>) -> !mask
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %v2, %mask, %zero, %false, %none, %false)
      : (!query, !heads, !heads, !mask, !float, !bool, !none, !bool) -> !query
  return %0, %written : !query, !rows
}

// The pages as they were are a result.
// CHECK: {{.*}}left alone: expects to return the cache as it was written last"
func.func @returned_before(%q: !query, %kv: !rows, %table: !index, %lens: !each, %new: !new, %at: !each) -> (!query, !rows) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i8192 = "torch.constant.int"() <{value = 8192 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
  %s3 = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !list
  %w0 = "torch.aten.view"(%kv, %s3) : (!rows, !list) -> !tokens
  %first = "torch.aten.mul.Scalar"(%at, %i64) : (!each, !int) -> !each
  %second = "torch.aten.add.Scalar"(%first, %i32, %i1) : (!each, !int, !int) -> !each
  %ki = "torch.prim.ListConstruct"(%first) : (!each) -> !indices
  %w1 = "torch.aten.index_put"(%w0, %ki, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %vi = "torch.prim.ListConstruct"(%second) : (!each) -> !indices
  %w2 = "torch.aten.index_put"(%w1, %vi, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %s2 = "torch.prim.ListConstruct"(%neg1, %i8192) : (!int, !int) -> !list
  %written = "torch.aten.view"(%w2, %s2) : (!tokens, !list) -> !rows
  %p = "torch.aten.view"(%written, %s5) : (!rows, !list) -> !pages
  %ti = "torch.prim.ListConstruct"(%table) : (!index) -> !indices
  %all = "torch.aten.index.Tensor"(%p, %ti) : (!pages, !indices) -> !torch.vtensor<[2,?,2,32,2,64],f16>
  %s4 = "torch.prim.ListConstruct"(%i2, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %k0 = "torch.aten.select.int"(%all, %i2, %i0) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %k1 = "torch.aten.reshape"(%k0, %s4) : (!half, !list) -> !flat
  %k2 = "torch.aten.transpose.int"(%k1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %v0 = "torch.aten.select.int"(%all, %i2, %i1) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %v1 = "torch.aten.reshape"(%v0, %s4) : (!half, !list) -> !flat
  %v2 = "torch.aten.transpose.int"(%v1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %count = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %keys = "torch.aten.arange"(%count, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[?],si64>
  %s1 = "torch.prim.ListConstruct"(%i2, %i1, %i1, %i1) : (!int, !int, !int, !int) -> !list
  %n = "torch.aten.view"(%lens, %s1) : (!each, !list) -> !torch.vtensor<[2,1,1,1],si64>
  %hidden = "torch.aten.ge.Tensor"(%keys, %n) : (!torch.vtensor<[?],si64>, !torch.vtensor<[2,1,1,1],si64>) -> !shown
  %low = "torch.vtensor.literal"() <{value = dense<0xFC00> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %nothing = "torch.vtensor.literal"() <{value = dense<0.0> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %mask = "torch.aten.where.self"(%hidden, %low, %nothing) : (!shown, !torch.vtensor<[],f16>, !torch.vtensor<[],f16>) -> !mask
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %v2, %mask, %zero, %false, %none, %false)
      : (!query, !heads, !heads, !mask, !float, !bool, !none, !bool) -> !query
  return %0, %kv : !query, !rows
}

// Something else reads the cache.
// CHECK: {{.*}}left alone: expects no other use of a cache, got other.use"
func.func @used(%q: !query, %kv: !rows, %table: !index, %lens: !each, %new: !new, %at: !each) -> (!query, !rows) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i8192 = "torch.constant.int"() <{value = 8192 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
  %s3 = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !list
  %w0 = "torch.aten.view"(%kv, %s3) : (!rows, !list) -> !tokens
  %first = "torch.aten.mul.Scalar"(%at, %i64) : (!each, !int) -> !each
  %second = "torch.aten.add.Scalar"(%first, %i32, %i1) : (!each, !int, !int) -> !each
  %ki = "torch.prim.ListConstruct"(%first) : (!each) -> !indices
  %w1 = "torch.aten.index_put"(%w0, %ki, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %vi = "torch.prim.ListConstruct"(%second) : (!each) -> !indices
  %w2 = "torch.aten.index_put"(%w1, %vi, %new, %false) : (!tokens, !indices, !new, !bool) -> !tokens
  %s2 = "torch.prim.ListConstruct"(%neg1, %i8192) : (!int, !int) -> !list
  %written = "torch.aten.view"(%w2, %s2) : (!tokens, !list) -> !rows
  %p = "torch.aten.view"(%written, %s5) : (!rows, !list) -> !pages
  %ti = "torch.prim.ListConstruct"(%table) : (!index) -> !indices
  %all = "torch.aten.index.Tensor"(%p, %ti) : (!pages, !indices) -> !torch.vtensor<[2,?,2,32,2,64],f16>
  %s4 = "torch.prim.ListConstruct"(%i2, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %k0 = "torch.aten.select.int"(%all, %i2, %i0) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %k1 = "torch.aten.reshape"(%k0, %s4) : (!half, !list) -> !flat
  %k2 = "torch.aten.transpose.int"(%k1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %v0 = "torch.aten.select.int"(%all, %i2, %i1) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %v1 = "torch.aten.reshape"(%v0, %s4) : (!half, !list) -> !flat
  %v2 = "torch.aten.transpose.int"(%v1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %count = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %keys = "torch.aten.arange"(%count, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[?],si64>
  %s1 = "torch.prim.ListConstruct"(%i2, %i1, %i1, %i1) : (!int, !int, !int, !int) -> !list
  %n = "torch.aten.view"(%lens, %s1) : (!each, !list) -> !torch.vtensor<[2,1,1,1],si64>
  %hidden = "torch.aten.ge.Tensor"(%keys, %n) : (!torch.vtensor<[?],si64>, !torch.vtensor<[2,1,1,1],si64>) -> !shown
  %low = "torch.vtensor.literal"() <{value = dense<0xFC00> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %nothing = "torch.vtensor.literal"() <{value = dense<0.0> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %mask = "torch.aten.where.self"(%hidden, %low, %nothing) : (!shown, !torch.vtensor<[],f16>, !torch.vtensor<[],f16>) -> !mask
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %v2, %mask, %zero, %false, %none, %false)
      : (!query, !heads, !heads, !mask, !float, !bool, !none, !bool) -> !query
  "other.use"(%written) : (!rows) -> ()
  return %0, %written : !query, !rows
}
