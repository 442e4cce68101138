// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s -emit-bytecode | fp8attn-opt | FileCheck %s

// Zero points of keys and of values apart, each with a map of its own.

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>

// CHECK-LABEL: func.func @attend(
// CHECK: out(%{{.*}} : memref<?x4x64xbf16>) key_zero_point(%{{.*}} : memref<2xi8>, #[[HEAD:map[0-9]*]]) value_zero_point(%{{.*}} : memref<?x2x32xi8>, #[[TOKEN:map[0-9]*]])
func.func @attend(%query: memref<?x4x64xbf16>, %cache: !kv, %ks: memref<2xf32>, %vs: memref<?x2x32xf32>,
    %kz: memref<2xi8>, %vz: memref<?x2x32xi8>, %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x4x64xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      value_zero_point(%vz : memref<?x2x32xi8>, #token) key_zero_point(%kz : memref<2xi8>, #head)
      key_scale(%ks : memref<2xf32>, #head) value_scale(%vs : memref<?x2x32xf32>, #token)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x4x64xbf16>)
  return
}

// CHECK-LABEL: func.func @store_given(
// CHECK: value_scale(%{{.*}} : memref<2xf32>, #{{.*}}) value_zero_point(%{{.*}} : memref<?x2x32xi8>, #{{.*}}) cache(
func.func @store_given(%key: memref<?x2x64xbf16>, %slots: memref<?xi64>, %scale: memref<2xf32>, %zero: memref<?x2x32xi8>,
    %cache: !kv) {
  fp8attn.kv_write key(%key : memref<?x2x64xbf16>) value(%key : memref<?x2x64xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<2xf32>, #head) value_scale(%scale : memref<2xf32>, #head) cache(%cache : !kv)
      value_zero_point(%zero : memref<?x2x32xi8>, #token)
  return
}

// Scales and zero points that are computed are results, in the order of the operands.
// CHECK-LABEL: func.func @computed(
// CHECK: %[[R:.*]]:3 = fp8attn.kv_write dynamic
// CHECK: -> (tensor<?x2x32xf32>, tensor<?x2x32xf32>, tensor<?x2x32xi8>)
func.func @computed(%key: tensor<?x2x64xbf16>, %slots: tensor<?xi64>, %ks: tensor<?x2x32xf32>, %vs: tensor<?x2x32xf32>,
    %kz: tensor<?x2x32xi8>, %cache: !kv) -> tensor<?x2x32xi8> {
  %r:3 = fp8attn.kv_write dynamic key(%key : tensor<?x2x64xbf16>) value(%key : tensor<?x2x64xbf16>) slots(%slots : tensor<?xi64>)
      key_scale(%ks : tensor<?x2x32xf32>, #token) value_scale(%vs : tensor<?x2x32xf32>, #token)
      key_zero_point(%kz : tensor<?x2x32xi8>, #token) cache(%cache : !kv)
      -> (tensor<?x2x32xf32>, tensor<?x2x32xf32>, tensor<?x2x32xi8>)
  return %r#2 : tensor<?x2x32xi8>
}

// Each step subtracts them before it multiplies.
// CHECK-LABEL: func.func @tile(
// CHECK: fp8attn.tile.subtract %{{.*}}, %{{.*}} : tensor<256x64xbf16>, tensor<256x2xf32>
func.func @tile(%k: tensor<256x64xbf16>, %z: tensor<256x2xf32>) -> tensor<256x64xbf16> {
  %0 = fp8attn.tile.subtract %k, %z : tensor<256x64xbf16>, tensor<256x2xf32>
  return %0 : tensor<256x64xbf16>
}
