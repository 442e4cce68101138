// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch-pages --remarks-filter=fp8attn -o %t.mlir 2>&1 | FileCheck %s
// RUN: FileCheck %s --input-file=%t.mlir --check-prefix=LEFT --implicit-check-not='!fp8attn.cache'

// What is left alone, and why.
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

// A row that sees no key is the mean in PyTorch then.
// CHECK: {{.*}}left alone: expects a mask of 0 and -inf, got 0 and -65504"
func.func @finite(%q: !query, %kv: !rows, %table: !index, %lens: !each) -> (!query) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
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
  %low = "torch.vtensor.literal"() <{value = dense<-65504.0> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %nothing = "torch.vtensor.literal"() <{value = dense<0.0> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %mask = "torch.aten.where.self"(%hidden, %low, %nothing) : (!shown, !torch.vtensor<[],f16>, !torch.vtensor<[],f16>) -> !mask
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %v2, %mask, %zero, %false, %none, %false)
      : (!query, !heads, !heads, !mask, !float, !bool, !none, !bool) -> !query
  return %0 : !query
}

// Hides the keys of each sequence, and shows what is behind.
// CHECK: {{.*}}left alone: expects a mask that shows the keys before a length, the same for all queries of a sequence, or one more for each"
func.func @reversed(%q: !query, %kv: !rows, %table: !index, %lens: !each) -> (!query) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
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
  %hidden = "torch.aten.lt.Tensor"(%keys, %n) : (!torch.vtensor<[?],si64>, !torch.vtensor<[2,1,1,1],si64>) -> !shown
  %low = "torch.vtensor.literal"() <{value = dense<0xFC00> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %nothing = "torch.vtensor.literal"() <{value = dense<0.0> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %mask = "torch.aten.where.self"(%hidden, %low, %nothing) : (!shown, !torch.vtensor<[],f16>, !torch.vtensor<[],f16>) -> !mask
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %v2, %mask, %zero, %false, %none, %false)
      : (!query, !heads, !heads, !mask, !float, !bool, !none, !bool) -> !query
  return %0 : !query
}

// All that the table has would be seen.
// CHECK: {{.*}}left alone: expects a mask that shows the keys of each sequence"
func.func @without_mask(%q: !query, %kv: !rows, %table: !index, %lens: !each) -> (!query) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
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
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %v2, %none, %zero, %false, %none, %false)
      : (!query, !heads, !heads, !none, !float, !bool, !none, !bool) -> !query
  return %0 : !query
}

// The query stands at the first key.
// CHECK: {{.*}}left alone: expects is_causal to be false where keys are read from pages, as the first query would stand at the first of them"
func.func @causal(%q: !query, %kv: !rows, %table: !index, %lens: !each) -> (!query) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %true = "torch.constant.bool"() <{value = true}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
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
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %v2, %none, %zero, %true, %none, %false)
      : (!query, !heads, !heads, !none, !float, !bool, !none, !bool) -> !query
  return %0 : !query
}

// Keys are read from where the others have values.
// CHECK: {{.*}}left alone: expects the keys of a page before its values, each of all tokens"
func.func @exchanged(%q: !query, %kv: !rows, %table: !index, %lens: !each) -> (!query) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
  %p = "torch.aten.view"(%kv, %s5) : (!rows, !list) -> !pages
  %ti = "torch.prim.ListConstruct"(%table) : (!index) -> !indices
  %all = "torch.aten.index.Tensor"(%p, %ti) : (!pages, !indices) -> !torch.vtensor<[2,?,2,32,2,64],f16>
  %s4 = "torch.prim.ListConstruct"(%i2, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %k0 = "torch.aten.select.int"(%all, %i2, %i1) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %k1 = "torch.aten.reshape"(%k0, %s4) : (!half, !list) -> !flat
  %k2 = "torch.aten.transpose.int"(%k1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %v0 = "torch.aten.select.int"(%all, %i2, %i0) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
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

// How many sequences there are is not known.
// CHECK: {{.*}}left alone: expects queries of a static number of sequences, [batch, heads, queries, channels], got !torch.vtensor<[?,2,3,64],f16>"
func.func @any_sequences(%q: !torch.vtensor<[?,2,3,64],f16>, %kv: !rows, %table: !index, %lens: !each) -> (!torch.vtensor<[?,2,3,64],f16>) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
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
      : (!torch.vtensor<[?,2,3,64],f16>, !heads, !heads, !mask, !float, !bool, !none, !bool) -> !torch.vtensor<[?,2,3,64],f16>
  return %0 : !torch.vtensor<[?,2,3,64],f16>
}

// All heads are repeated, not each for its group.
// CHECK: {{.*}}left alone: expects heads of pages that are repeated for neighbouring heads of the query, and channels as they are, got !torch.vtensor<[2,4,?,64],f16> of !torch.vtensor<[?,2,32,2,64],f16>"
func.func @tiled(%q: !torch.vtensor<[2,4,1,64],f16>, %kv: !rows, %table: !index, %lens: !each) -> (!torch.vtensor<[2,4,1,64],f16>) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
  %p = "torch.aten.view"(%kv, %s5) : (!rows, !list) -> !pages
  %ti = "torch.prim.ListConstruct"(%table) : (!index) -> !indices
  %all = "torch.aten.index.Tensor"(%p, %ti) : (!pages, !indices) -> !torch.vtensor<[2,?,2,32,2,64],f16>
  %s4 = "torch.prim.ListConstruct"(%i2, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %k0 = "torch.aten.select.int"(%all, %i2, %i0) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %k1 = "torch.aten.reshape"(%k0, %s4) : (!half, !list) -> !flat
  %k2 = "torch.aten.transpose.int"(%k1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %times = "torch.prim.ListConstruct"(%i1, %i2, %i1, %i1) : (!int, !int, !int, !int) -> !list
  %k3 = "torch.aten.repeat"(%k2, %times) : (!heads, !list) -> !torch.vtensor<[2,4,?,64],f16>
  %v0 = "torch.aten.select.int"(%all, %i2, %i1) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %v1 = "torch.aten.reshape"(%v0, %s4) : (!half, !list) -> !flat
  %v2 = "torch.aten.transpose.int"(%v1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %v3 = "torch.aten.repeat"(%v2, %times) : (!heads, !list) -> !torch.vtensor<[2,4,?,64],f16>
  %count = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %keys = "torch.aten.arange"(%count, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[?],si64>
  %s1 = "torch.prim.ListConstruct"(%i2, %i1, %i1, %i1) : (!int, !int, !int, !int) -> !list
  %n = "torch.aten.view"(%lens, %s1) : (!each, !list) -> !torch.vtensor<[2,1,1,1],si64>
  %hidden = "torch.aten.ge.Tensor"(%keys, %n) : (!torch.vtensor<[?],si64>, !torch.vtensor<[2,1,1,1],si64>) -> !shown
  %low = "torch.vtensor.literal"() <{value = dense<0xFC00> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %nothing = "torch.vtensor.literal"() <{value = dense<0.0> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %mask = "torch.aten.where.self"(%hidden, %low, %nothing) : (!shown, !torch.vtensor<[],f16>, !torch.vtensor<[],f16>) -> !mask
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k3, %v3, %mask, %zero, %false, %none, %false)
      : (!torch.vtensor<[2,4,1,64],f16>, !torch.vtensor<[2,4,?,64],f16>, !torch.vtensor<[2,4,?,64],f16>, !mask, !float, !bool, !none, !bool) -> !torch.vtensor<[2,4,1,64],f16>
  return %0 : !torch.vtensor<[2,4,1,64],f16>
}

// The first tokens of all pages, then the second ones.
// CHECK: {{.*}}left alone: expects operations between pages and attention that move elements and keep the order of tokens, got torch.aten.reshape of !torch.vtensor<[2,32,?,2,64],f16>"
func.func @columns_first(%q: !query, %kv: !rows, %table: !index, %lens: !each) -> (!query) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
  %p = "torch.aten.view"(%kv, %s5) : (!rows, !list) -> !pages
  %ti = "torch.prim.ListConstruct"(%table) : (!index) -> !indices
  %all = "torch.aten.index.Tensor"(%p, %ti) : (!pages, !indices) -> !torch.vtensor<[2,?,2,32,2,64],f16>
  %s4 = "torch.prim.ListConstruct"(%i2, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %k0 = "torch.aten.select.int"(%all, %i2, %i0) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %kt = "torch.aten.transpose.int"(%k0, %i1, %i2) : (!half, !int, !int) -> !torch.vtensor<[2,32,?,2,64],f16>
  %k1 = "torch.aten.reshape"(%kt, %s4) : (!torch.vtensor<[2,32,?,2,64],f16>, !list) -> !flat
  %k2 = "torch.aten.transpose.int"(%k1, %i1, %i2) : (!flat, !int, !int) -> !heads
  %v0 = "torch.aten.select.int"(%all, %i2, %i1) : (!torch.vtensor<[2,?,2,32,2,64],f16>, !int, !int) -> !half
  %vt = "torch.aten.transpose.int"(%v0, %i1, %i2) : (!half, !int, !int) -> !torch.vtensor<[2,32,?,2,64],f16>
  %v1 = "torch.aten.reshape"(%vt, %s4) : (!torch.vtensor<[2,32,?,2,64],f16>, !list) -> !flat
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

// Half of what f8E4M3FN says.
// CHECK: {{.*}}left alone: expects a cache of bf16, f16 or f32, got !torch.vtensor<[?,8192],f8E4M3FNUZ>"
func.func @codes(%q: !torch.vtensor<[2,2,1,64],f8E4M3FNUZ>, %kv: !torch.vtensor<[?,8192],f8E4M3FNUZ>, %table: !index, %lens: !each) -> (!torch.vtensor<[2,2,1,64],f8E4M3FNUZ>) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %s5 = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !list
  %p = "torch.aten.view"(%kv, %s5) : (!torch.vtensor<[?,8192],f8E4M3FNUZ>, !list) -> !torch.vtensor<[?,2,32,2,64],f8E4M3FNUZ>
  %ti = "torch.prim.ListConstruct"(%table) : (!index) -> !indices
  %all = "torch.aten.index.Tensor"(%p, %ti) : (!torch.vtensor<[?,2,32,2,64],f8E4M3FNUZ>, !indices) -> !torch.vtensor<[2,?,2,32,2,64],f8E4M3FNUZ>
  %s4 = "torch.prim.ListConstruct"(%i2, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %k0 = "torch.aten.select.int"(%all, %i2, %i0) : (!torch.vtensor<[2,?,2,32,2,64],f8E4M3FNUZ>, !int, !int) -> !torch.vtensor<[2,?,32,2,64],f8E4M3FNUZ>
  %k1 = "torch.aten.reshape"(%k0, %s4) : (!torch.vtensor<[2,?,32,2,64],f8E4M3FNUZ>, !list) -> !torch.vtensor<[2,?,2,64],f8E4M3FNUZ>
  %k2 = "torch.aten.transpose.int"(%k1, %i1, %i2) : (!torch.vtensor<[2,?,2,64],f8E4M3FNUZ>, !int, !int) -> !torch.vtensor<[2,2,?,64],f8E4M3FNUZ>
  %v0 = "torch.aten.select.int"(%all, %i2, %i1) : (!torch.vtensor<[2,?,2,32,2,64],f8E4M3FNUZ>, !int, !int) -> !torch.vtensor<[2,?,32,2,64],f8E4M3FNUZ>
  %v1 = "torch.aten.reshape"(%v0, %s4) : (!torch.vtensor<[2,?,32,2,64],f8E4M3FNUZ>, !list) -> !torch.vtensor<[2,?,2,64],f8E4M3FNUZ>
  %v2 = "torch.aten.transpose.int"(%v1, %i1, %i2) : (!torch.vtensor<[2,?,2,64],f8E4M3FNUZ>, !int, !int) -> !torch.vtensor<[2,2,?,64],f8E4M3FNUZ>
  %count = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %keys = "torch.aten.arange"(%count, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[?],si64>
  %s1 = "torch.prim.ListConstruct"(%i2, %i1, %i1, %i1) : (!int, !int, !int, !int) -> !list
  %n = "torch.aten.view"(%lens, %s1) : (!each, !list) -> !torch.vtensor<[2,1,1,1],si64>
  %hidden = "torch.aten.ge.Tensor"(%keys, %n) : (!torch.vtensor<[?],si64>, !torch.vtensor<[2,1,1,1],si64>) -> !shown
  %low = "torch.vtensor.literal"() <{value = dense<0xFC00> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %nothing = "torch.vtensor.literal"() <{value = dense<0.0> : tensor<f16>}> : () -> !torch.vtensor<[],f16>
  %mask = "torch.aten.where.self"(%hidden, %low, %nothing) : (!shown, !torch.vtensor<[],f16>, !torch.vtensor<[],f16>) -> !mask
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %v2, %mask, %zero, %false, %none, %false)
      : (!torch.vtensor<[2,2,1,64],f8E4M3FNUZ>, !torch.vtensor<[2,2,?,64],f8E4M3FNUZ>, !torch.vtensor<[2,2,?,64],f8E4M3FNUZ>, !mask, !float, !bool, !none, !bool) -> !torch.vtensor<[2,2,1,64],f8E4M3FNUZ>
  return %0 : !torch.vtensor<[2,2,1,64],f8E4M3FNUZ>
}
