// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --canonicalize --cse | FileCheck %s
// RUN: fp8attn-opt %s --one-shot-bufferize=bufferize-function-boundaries | FileCheck %s --check-prefix=BUFFERS

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

// Behind all other operands and before the attributes.
// CHECK-LABEL: func.func @pages
// CHECK:         fp8attn.paged_attention causal {{.*}} sink({{.*}}) {{.*}} softmax_scale({{.*}}) selected_pages(%{{.+}} : memref<?x16xi32>) {softcap = 2.000000e+00 : f32}
func.func @pages(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %list: memref<?x16xi32>, %sink: memref<8xf32>, %scale: f32,
    %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention selected_pages(%list : memref<?x16xi32>)
      causal query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) sink(%sink : memref<8xf32>)
      softmax_scale(%scale : f32) out(%out : memref<?x8x64xbf16>) {softcap = 2.0 : f32}
  return
}

// Of tensors, which are read and written where they are.
// CHECK-LABEL: func.func @tensors
// CHECK:         %[[OUT:.+]] = fp8attn.paged_attention window_right = 3 alignment = top_left {{.*}} selected_tokens(%{{.+}} : tensor<?x?xi32>) -> tensor<?x8x64xbf16>
// CHECK:         return %[[OUT]]
// BUFFERS-LABEL: func.func @tensors
// BUFFERS-NOT:     memref.{{alloc|copy}}
// BUFFERS:         fp8attn.paged_attention {{.*}} out(%[[OUT:.+]] : {{.*}}) selected_tokens(%{{.+}} : memref<{{.*}})
// BUFFERS-NEXT:    return %[[OUT]]
func.func @tensors(%query: tensor<?x8x64xbf16>, %cache: !cache, %starts: tensor<?xi32>, %lens: tensor<?xi32>,
    %table: tensor<?x?xi32>, %list: tensor<?x?xi32>, %out: tensor<?x8x64xbf16>) -> tensor<?x8x64xbf16> {
  %0 = fp8attn.paged_attention query(%query : tensor<?x8x64xbf16>) cache(%cache : !cache) window_right = 3
      alignment = top_left batch(%starts, %lens, %table : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>)
      selected_tokens(%list : tensor<?x?xi32>) out(%out : tensor<?x8x64xbf16>) -> tensor<?x8x64xbf16>
  return %0 : tensor<?x8x64xbf16>
}

// A list for each KV head.
// CHECK-LABEL: func.func @heads
// CHECK:         fp8attn.paged_attention {{.*}} selected_tokens(%{{.+}} : memref<?x8x?xi32>)
// CHECK:         fp8attn.cache_heads %{{.+}} from %{{.+}} : <key_value, heads = 8, {{.+}}> -> <key_value, heads = 1, {{.+}}>
!head = !fp8attn.cache<key_value, heads = 1, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @heads(%query: memref<?x16x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %list: memref<?x8x?xi32>, %out: memref<?x16x64xbf16>, %first: index) -> !head {
  fp8attn.paged_attention query(%query : memref<?x16x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      selected_tokens(%list : memref<?x8x?xi32>) out(%out : memref<?x16x64xbf16>)
  %0 = fp8attn.cache_heads %cache from %first : !cache -> !head
  return %0 : !head
}
