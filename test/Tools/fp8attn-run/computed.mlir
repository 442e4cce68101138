// RUN: split-file %s %t
// RUN: fp8attn-run %t/paged.mlir --check --context=70 --query-len=3 | FileCheck %s --check-prefix=PAGED
// RUN: fp8attn-run %t/dense.mlir --check --context=70 --query-len=3 | FileCheck %s --check-prefix=DENSE
// RUN: fp8attn-run %t/number.mlir --check --context=70 --query-len=3 | FileCheck %s --check-prefix=NUMBER
// RUN: fp8attn-run %t/constant.mlir --check --context=70 --query-len=3 | FileCheck %s --check-prefix=NUMBER
// RUN: fp8attn-run %t/cache.mlir --check --context=70 --query-len=3 | FileCheck %s --check-prefix=CACHE
// RUN: fp8attn-run %t/convert.mlir --check --query-len=3 | FileCheck %s --check-prefix=CONVERT

// A check that passes says what was checked: everything that changes a result,
// defaults included, and nothing that is not there.

//--- paged.mlir
// PAGED: computed paged_attention: not causal, window_left 40, window_right 2, alignment top_left, softmax_scale 0.5, softcap 30, alibi, score region, mask of f16, sink{{$}}
// PAGED: check of out passed
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
func.func @paged(%query: memref<?x4x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %sink: memref<4xf32>, %slopes: memref<4xf32>,
    %mask: memref<?x?xf16>) {
  fp8attn.paged_attention window_left = 40 window_right = 2 alignment = top_left
      query(%query : memref<?x4x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%sink : memref<4xf32>) out(%out : memref<?x4x64xbf16>)
      alibi(%slopes : memref<4xf32>) mask(%mask : memref<?x?xf16>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        fp8attn.yield %score : f32
      }
      {softmax_scale = 0.5 : f32, softcap = 30.0 : f32}
  return
}

//--- dense.mlir
// DENSE: computed attention: causal, alignment bottom_right, softmax_scale 0.125 (1 / sqrt(64)), key_scale of affine_map<(d0, d1, d2, d3) -> ()>{{$}}
// DENSE: check of out passed
func.func @dense(%query: memref<?x4x?x64xbf16>, %key: memref<?x2x?x64xf8E4M3FN>, %value: memref<?x2x?x64xbf16>,
    %scale: memref<f32>, %out: memref<?x4x?x64xbf16>) {
  fp8attn.attention causal query(%query : memref<?x4x?x64xbf16>) key(%key : memref<?x2x?x64xf8E4M3FN>)
      value(%value : memref<?x2x?x64xbf16>) key_scale(%scale : memref<f32>, affine_map<(b, h, t, c) -> ()>)
      out(%out : memref<?x4x?x64xbf16>)
  return
}

//--- cache.mlir
// CACHE: computed kv_write: keys of f32 to bf16, values of f32 to bf16{{$}}
// CACHE: computed repack: all pages from {{.*}}, <pairs>> to {{.*}}, <row_major>>{{$}}
// CACHE: check of {{.*}} passed
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
!rows = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<row_major>>
func.func @cache(%key: memref<?x2x64xf32>, %slots: memref<?xi64>, %cache: !cache, %rows: !rows) {
  fp8attn.kv_write key(%key : memref<?x2x64xf32>) value(%key : memref<?x2x64xf32>)
      slots(%slots : memref<?xi64>) cache(%cache : !cache)
  fp8attn.repack %cache into %rows : !cache, !rows
  return
}

//--- convert.mlir
// CONVERT: computed quantize: bf16 to f8E5M2, scale of affine_map<(d0, d1) -> ()>
// CONVERT: check of {{.*}} passed
func.func @convert(%x: memref<?x64xbf16>, %scale: memref<f32>, %y: memref<?x64xf8E5M2>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y : memref<?x64xbf16>, memref<f32>, memref<?x64xf8E5M2>
  return
}

//--- number.mlir
// NUMBER: computed attention: not causal, alignment bottom_right, softmax_scale of the call{{$}}
// NUMBER: check of out passed
func.func @number(%query: memref<?x4x?x64xbf16>, %key: memref<?x2x?x64xbf16>, %value: memref<?x2x?x64xbf16>,
    %out: memref<?x4x?x64xbf16>, %scale: f32) {
  fp8attn.attention query(%query : memref<?x4x?x64xbf16>) key(%key : memref<?x2x?x64xbf16>)
      value(%value : memref<?x2x?x64xbf16>) out(%out : memref<?x4x?x64xbf16>) softmax_scale(%scale : f32)
  return
}

//--- constant.mlir
func.func @constant(%query: memref<?x4x?x64xbf16>, %key: memref<?x2x?x64xbf16>, %value: memref<?x2x?x64xbf16>,
    %out: memref<?x4x?x64xbf16>) {
  %scale = arith.constant 0.0703125 : f32
  fp8attn.attention query(%query : memref<?x4x?x64xbf16>) key(%key : memref<?x2x?x64xbf16>)
      value(%value : memref<?x2x?x64xbf16>) out(%out : memref<?x4x?x64xbf16>) softmax_scale(%scale : f32)
  return
}
