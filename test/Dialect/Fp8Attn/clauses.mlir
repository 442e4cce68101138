// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

// Clauses may be written in any order, with the attributes between them.

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16>
// CHECK-LABEL: func.func @paged
// CHECK-SAME: %[[QUERY:[a-z0-9]+]]: memref<?x8x64xbf16>,
// CHECK: fp8attn.paged_attention causal window_left = 5 query(%[[QUERY]] : memref<?x8x64xbf16>) cache(%{{.+}} : !fp8attn.cache<{{.+}}>) batch(%{{.+}}, %{{.+}}, %{{.+}} : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%[[QUERY]] : memref<?x8x64xbf16>) mask(%{{.+}} : memref<?x?xf32>) score {
// CHECK: } {llvm.comment = "any order", softcap = 5.000000e+01 : f32}
func.func @paged(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>,
                 %lens: memref<?xi32>, %table: memref<?x?xi32>, %mask: memref<?x?xf32>) {
  fp8attn.paged_attention out(%query : memref<?x8x64xbf16>) mask(%mask : memref<?x?xf32>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        fp8attn.yield %score : f32
      }
      window_left = 5 {softcap = 50.0 : f32} cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      query(%query : memref<?x8x64xbf16>) {llvm.comment = "any order"} causal
  return
}

// CHECK-LABEL: func.func @dense
// CHECK: fp8attn.attention alignment = top_left query({{.+}}) key({{.+}}) value({{.+}}) key_scale({{.+}}) out({{.+}}) alibi({{.+}}){{$}}
func.func @dense(%x: memref<1x8x4x64xbf16>, %k: memref<1x8x4x64xf8E5M2>, %y: memref<1x8x4x64xbf16>,
                 %scale: memref<f32>, %slopes: memref<8xf32>) {
  fp8attn.attention out(%y : memref<1x8x4x64xbf16>) value(%x : memref<1x8x4x64xbf16>)
      alibi(%slopes : memref<8xf32>) key(%k : memref<1x8x4x64xf8E5M2>)
      key_scale(%scale : memref<f32>, affine_map<(b, h, t, c) -> ()>)
      query(%x : memref<1x8x4x64xbf16>) alignment = top_left
  return
}

// CHECK-LABEL: func.func @write
// CHECK: fp8attn.kv_write key({{.+}}) value({{.+}}) slots({{.+}}) cache({{.+}}){{$}}
func.func @write(%key: memref<?x8x64xbf16>, %slots: memref<?xi64>, %cache: !cache) {
  fp8attn.kv_write cache(%cache : !cache) slots(%slots : memref<?xi64>)
      value(%key : memref<?x8x64xbf16>) key(%key : memref<?x8x64xbf16>)
  return
}

// CHECK-LABEL: func.func @merge
// CHECK-SAME: %[[A:[a-z0-9]+]]: memref<?x8x64xbf16>, %[[B:[a-z0-9]+]]: memref<?x8x64xbf16>, %[[LSE:[a-z0-9]+]]
// CHECK: fp8attn.merge first(%[[A]], %[[LSE]] : memref<?x8x64xbf16>, memref<?x8xf32>) second(%[[B]], %[[LSE]] : memref<?x8x64xbf16>, memref<?x8xf32>) into(%[[A]], %[[LSE]] : memref<?x8x64xbf16>, memref<?x8xf32>){{$}}
func.func @merge(%a: memref<?x8x64xbf16>, %b: memref<?x8x64xbf16>, %lse: memref<?x8xf32>) {
  fp8attn.merge into(%a, %lse : memref<?x8x64xbf16>, memref<?x8xf32>)
      second(%b, %lse : memref<?x8x64xbf16>, memref<?x8xf32>)
      first(%a, %lse : memref<?x8x64xbf16>, memref<?x8xf32>)
  return
}
