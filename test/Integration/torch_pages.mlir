// A paged cache of two layers as torch.export writes it; TorchPagesTest.cpp says what it means.
// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch-pages -o %t.mlir
// RUN: FileCheck %s --input-file=%t.mlir --implicit-check-not=torch.
// CHECK: fp8attn.kv_write
// CHECK: fp8attn.kv_write
// CHECK: fp8attn.paged_attention

// Rows of the cache: [layers, keys and values, tokens, heads, channels].
!cache = !torch.tensor<[?,16384],f32>
!rows = !torch.vtensor<[?,16384],f32>
!layers = !torch.vtensor<[?,2,2,32,2,64],f32>
!int = !torch.int
!sizes = !torch.list<int>
!indices = !torch.list<optional<vtensor>>
!each = !torch.vtensor<[3],si64>
!column = !torch.vtensor<[3,1],si64>
!table = !torch.vtensor<[3,?],si64>
!prompts = !torch.vtensor<[2,?],si64>
!many = !torch.vtensor<[?],si64>
!tokens = !torch.vtensor<[?,2,64],f32>
!blocks = !torch.vtensor<[?,32,2,64],f32>
!wide = !torch.vtensor<[2,?,2,64],f32>
!new = !torch.vtensor<[3,1,2,64],f32>
!query = !torch.vtensor<[3,4,1,64],f32>
!halves = !torch.vtensor<[?,2,32,2,64],f32>
!sequences = !torch.vtensor<[3,?,2,32,2,64],f32>
!half = !torch.vtensor<[3,?,32,2,64],f32>
!keys = !torch.vtensor<[3,?,2,64],f32>
!grouped = !torch.vtensor<[3,?,2,1,64],f32>
!pairs = !torch.vtensor<[3,?,2,2,64],f32>
!repeated = !torch.vtensor<[3,?,4,64],f32>
!heads = !torch.vtensor<[3,4,?,64],f32>
!hidden = !torch.vtensor<[3,?],i1>
!bias = !torch.vtensor<[3,?],f32>
!mask = !torch.vtensor<[3,1,1,?],f32>

// Whole pages of two prompts, those of the second layer: block (page * 2 + layer) * 2 + part.
func.func @prompt(%key: tensor<2x?x2x64xf32>, %value: tensor<2x?x2x64xf32>, %kv: !rows,
                  %table: tensor<2x?xi64>) -> !rows {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i16384 = "torch.constant.int"() <{value = 16384 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %k = "torch_c.from_builtin_tensor"(%key) : (tensor<2x?x2x64xf32>) -> !wide
  %v = "torch_c.from_builtin_tensor"(%value) : (tensor<2x?x2x64xf32>) -> !wide
  %t = "torch_c.from_builtin_tensor"(%table) : (tensor<2x?xi64>) -> !prompts
  %six = "torch.prim.ListConstruct"(%neg1, %i2, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int, !int) -> !sizes
  %four = "torch.prim.ListConstruct"(%neg1, %i32, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %five = "torch.prim.ListConstruct"(%i2, %neg1, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !sizes
  %two = "torch.prim.ListConstruct"(%neg1, %i16384) : (!int, !int) -> !sizes
  %one = "torch.prim.ListConstruct"(%neg1) : (!int) -> !sizes
  %first = "torch.aten.mul.Scalar"(%t, %i4) : (!prompts, !int) -> !prompts
  %of_keys = "torch.aten.add.Scalar"(%first, %i2, %i1) : (!prompts, !int, !int) -> !prompts
  %of_values = "torch.aten.add.Scalar"(%of_keys, %i1, %i1) : (!prompts, !int, !int) -> !prompts
  %key_blocks = "torch.aten.view"(%of_keys, %one) : (!prompts, !sizes) -> !many
  %value_blocks = "torch.aten.view"(%of_values, %one) : (!prompts, !sizes) -> !many
  %l0 = "torch.aten.view"(%kv, %six) : (!rows, !sizes) -> !layers
  %b0 = "torch.aten.view"(%l0, %four) : (!layers, !sizes) -> !blocks
  %k1 = "torch.aten.view"(%k, %five) : (!wide, !sizes) -> !torch.vtensor<[2,?,32,2,64],f32>
  %k2 = "torch.aten.view"(%k1, %four) : (!torch.vtensor<[2,?,32,2,64],f32>, !sizes) -> !blocks
  %ki = "torch.prim.ListConstruct"(%key_blocks) : (!many) -> !indices
  %b1 = "torch.aten.index_put"(%b0, %ki, %k2, %false) : (!blocks, !indices, !blocks, !torch.bool) -> !blocks
  %l1 = "torch.aten.view"(%b1, %six) : (!blocks, !sizes) -> !layers
  %r1 = "torch.aten.view"(%l1, %two) : (!layers, !sizes) -> !rows
  %b2 = "torch.aten.view"(%r1, %four) : (!rows, !sizes) -> !blocks
  %v1 = "torch.aten.view"(%v, %five) : (!wide, !sizes) -> !torch.vtensor<[2,?,32,2,64],f32>
  %v2 = "torch.aten.view"(%v1, %four) : (!torch.vtensor<[2,?,32,2,64],f32>, !sizes) -> !blocks
  %vi = "torch.prim.ListConstruct"(%value_blocks) : (!many) -> !indices
  %b3 = "torch.aten.index_put"(%b2, %vi, %v2, %false) : (!blocks, !indices, !blocks, !torch.bool) -> !blocks
  %r3 = "torch.aten.view"(%b3, %two) : (!blocks, !sizes) -> !rows
  return %r3 : !rows
}

// One token of each of three sequences in the second layer, and attention over its pages:
// row ((page * 2 + layer) * 2 + part) * 32 + token.
func.func @decode(%query: tensor<3x4x1x64xf32>, %key: tensor<3x1x2x64xf32>, %value: tensor<3x1x2x64xf32>,
                  %kv: !cache, %table: tensor<3x?xi64>, %position: tensor<3xi64>, %lens: tensor<3xi64>)
    -> tensor<3x4x1x64xf32> {
  %neg2 = "torch.constant.int"() <{value = -2 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i3 = "torch.constant.int"() <{value = 3 : i64}> : () -> !int
  %i4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !int
  %i6 = "torch.constant.int"() <{value = 6 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i16384 = "torch.constant.int"() <{value = 16384 : i64}> : () -> !int
  %end = "torch.constant.int"() <{value = 9223372036854775807 : i64}> : () -> !int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %inf = "torch.constant.float"() <{value = 0xFFF0000000000000 : f64}> : () -> !torch.float
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %none = "torch.constant.none"() : () -> !torch.none
  %cpu = "torch.constant.device"() <{value = "cpu"}> : () -> !torch.Device
  %q = "torch_c.from_builtin_tensor"(%query) : (tensor<3x4x1x64xf32>) -> !query
  %k = "torch_c.from_builtin_tensor"(%key) : (tensor<3x1x2x64xf32>) -> !new
  %v = "torch_c.from_builtin_tensor"(%value) : (tensor<3x1x2x64xf32>) -> !new
  %t = "torch_c.from_builtin_tensor"(%table) : (tensor<3x?xi64>) -> !table
  %p = "torch_c.from_builtin_tensor"(%position) : (tensor<3xi64>) -> !each
  %n = "torch_c.from_builtin_tensor"(%lens) : (tensor<3xi64>) -> !each
  %c0 = "torch.copy.to_vtensor"(%kv) : (!cache) -> !rows
  %pages = "torch.aten.size.int"(%c0, %i0) : (!rows, !int) -> !int
  %columns = "torch.aten.size.int"(%t, %i1) : (!table, !int) -> !int
  %count = "torch.aten.mul.int"(%columns, %i32) : (!int, !int) -> !int

  %numbers = "torch.aten.arange.start_step"(%i0, %count, %i1, %none, %none, %cpu, %false)
      : (!int, !int, !int, !torch.none, !torch.none, !torch.Device, !torch.bool) -> !many
  %lens_1 = "torch.aten.unsqueeze"(%n, %neg1) : (!each, !int) -> !column
  %hidden = "torch.aten.ge.Tensor"(%numbers, %lens_1) : (!many, !column) -> !hidden
  %shown = "torch.aten.scalar_tensor"(%zero, %i6, %i0, %cpu, %none) : (!torch.float, !int, !int, !torch.Device, !torch.none) -> !torch.vtensor<[],f32>
  %lowest = "torch.aten.scalar_tensor"(%inf, %i6, %i0, %cpu, %none) : (!torch.float, !int, !int, !torch.Device, !torch.none) -> !torch.vtensor<[],f32>
  %bias = "torch.aten.where.self"(%hidden, %lowest, %shown) : (!hidden, !torch.vtensor<[],f32>, !torch.vtensor<[],f32>) -> !bias
  %bias_2 = "torch.prims.convert_element_type"(%bias, %i6) : (!bias, !int) -> !torch.vtensor<[3,?],f32>
  %bias_3 = "torch.aten.unsqueeze"(%bias_2, %i1) : (!torch.vtensor<[3,?],f32>, !int) -> !torch.vtensor<[3,1,?],f32>
  %mask = "torch.aten.unsqueeze"(%bias_3, %i1) : (!torch.vtensor<[3,1,?],f32>, !int) -> !mask

  %quotient = "torch.aten.floor_divide.Scalar"(%p, %i32) : (!each, !int) -> !each
  %column = "torch.aten.unsqueeze"(%quotient, %i1) : (!each, !int) -> !column
  %page = "torch.aten.gather"(%t, %i1, %column, %false) : (!table, !int, !column, !torch.bool) -> !column
  %remainder = "torch.aten.remainder.Scalar"(%p, %i32) : (!each, !int) -> !each
  %token = "torch.aten.unsqueeze"(%remainder, %i1) : (!each, !int) -> !column
  %page_layers = "torch.aten.mul.Scalar"(%page, %i2) : (!column, !int) -> !column
  %layer = "torch.aten.add.Scalar"(%page_layers, %i1, %i1) : (!column, !int, !int) -> !column
  %key_half = "torch.aten.mul.Scalar"(%layer, %i2) : (!column, !int) -> !column
  %value_half = "torch.aten.add.Scalar"(%key_half, %i1, %i1) : (!column, !int, !int) -> !column
  %key_first = "torch.aten.mul.Scalar"(%key_half, %i32) : (!column, !int) -> !column
  %value_first = "torch.aten.mul.Scalar"(%value_half, %i32) : (!column, !int) -> !column
  %key_row = "torch.aten.add.Tensor"(%key_first, %token, %i1) : (!column, !column, !int) -> !column
  %value_row = "torch.aten.add.Tensor"(%value_first, %token, %i1) : (!column, !column, !int) -> !column
  %six = "torch.prim.ListConstruct"(%pages, %i2, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int, !int) -> !sizes
  %three = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !sizes
  %two = "torch.prim.ListConstruct"(%pages, %i16384) : (!int, !int) -> !sizes
  %l0 = "torch.aten.view"(%c0, %six) : (!rows, !sizes) -> !layers
  %t0 = "torch.aten.view"(%l0, %three) : (!layers, !sizes) -> !tokens
  %ki = "torch.prim.ListConstruct"(%key_row) : (!column) -> !indices
  %t1 = "torch.aten.index_put"(%t0, %ki, %k, %false) : (!tokens, !indices, !new, !torch.bool) -> !tokens
  %l1 = "torch.aten.view"(%t1, %six) : (!tokens, !sizes) -> !layers
  %t2 = "torch.aten.view"(%l1, %three) : (!layers, !sizes) -> !tokens
  %vi = "torch.prim.ListConstruct"(%value_row) : (!column) -> !indices
  %t3 = "torch.aten.index_put"(%t2, %vi, %v, %false) : (!tokens, !indices, !new, !torch.bool) -> !tokens
  %l3 = "torch.aten.view"(%t3, %six) : (!tokens, !sizes) -> !layers
  %c3 = "torch.aten.view"(%l3, %two) : (!layers, !sizes) -> !rows

  %twice = "torch.aten.mul.Scalar"(%t, %i2) : (!table, !int) -> !table
  %blocks = "torch.aten.add.Scalar"(%twice, %i1, %i1) : (!table, !int, !int) -> !table
  %one = "torch.prim.ListConstruct"(%neg1) : (!int) -> !sizes
  %index = "torch.aten.view"(%blocks, %one) : (!table, !sizes) -> !many
  %five = "torch.prim.ListConstruct"(%neg1, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int) -> !sizes
  %halves = "torch.aten.view"(%c3, %five) : (!rows, !sizes) -> !halves
  %gathered = "torch.aten.index_select"(%halves, %i0, %index) : (!halves, !int, !many) -> !halves
  %of_sequences = "torch.prim.ListConstruct"(%i3, %columns, %i2, %i32, %i2, %i64) : (!int, !int, !int, !int, !int, !int) -> !sizes
  %sequences = "torch.aten.view"(%gathered, %of_sequences) : (!halves, !sizes) -> !sequences
  %cut = "torch.aten.slice.Tensor"(%sequences, %i1, %i0, %end, %i1) : (!sequences, !int, !int, !int, !int) -> !sequences
  %of_tokens = "torch.prim.ListConstruct"(%i3, %count, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %of_groups = "torch.prim.ListConstruct"(%i3, %count, %i2, %i2, %i64) : (!int, !int, !int, !int, !int) -> !sizes
  %of_heads = "torch.prim.ListConstruct"(%i3, %count, %i4, %i64) : (!int, !int, !int, !int) -> !sizes
  %ks = "torch.aten.select.int"(%cut, %i2, %i0) : (!sequences, !int, !int) -> !half
  %k0 = "torch.aten.slice.Tensor"(%ks, %i2, %i0, %count, %i1) : (!half, !int, !int, !int, !int) -> !half
  %k1 = "torch.aten.view"(%k0, %of_tokens) : (!half, !sizes) -> !keys
  %k2 = "torch.aten.unsqueeze"(%k1, %neg2) : (!keys, !int) -> !grouped
  %k3 = "torch.aten.expand"(%k2, %of_groups, %false) : (!grouped, !sizes, !torch.bool) -> !pairs
  %k4 = "torch.aten.clone"(%k3, %i0) : (!pairs, !int) -> !pairs
  %k5 = "torch.aten._unsafe_view"(%k4, %of_heads) : (!pairs, !sizes) -> !repeated
  %k6 = "torch.aten.transpose.int"(%k5, %i1, %i2) : (!repeated, !int, !int) -> !heads
  %vs = "torch.aten.select.int"(%cut, %i2, %i1) : (!sequences, !int, !int) -> !half
  %v0 = "torch.aten.slice.Tensor"(%vs, %i2, %i0, %count, %i1) : (!half, !int, !int, !int, !int) -> !half
  %v1 = "torch.aten.view"(%v0, %of_tokens) : (!half, !sizes) -> !keys
  %v2 = "torch.aten.unsqueeze"(%v1, %neg2) : (!keys, !int) -> !grouped
  %v3 = "torch.aten.expand"(%v2, %of_groups, %false) : (!grouped, !sizes, !torch.bool) -> !pairs
  %v4 = "torch.aten.clone"(%v3, %i0) : (!pairs, !int) -> !pairs
  %v5 = "torch.aten._unsafe_view"(%v4, %of_heads) : (!pairs, !sizes) -> !repeated
  %v6 = "torch.aten.transpose.int"(%v5, %i1, %i2) : (!repeated, !int, !int) -> !heads
  %0:2 = "torch.operator"(%q, %k6, %v6, %zero, %false, %mask, %none)
      <{name = "torch.aten._scaled_dot_product_flash_attention_for_cpu"}>
      : (!query, !heads, !heads, !torch.float, !torch.bool, !mask, !torch.none)
      -> (!query, !torch.vtensor<[3,4,1],f32>)
  "torch.overwrite.tensor.contents"(%c3, %kv) : (!rows, !cache) -> ()
  %result = "torch_c.to_builtin_tensor"(%0#0) : (!query) -> tensor<3x4x1x64xf32>
  return %result : tensor<3x4x1x64xf32>
}
