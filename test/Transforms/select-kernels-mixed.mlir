// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels))' --remarks-filter=fp8attn -o %t 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: FileCheck %s --input-file=%t

// On AMX a kernel takes codes, scales and bf16 channels of a mixed cache where they lie,
// for many rows, and multiplies beside its tiles. Few rows are multiplied before.

!cache = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 128)>

// REMARK: chose fp8attn_uk_qk_bf16_bf16_f32_48x256x32_amx_bf16 + fp8attn_uk_pv_bf16_bf16_f32_48x256x16_amx_bf16: {{.*}} for 16 rows
// REMARK: keys become bf16 one by one, before each step: keys have bf16 channels behind their codes
// REMARK: chose fp8attn_uk_prefill_mixed_bf16_e4m3_f32_1056x256x32_amx_bf16: {{.*}} for 48 rows {{.*}}reads 640 bytes
// REMARK-NOT: one by one, before each step: keys
// REMARK: not fp8attn_uk_prefill_bf16_bf16_f32_1056x256x32_amx_bf16: elements are multiplied one by one before each step

// Scales are numbers of f32: 4 a token, and of a page and a head 256.
// CHECK-LABEL: func.func @amx
// CHECK:         %[[KEYS:.+]] = fp8attn.tile.key_run
// CHECK:         fp8attn.ukernel.call @fp8attn_uk_qk_bf16_bf16_f32_48x256x32_amx_bf16
// CHECK:         fp8attn.ukernel.call @fp8attn_uk_pv_bf16_bf16_f32_48x256x16_amx_bf16
// CHECK:         %[[ROPE:.+]] = fp8attn.cache_part  key %{{.+}}[{{.+}}] : <key,
// CHECK:         %[[BYTES:.+]] = fp8attn.cache_page_bytes {{.+}} : <key,
// CHECK:         fp8attn.ukernel.call @fp8attn_uk_prefill_mixed_bf16_e4m3_f32_1056x256x32_amx_bf16(%[[KEYS]], {{.+}}, %[[ROPE]], %[[BYTES]], %arg2, {{.+}}, %c128{{.*}}, {{.+}}) : !fp8attn.key_run,
// CHECK-NOT:     ukernel.packed_run
// CHECK-LABEL: func.func @powers_of_two
func.func @amx(%query: memref<?x128x576xbf16>, %cache: !cache, %scale: memref<?x1x64x4xf32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x128x512xbf16>)
    attributes {fp8attn.isa = #fp8attn.isa<amx_bf16>} {
  fp8attn.paged_attention causal query(%query : memref<?x128x576xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<?x1x64x4xf32>, #block)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x128x512xbf16>)
  return
}

// What stands in its way: scales of another type, ...
// REMARK: chose fp8attn_uk_qk_bf16_bf16_f32_48x256x32_amx_bf16
// REMARK: not fp8attn_uk_prefill_mixed_bf16_e4m3_f32_1056x256x32_amx_bf16: scales of keys with bf16 channels are f8E8M0FNU, not f32
func.func @powers_of_two(%query: memref<?x128x576xbf16>, %cache: !cache, %scale: memref<?x1x64x4xf8E8M0FNU>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x128x512xbf16>)
    attributes {fp8attn.isa = #fp8attn.isa<amx_bf16>} {
  fp8attn.paged_attention causal query(%query : memref<?x128x576xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<?x1x64x4xf8E8M0FNU>, #block)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x128x512xbf16>)
  return
}

// ... blocks that are no tiles, ...
// REMARK: not fp8attn_uk_prefill_mixed_bf16_e4m3_f32_1056x256x32_amx_bf16: 16 of 512 channels share a scale, which is no multiple of 32 that divides them
#small = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 16)>
func.func @small_blocks(%query: memref<?x128x576xbf16>, %cache: !cache, %scale: memref<?x1x64x32xf32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x128x512xbf16>)
    attributes {fp8attn.isa = #fp8attn.isa<amx_bf16>} {
  fp8attn.paged_attention causal query(%query : memref<?x128x576xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<?x1x64x32xf32>, #small)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x128x512xbf16>)
  return
}

// ... pages without granules, ...
// REMARK: not fp8attn_uk_prefill_mixed_bf16_e4m3_f32_1056x256x32_amx_bf16: pages are no multiple of 32 tokens
!halves = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 16, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @small_pages(%query: memref<?x128x576xbf16>, %cache: !halves, %scale: memref<?x1x16x4xf32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x128x512xbf16>)
    attributes {fp8attn.isa = #fp8attn.isa<amx_bf16>} {
  fp8attn.paged_attention causal query(%query : memref<?x128x576xbf16>) cache(%cache : !halves)
      key_scale(%scale : memref<?x1x16x4xf32>, #block)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x128x512xbf16>)
  return
}

// ... a score region, and an ISA without tiles.
// REMARK: not fp8attn_uk_prefill_mixed_bf16_e4m3_f32_1056x256x32_amx_bf16: the score region stands between scores and softmax
func.func @softcap(%query: memref<?x128x576xbf16>, %cache: !cache, %scale: memref<?x1x64x4xf32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x128x512xbf16>)
    attributes {fp8attn.isa = #fp8attn.isa<amx_bf16>} {
  fp8attn.paged_attention causal query(%query : memref<?x128x576xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<?x1x64x4xf32>, #block)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x128x512xbf16>)
      {softcap = 30.0 : f32}
  return
}

// REMARK: not fp8attn_uk_prefill_mixed_bf16_e4m3_f32_1056x256x32_amx_bf16: needs amx_bf16, but bodies here are for avx512_bf16
func.func @vectors(%query: memref<?x128x576xbf16>, %cache: !cache, %scale: memref<?x1x64x4xf32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x128x512xbf16>)
    attributes {fp8attn.isa = #fp8attn.isa<avx512_bf16>} {
  fp8attn.paged_attention causal query(%query : memref<?x128x576xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<?x1x64x4xf32>, #block)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x128x512xbf16>)
  return
}
