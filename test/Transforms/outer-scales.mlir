// RUN: fp8attn-opt %s --fp8attn-decompose-attention | FileCheck %s --check-prefix=TILES
// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales))' \
// RUN:   | FileCheck %s --check-prefix=FOLDED

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>
#sixteen = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 16)>

// Elements are multiplied with the scales of their blocks, and then with the number of the
// head, or of the tensor. The numbers leave the loop: that of keys as a factor of the scores,
// that of values as one of the result.
// TILES-LABEL: func.func @nvfp4
// TILES-SAME:    %[[KO:[a-z0-9]+]]: memref<2xf32>, %[[VO:[a-z0-9]+]]: memref<f32>
// TILES:         %[[HEAD:.+]] = fp8attn.tile.kv_head
// TILES:         %[[KEY_NUMBER:.+]] = memref.load %[[KO]][%[[HEAD]]] : memref<2xf32>
// TILES:         %[[VALUE_NUMBER:.+]] = memref.load %[[VO]][] : memref<f32>
// TILES:         %[[KEY:.+]] = fp8attn.tile.scale %{{.+}}, %{{.+}} : tensor<256x64xbf16>, tensor<256x4xf32>
// TILES:         fp8attn.tile.scale %[[KEY]], %[[KEY_NUMBER]] : tensor<256x64xbf16>, f32
// TILES:         %[[VALUE:.+]] = fp8attn.tile.scale %{{.+}}, %{{.+}} : tensor<256x64xbf16>, tensor<256x4xf32>
// TILES:         fp8attn.tile.scale %[[VALUE]], %[[VALUE_NUMBER]] : tensor<256x64xbf16>, f32

// FOLDED-LABEL: func.func @nvfp4
// FOLDED-SAME:    %[[KO:[a-z0-9]+]]: memref<2xf32>, %[[VO:[a-z0-9]+]]: memref<f32>
// FOLDED:         %[[KEY_NUMBER:.+]] = memref.load %[[KO]]
// FOLDED:         %[[VALUE_NUMBER:.+]] = memref.load %[[VO]]
// FOLDED:         arith.mulf %[[KEY_NUMBER]],
// FOLDED:         scf.for
// FOLDED:           %[[KEY:.+]] = fp8attn.tile.scale %{{.+}}, %{{.+}} : tensor<256x64xbf16>, tensor<256x4xf32>
// FOLDED:           fp8attn.tile.qk %{{.+}}, %[[KEY]] factor
// FOLDED:           %[[VALUE:.+]] = fp8attn.tile.scale %{{.+}}, %{{.+}} : tensor<256x64xbf16>, tensor<256x4xf32>
// FOLDED:           fp8attn.tile.pv %{{.+}}, %[[VALUE]],
// FOLDED:         fp8attn.tile.finish {{.*}} factor %[[VALUE_NUMBER]] into
func.func @nvfp4(%query: memref<?x4x64xbf16>, %cache: !kv, %scale: memref<?x2x32x4xf8E4M3FN>,
    %key_outer: memref<2xf32>, %value_outer: memref<f32>, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      key_scale(%scale : memref<?x2x32x4xf8E4M3FN>, #sixteen) value_scale(%scale : memref<?x2x32x4xf8E4M3FN>, #sixteen)
      key_outer_scale(%key_outer : memref<2xf32>) value_outer_scale(%value_outer : memref<f32>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x4x64xbf16>)
  return
}
