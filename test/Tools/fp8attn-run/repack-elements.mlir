// RUN: split-file %s %t
// RUN: fp8attn-run %t/quantise.mlir --check --context=300,40,77 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/widen.mlir --check --context=300,40,77 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/fnuz.mlir --check --context=300,40 | FileCheck %s

// CHECK: check of to passed
// CHECK: check of to2 passed
// CHECK: check of to3 passed

//--- quantise.mlir
// Any words, NaN and infinity among them. Scales are of the FP8 cache, of all kinds.
#head = affine_map<(page, head, token, channel) -> (head)>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
#slot = affine_map<(page, head, token, channel) -> (page * 32 + token)>
#block = affine_map<(page, head, token, channel) -> (page, token, channel floordiv 32)>
#channel = affine_map<(page, head, token, channel) -> (head, channel)>
!bf16_nhd = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 16, bf16, #fp8attn.layout<nhd>>
!bf16_pairs = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 32, bf16, #fp8attn.layout<pairs>>
!e4m3 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!e5m2_rows = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 32, f8E5M2, #fp8attn.layout<row_major>>
!bf16_keys = !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<vllm_vector>>
!e4m3_keys = !fp8attn.cache<key, heads = 2, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<quads>>
func.func @quantise(%from: !bf16_nhd, %to: !e4m3, %pages: memref<?x3xi32>, %k: memref<3xf32>, %v: memref<?x3x32xf32>,
    %from2: !bf16_pairs, %to2: !e5m2_rows, %k2: memref<?xf32>, %v2: memref<?x32x3xf8E8M0FNU>,
    %from3: !bf16_keys, %to3: !e4m3_keys, %k3: memref<2x64xf32>) {
  fp8attn.repack %from into %to pages(%pages : memref<?x3xi32>)
      key_scale(%k : memref<3xf32>, #head) value_scale(%v : memref<?x3x32xf32>, #token) : !bf16_nhd, !e4m3
  fp8attn.repack %from2 into %to2
      key_scale(%k2 : memref<?xf32>, #slot) value_scale(%v2 : memref<?x32x3xf8E8M0FNU>, #block)
      : !bf16_pairs, !e5m2_rows
  fp8attn.repack %from3 into %to3 key_scale(%k3 : memref<2x64xf32>, #channel) : !bf16_keys, !e4m3_keys
  return
}

//--- widen.mlir
// All codes.
#one = affine_map<(page, head, token, channel) -> ()>
#head = affine_map<(page, head, token, channel) -> (head)>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
#slot = affine_map<(page, head, token, channel) -> (page * 32 + token)>
#channel = affine_map<(page, head, token, channel) -> (head, channel)>
!bf16_nhd = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 16, bf16, #fp8attn.layout<nhd>>
!bf16_pairs = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 32, bf16, #fp8attn.layout<pairs>>
!e4m3 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!e5m2_rows = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 32, f8E5M2, #fp8attn.layout<row_major>>
!bf16_keys = !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<vllm_vector>>
!e4m3_keys = !fp8attn.cache<key, heads = 2, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<quads>>
func.func @widen(%from: !e4m3, %to: !bf16_nhd, %k: memref<3xf32>, %v: memref<?x3x32xf32>,
    %from2: !e5m2_rows, %to2: !bf16_pairs, %k2: memref<?xf32>, %v2: memref<f32>,
    %from3: !e4m3_keys, %to3: !bf16_keys, %pages: memref<?x3xi32>, %k3: memref<2x64xf32>) {
  fp8attn.repack %from into %to
      key_scale(%k : memref<3xf32>, #head) value_scale(%v : memref<?x3x32xf32>, #token) : !e4m3, !bf16_nhd
  fp8attn.repack %from2 into %to2
      key_scale(%k2 : memref<?xf32>, #slot) value_scale(%v2 : memref<f32>, #one) : !e5m2_rows, !bf16_pairs
  fp8attn.repack %from3 into %to3 pages(%pages : memref<?x3xi32>) key_scale(%k3 : memref<2x64xf32>, #channel)
      : !e4m3_keys, !bf16_keys
  return
}

//--- fnuz.mlir
// There, and what comes back; and to bf16.
#one = affine_map<(page, head, token, channel) -> ()>
#head = affine_map<(page, head, token, channel) -> (head)>
!e4m3 = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!fnuz = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 16, f8E4M3FNUZ, #fp8attn.layout<nhd>>
!bf16_hnd = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 32, bf16, #fp8attn.layout<hnd>>
func.func @fnuz(%from: !fnuz, %to: !e4m3, %to2: !fnuz, %to3: !bf16_hnd, %k: memref<3xf32>, %v: memref<f32>) {
  fp8attn.repack %from into %to : !fnuz, !e4m3
  fp8attn.repack %to into %to2 : !e4m3, !fnuz
  fp8attn.repack %from into %to3 key_scale(%k : memref<3xf32>, #head) value_scale(%v : memref<f32>, #one)
      : !fnuz, !bf16_hnd
  return
}
