// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-assign-layouts | FileCheck %s --check-prefix=PAIRS

// Keys of which the last channels are bf16, as such caches of DeepSeek have them: scales
// are of the channels before these.

!mixed = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN>
!pairs = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
!codes = !fp8attn.cache<latent, heads = 1, head_dim = 512, value_head_dim = 512, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
!rope = !fp8attn.cache<key, heads = 1, head_dim = 64, page = 64, bf16, #fp8attn.layout<pairs>>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 128)>

// CHECK-LABEL: func @write(
// CHECK: fp8attn.kv_write dynamic key(
// CHECK-SAME: cache(%{{.+}} : !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN>)
// PAIRS: cache(%{{.+}} : !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, <pairs>>)
func.func @write(%key: memref<?x1x576xbf16>, %slots: memref<?xi64>,
    %scale: memref<?x1x64x4xf32>, %cache: !mixed) {
  fp8attn.kv_write dynamic key(%key : memref<?x1x576xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<?x1x64x4xf32>, #block) cache(%cache : !mixed)
  return
}

// CHECK-LABEL: func @attend(
// CHECK: fp8attn.paged_attention causal
// CHECK-SAME: rope_head_dim = 64
func.func @attend(%query: memref<?x128x576xbf16>, %cache: !mixed,
    %scale: memref<?x1x64x4xf32>, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x128x512xbf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x128x576xbf16>)
      cache(%cache : !mixed) key_scale(%scale : memref<?x1x64x4xf32>, #block)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x128x512xbf16>)
  return
}

// A size of 0 is none.
// CHECK-LABEL: func private @flat(
// CHECK-SAME: value_head_dim = 512, page = 64
func.func private @flat(!fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 0, page = 64, f8E4M3FN>)

// CHECK-LABEL: func @parts(
// CHECK: %[[ROPE:.+]] = fp8attn.cache_channels %{{.+}} : <latent, {{.+}}> -> <key, heads = 1, head_dim = 64, page = 64, bf16, <pairs>>
// CHECK: fp8attn.tile.append_rope %{{.+}}, %{{.+}}[%{{.+}}], %[[ROPE]] : tensor<256x512xbf16>,
func.func @parts(%cache: !pairs, %tile: tensor<256x512xbf16>, %run: !fp8attn.key_run,
    %first: index) -> (!codes, tensor<256x576xbf16>) {
  %codes = fp8attn.cache_channels %cache : !pairs -> !codes
  %rope = fp8attn.cache_channels %cache : !pairs -> !rope
  %key = fp8attn.tile.append_rope %tile, %run[%first], %rope
      : tensor<256x512xbf16>, !rope -> tensor<256x576xbf16>
  return %codes, %key : !codes, tensor<256x576xbf16>
}
