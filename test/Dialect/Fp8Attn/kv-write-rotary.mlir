// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!bf16 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
#tensor = affine_map<(page, head, token, channel) -> ()>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>

// All clauses, in any order; the query in place.
// CHECK-LABEL: func @all
// CHECK: fp8attn.kv_write dynamic interleaved key(%{{.+}} : memref<?x2x64xbf16>) value(
// CHECK-SAME: query(%[[QUERY:.+]] : memref<?x6x64xbf16>) slots(
// CHECK-SAME: key_norm(%{{.+}} : memref<64xbf16>) query_norm(%{{.+}} : memref<64xf32>)
// CHECK-SAME: rotary(%{{.+}}, %{{.+}}, %{{.+}} : memref<?xi32>, memref<?x16xf16>, memref<?x16xf16>)
// CHECK-SAME: query_out(%[[QUERY]] : memref<?x6x64xbf16>) key_scale({{.+}}) value_scale({{.+}}) cache({{.+}}) {norm_eps = 9.99999997E-7 : f32}
func.func @all(%key: memref<?x2x64xbf16>, %query: memref<?x6x64xbf16>, %slots: memref<?xi64>, %key_norm: memref<64xbf16>,
    %query_norm: memref<64xf32>, %positions: memref<?xi32>, %cos: memref<?x16xf16>, %sin: memref<?x16xf16>,
    %key_scale: memref<?x2x32xf32>, %value_scale: memref<?x2x32xf32>, %cache: !kv) {
  fp8attn.kv_write {norm_eps = 1.0e-06 : f32} query_out(%query : memref<?x6x64xbf16>) interleaved
      rotary(%positions, %cos, %sin : memref<?xi32>, memref<?x16xf16>, memref<?x16xf16>)
      query_norm(%query_norm : memref<64xf32>) key_norm(%key_norm : memref<64xbf16>)
      key(%key : memref<?x2x64xbf16>) value(%key : memref<?x2x64xbf16>) query(%query : memref<?x6x64xbf16>)
      slots(%slots : memref<?xi64>) key_scale(%key_scale : memref<?x2x32xf32>, #token)
      value_scale(%value_scale : memref<?x2x32xf32>, #token) cache(%cache : !kv) dynamic
  return
}

// Rotation of the keys alone.
// CHECK-LABEL: func @rotary
// CHECK: fp8attn.kv_write key({{.+}}) value({{.+}}) slots({{.+}}) rotary({{.+}}) key_scale(
func.func @rotary(%key: memref<?x2x64xf32>, %slots: memref<?xi64>, %positions: memref<?xi32>, %cos: memref<128x32xf32>,
    %sin: memref<128x32xf32>, %scale: memref<f32>, %cache: !kv) {
  fp8attn.kv_write key(%key : memref<?x2x64xf32>) value(%key : memref<?x2x64xf32>) slots(%slots : memref<?xi64>)
      rotary(%positions, %cos, %sin : memref<?xi32>, memref<128x32xf32>, memref<128x32xf32>)
      key_scale(%scale : memref<f32>, #tensor) value_scale(%scale : memref<f32>, #tensor) cache(%cache : !kv)
  return
}

// A norm of the query alone; the result is of another type.
// CHECK-LABEL: func @query_norm
// CHECK: %{{.+}} = fp8attn.kv_write key({{.+}}) value({{.+}}) query({{.+}}) slots({{.+}}) query_norm({{.+}}) query_out({{.+}}) cache({{.+}}) {norm_eps = {{.+}} : f32} -> tensor<?x2x64xbf16>
func.func @query_norm(%key: tensor<?x2x64xf32>, %slots: tensor<?xi64>, %norm: tensor<64xf32>, %out: tensor<?x2x64xbf16>,
    %cache: !bf16) -> tensor<?x2x64xbf16> {
  %result = fp8attn.kv_write key(%key : tensor<?x2x64xf32>) value(%key : tensor<?x2x64xf32>)
      query(%key : tensor<?x2x64xf32>) slots(%slots : tensor<?xi64>) query_norm(%norm : tensor<64xf32>)
      query_out(%out : tensor<?x2x64xbf16>) cache(%cache : !bf16) {norm_eps = 1.0e-05 : f32} -> tensor<?x2x64xbf16>
  return %result : tensor<?x2x64xbf16>
}

// With tensors, the query and the scales are results.
// CHECK-LABEL: func @results
// CHECK: fp8attn.kv_write dynamic {{.+}} -> (tensor<?x2x64xbf16>, tensor<?x2x32xf32>, tensor<?x2x32xf32>)
func.func @results(%key: tensor<?x2x64xbf16>, %slots: tensor<?xi64>, %positions: tensor<?xi32>, %table: tensor<?x32xf32>,
    %out: tensor<?x2x64xbf16>, %scale: tensor<?x2x32xf32>, %cache: !kv)
    -> (tensor<?x2x64xbf16>, tensor<?x2x32xf32>, tensor<?x2x32xf32>) {
  %results:3 = fp8attn.kv_write dynamic key(%key : tensor<?x2x64xbf16>) value(%key : tensor<?x2x64xbf16>)
      query(%key : tensor<?x2x64xbf16>) slots(%slots : tensor<?xi64>)
      rotary(%positions, %table, %table : tensor<?xi32>, tensor<?x32xf32>, tensor<?x32xf32>)
      query_out(%out : tensor<?x2x64xbf16>) key_scale(%scale : tensor<?x2x32xf32>, #token)
      value_scale(%scale : tensor<?x2x32xf32>, #token) cache(%cache : !kv)
      -> (tensor<?x2x64xbf16>, tensor<?x2x32xf32>, tensor<?x2x32xf32>)
  return %results#0, %results#1, %results#2 : tensor<?x2x64xbf16>, tensor<?x2x32xf32>, tensor<?x2x32xf32>
}
