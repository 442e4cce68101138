// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch-pages --remarks-filter=fp8attn -o %t.mlir 2>&1 | FileCheck %s
// RUN: FileCheck %s --input-file=%t.mlir --check-prefix=IR

// Nothing verifies operations of torch here, so that any may come; and what a program says
// of other caches, earlier writes and parts of tables is kept or left alone.

!int = !torch.int
!bool = !torch.bool
!list = !torch.list<int>
!indices = !torch.list<optional<vtensor>>
!rows = !torch.vtensor<[?,8192],f16>
!halves = !torch.vtensor<[?,32,2,64],f16>
!new = !torch.vtensor<[2,32,2,64],f16>
!each = !torch.vtensor<[2],si64>

// Two uses of a size in one operation.
// IR-LABEL: func.func @bound_twice(
// IR:         fp8attn.kv_write
// IR-NOT:     torch.bind_symbolic_shape
func.func @bound_twice(%kv: !rows, %at: !each, %new: !new) -> !rows {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i8192 = "torch.constant.int"() <{value = 8192 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %s2 = "torch.prim.ListConstruct"(%neg1, %i8192) : (!int, !int) -> !list
  %s4 = "torch.prim.ListConstruct"(%neg1, %i32, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %first = "torch.aten.mul.Scalar"(%at, %i2) : (!each, !int) -> !each
  %second = "torch.aten.add.Scalar"(%first, %i1, %i1) : (!each, !int, !int) -> !each
  %ki = "torch.prim.ListConstruct"(%first) : (!each) -> !indices
  %vi = "torch.prim.ListConstruct"(%second) : (!each) -> !indices
  %w0 = "torch.aten.view"(%kv, %s4) : (!rows, !list) -> !halves
  %w1 = "torch.aten.index_put"(%w0, %ki, %new, %false) : (!halves, !indices, !new, !bool) -> !halves
  %w2 = "torch.aten.index_put"(%w1, %vi, %new, %false) : (!halves, !indices, !new, !bool) -> !halves
  %written = "torch.aten.view"(%w2, %s2) : (!halves, !list) -> !rows
  %size = "torch.symbolic_int"() <{symbol_name = "s0"}> : () -> !int
  "torch.bind_symbolic_shape"(%w2, %size, %size) : (!halves, !int, !int) -> ()
  "torch.bind_symbolic_shape"(%w1, %size, %size) : (!halves, !int, !int) -> ()
  return %written : !rows
}

// What says a size has a result, which something uses.
// CHECK: {{.*}}left alone: expects no other use of a cache, got torch.bind_symbolic_shape"
// IR-LABEL: func.func @bound_and_used(
// IR:         "torch.bind_symbolic_shape"
func.func @bound_and_used(%kv: !rows, %at: !each, %new: !new) -> !rows {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i8192 = "torch.constant.int"() <{value = 8192 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %s2 = "torch.prim.ListConstruct"(%neg1, %i8192) : (!int, !int) -> !list
  %s4 = "torch.prim.ListConstruct"(%neg1, %i32, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %first = "torch.aten.mul.Scalar"(%at, %i2) : (!each, !int) -> !each
  %second = "torch.aten.add.Scalar"(%first, %i1, %i1) : (!each, !int, !int) -> !each
  %ki = "torch.prim.ListConstruct"(%first) : (!each) -> !indices
  %vi = "torch.prim.ListConstruct"(%second) : (!each) -> !indices
  %w0 = "torch.aten.view"(%kv, %s4) : (!rows, !list) -> !halves
  %w1 = "torch.aten.index_put"(%w0, %ki, %new, %false) : (!halves, !indices, !new, !bool) -> !halves
  %w2 = "torch.aten.index_put"(%w1, %vi, %new, %false) : (!halves, !indices, !new, !bool) -> !halves
  %written = "torch.aten.view"(%w2, %s2) : (!halves, !list) -> !rows
  %bound = "torch.bind_symbolic_shape"(%w2) : (!halves) -> !int
  "other.use"(%bound) : (!int) -> ()
  return %written : !rows
}

// One cache is to hold what another does, which is a copy.
// CHECK: {{.*}}left alone: expects no other use of a cache, got torch.overwrite.tensor.contents"
// IR-LABEL: func.func @overwrites_another(
// IR:         "torch.overwrite.tensor.contents"
func.func @overwrites_another(%kv: !rows, %other: !rows, %at: !each, %new: !new) -> (!rows, !rows) {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i8192 = "torch.constant.int"() <{value = 8192 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %s2 = "torch.prim.ListConstruct"(%neg1, %i8192) : (!int, !int) -> !list
  %s4 = "torch.prim.ListConstruct"(%neg1, %i32, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %first = "torch.aten.mul.Scalar"(%at, %i2) : (!each, !int) -> !each
  %second = "torch.aten.add.Scalar"(%first, %i1, %i1) : (!each, !int, !int) -> !each
  %ki = "torch.prim.ListConstruct"(%first) : (!each) -> !indices
  %vi = "torch.prim.ListConstruct"(%second) : (!each) -> !indices
  %w0 = "torch.aten.view"(%kv, %s4) : (!rows, !list) -> !halves
  %w1 = "torch.aten.index_put"(%w0, %ki, %new, %false) : (!halves, !indices, !new, !bool) -> !halves
  %w2 = "torch.aten.index_put"(%w1, %vi, %new, %false) : (!halves, !indices, !new, !bool) -> !halves
  %written = "torch.aten.view"(%w2, %s2) : (!halves, !list) -> !rows
  %ow0 = "torch.aten.view"(%other, %s4) : (!rows, !list) -> !halves
  %ow1 = "torch.aten.index_put"(%ow0, %ki, %new, %false) : (!halves, !indices, !new, !bool) -> !halves
  %ow2 = "torch.aten.index_put"(%ow1, %vi, %new, %false) : (!halves, !indices, !new, !bool) -> !halves
  %owritten = "torch.aten.view"(%ow2, %s2) : (!halves, !list) -> !rows
  "torch.overwrite.tensor.contents"(%written, %other) : (!rows, !rows) -> ()
  return %written, %owritten : !rows, !rows
}

// A cache is to hold what it did before its values were written.
// CHECK: {{.*}}left alone: expects no other use of a cache, got torch.overwrite.tensor.contents"
// IR-LABEL: func.func @overwrites_before(
// IR:         "torch.overwrite.tensor.contents"
func.func @overwrites_before(%kv: !rows, %at: !each, %new: !new) -> !rows {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i8192 = "torch.constant.int"() <{value = 8192 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %s2 = "torch.prim.ListConstruct"(%neg1, %i8192) : (!int, !int) -> !list
  %s4 = "torch.prim.ListConstruct"(%neg1, %i32, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %first = "torch.aten.mul.Scalar"(%at, %i2) : (!each, !int) -> !each
  %second = "torch.aten.add.Scalar"(%first, %i1, %i1) : (!each, !int, !int) -> !each
  %ki = "torch.prim.ListConstruct"(%first) : (!each) -> !indices
  %vi = "torch.prim.ListConstruct"(%second) : (!each) -> !indices
  %w0 = "torch.aten.view"(%kv, %s4) : (!rows, !list) -> !halves
  %w1 = "torch.aten.index_put"(%w0, %ki, %new, %false) : (!halves, !indices, !new, !bool) -> !halves
  %w2 = "torch.aten.index_put"(%w1, %vi, %new, %false) : (!halves, !indices, !new, !bool) -> !halves
  %written = "torch.aten.view"(%w2, %s2) : (!halves, !list) -> !rows
  %before = "torch.aten.view"(%w1, %s2) : (!halves, !list) -> !rows
  "torch.overwrite.tensor.contents"(%before, %kv) : (!rows, !rows) -> ()
  return %written : !rows
}

// Indices come from an operation without the operand that it has.
// CHECK: {{.*}}left alone: expects rows within the keys of pages, or within their values"
// IR-LABEL: func.func @without_operand(
// IR:         "torch.aten.index_put"
func.func @without_operand(%kv: !rows, %new: !new) -> !rows {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i8192 = "torch.constant.int"() <{value = 8192 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %s2 = "torch.prim.ListConstruct"(%neg1, %i8192) : (!int, !int) -> !list
  %s4 = "torch.prim.ListConstruct"(%neg1, %i32, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %at = "torch.prims.convert_element_type"() : () -> !each
  %ki = "torch.prim.ListConstruct"(%at) : (!each) -> !indices
  %vi = "torch.prim.ListConstruct"(%at) : (!each) -> !indices
  %w0 = "torch.aten.view"(%kv, %s4) : (!rows, !list) -> !halves
  %w1 = "torch.aten.index_put"(%w0, %ki, %new, %false) : (!halves, !indices, !new, !bool) -> !halves
  %w2 = "torch.aten.index_put"(%w1, %vi, %new, %false) : (!halves, !indices, !new, !bool) -> !halves
  %written = "torch.aten.view"(%w2, %s2) : (!halves, !list) -> !rows
  return %written : !rows
}

// CHECK: {{.*}}left alone: expects heads of pages that are repeated for neighbouring heads of the query, and channels as they are, got !torch.vtensor<[2,0,32,64],f16>
// IR-LABEL: func.func @without_heads(
// IR:         "torch.aten.scaled_dot_product_attention"
!headless = !torch.vtensor<[?,32,0,64],f16>
!part = !torch.vtensor<[2,32,0,64],f16>
!heads = !torch.vtensor<[2,0,32,64],f16>
!query = !torch.vtensor<[2,4,1,64],f16>
func.func @without_heads(%query: !query, %kv: !headless, %at: !each) -> !query {
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %read = "torch.aten.index_select"(%kv, %i0, %at) : (!headless, !int, !each) -> !part
  %k = "torch.aten.transpose.int"(%read, %i1, %i2) : (!part, !int, !int) -> !heads
  %0 = "torch.aten.scaled_dot_product_attention"(%query, %k, %k) : (!query, !heads, !heads) -> !query
  return %0 : !query
}

// Indices are of two of four rows of the table, [sequences, 4, 8] of [sequences, 8, 4]: the
// sequence stays the sequence.
// IR-LABEL: func.func @part_of_table(
// IR:         %[[SEQUENCE:.+]] = linalg.index 0
// IR:         tensor.extract %{{.+}}[%[[SEQUENCE]], %{{.+}}, %{{.+}}] : tensor<2x2x1xi64>
// IR:         tensor.extract %{{.+}}[%[[SEQUENCE]], %{{.+}}, %{{.+}}] : tensor<?x8x4xi64>
// IR:         fp8attn.kv_write
!table = !torch.vtensor<[?,8,4],si64>
!columns = !torch.vtensor<[?,4,8],si64>
!index = !torch.vtensor<[2,2,1],si64>
!row = !torch.vtensor<[2,1],si64>
func.func @part_of_table(%kv: !rows, %table: !table, %index: !index, %new: !new) -> !rows {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %i8192 = "torch.constant.int"() <{value = 8192 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %s2 = "torch.prim.ListConstruct"(%neg1, %i8192) : (!int, !int) -> !list
  %s4 = "torch.prim.ListConstruct"(%neg1, %i32, %i2, %i64) : (!int, !int, !int, !int) -> !list
  %i4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !int
  %i8 = "torch.constant.int"() <{value = 8 : i64}> : () -> !int
  %s3 = "torch.prim.ListConstruct"(%neg1, %i4, %i8) : (!int, !int, !int) -> !list
  %s1 = "torch.prim.ListConstruct"(%neg1) : (!int) -> !list
  %columns = "torch.aten.view"(%table, %s3) : (!table, !list) -> !columns
  %pages = "torch.aten.gather"(%columns, %i2, %index, %false) : (!columns, !int, !index, !bool) -> !index
  %row = "torch.aten.select.int"(%pages, %i1, %i1) : (!index, !int, !int) -> !row
  %at = "torch.aten.view"(%row, %s1) : (!row, !list) -> !each
  %first = "torch.aten.mul.Scalar"(%at, %i2) : (!each, !int) -> !each
  %second = "torch.aten.add.Scalar"(%first, %i1, %i1) : (!each, !int, !int) -> !each
  %ki = "torch.prim.ListConstruct"(%first) : (!each) -> !indices
  %vi = "torch.prim.ListConstruct"(%second) : (!each) -> !indices
  %w0 = "torch.aten.view"(%kv, %s4) : (!rows, !list) -> !halves
  %w1 = "torch.aten.index_put"(%w0, %ki, %new, %false) : (!halves, !indices, !new, !bool) -> !halves
  %w2 = "torch.aten.index_put"(%w1, %vi, %new, %false) : (!halves, !indices, !new, !bool) -> !halves
  %written = "torch.aten.view"(%w2, %s2) : (!halves, !list) -> !rows
  return %written : !rows
}
