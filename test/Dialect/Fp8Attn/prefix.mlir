// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --canonicalize --cse | FileCheck %s
// RUN: fp8attn-opt %s --one-shot-bufferize=bufferize-function-boundaries | FileCheck %s --check-prefix=BUFFERS

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

// Behind all other operands and before the attributes, with what is meant of own
// keys.
// CHECK-LABEL: func.func @memrefs
// CHECK:         fp8attn.paged_attention causal {{.*}} sink({{.*}}) {{.*}} mask({{.*}}) softmax_scale({{.*}}) prefix(%[[G:.+]], %[[L:.+]], %[[T:.+]] : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) {softcap = 2.000000e+00 : f32}
func.func @memrefs(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %groups: memref<?xi32>, %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>,
    %sink: memref<8xf32>, %mask: memref<?x?xi1>, %scale: f32, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      causal query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) sink(%sink : memref<8xf32>)
      softmax_scale(%scale : f32) mask(%mask : memref<?x?xi1>) out(%out : memref<?x8x64xbf16>)
      {softcap = 2.0 : f32}
  return
}

// Of tensors, which are read and written where they are.
// CHECK-LABEL: func.func @tensors
// CHECK:         %[[OUT:.+]] = fp8attn.paged_attention window_right = 3 alignment = top_left {{.*}} prefix(%{{.+}}, %{{.+}}, %{{.+}} : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x8x64xbf16>
// CHECK:         return %[[OUT]]
// BUFFERS-LABEL: func.func @tensors
// BUFFERS-NOT:     memref.{{alloc|copy}}
// BUFFERS:         fp8attn.paged_attention {{.*}} out(%[[OUT:.+]] : {{.*}}) prefix(%{{.+}}, %{{.+}}, %{{.+}} : memref<{{.*}})
// BUFFERS-NEXT:    return %[[OUT]]
func.func @tensors(%query: tensor<?x8x64xbf16>, %cache: !cache, %starts: tensor<?xi32>, %lens: tensor<?xi32>,
    %table: tensor<?x?xi32>, %groups: tensor<?xi32>, %prefix_lens: tensor<?xi32>, %prefix_table: tensor<?x?xi32>,
    %out: tensor<?x8x64xbf16>) -> tensor<?x8x64xbf16> {
  %0 = fp8attn.paged_attention query(%query : tensor<?x8x64xbf16>) cache(%cache : !cache) window_right = 3
      alignment = top_left batch(%starts, %lens, %table : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>)
      prefix(%groups, %prefix_lens, %prefix_table : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>)
      out(%out : tensor<?x8x64xbf16>) -> tensor<?x8x64xbf16>
  return %0 : tensor<?x8x64xbf16>
}
