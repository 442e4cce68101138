// RUN: fp8attn-opt %s --fp8attn-name-arguments | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-name-arguments --fp8attn-name-arguments | FileCheck %s

// Arguments get the name of their role; a given name stays.
// CHECK-LABEL: func.func @quantize
// CHECK-SAME:    {fp8attn.name = "activations"}
// CHECK-SAME:    {fp8attn.name = "scale"}
// CHECK-SAME:    {fp8attn.name = "destination"}
func.func @quantize(%x: memref<?x128xbf16> {fp8attn.name = "activations"}, %s: memref<f32>, %y: memref<?x128xf8E5M2>) {
  fp8attn.quantize %x scale(%s, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E5M2>
  return
}

// An optional operand has a role, too.
// CHECK-LABEL: func.func @attend
// CHECK-SAME:    {fp8attn.name = "block_table"}, %{{.+}}: memref<8xf32> {fp8attn.name = "sink"}
func.func @attend(%query: memref<?x8x64xbf16>,
    %cache: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %logits: memref<8xf32>) {
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>)
      cache(%cache : !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%logits : memref<8xf32>) out(%query : memref<?x8x64xbf16>)
  return
}

// Dense attention has the names of its tensors.
// CHECK-LABEL: func.func @dense
// CHECK-SAME:    {fp8attn.name = "query"}, %{{.+}} {fp8attn.name = "key"}, %{{.+}} {fp8attn.name = "value"}, %{{.+}} {fp8attn.name = "mask"}, %{{.+}} {fp8attn.name = "lse"}, %{{.+}} {fp8attn.name = "out"}
func.func @dense(%0: memref<1x1x1x8xf32>, %1: memref<1x1x1x8xf32>, %2: memref<1x1x1x8xf32>,
                 %3: memref<1x1x1x1xi8>, %4: memref<1x1x1xf32>, %5: memref<1x1x1x8xf32>) {
  fp8attn.attention query(%0 : memref<1x1x1x8xf32>) key(%1 : memref<1x1x1x8xf32>)
      value(%2 : memref<1x1x1x8xf32>) out(%5 : memref<1x1x1x8xf32>) lse(%4 : memref<1x1x1xf32>)
      mask(%3 : memref<1x1x1x1xi8>)
  return
}

// A private function has no entry point.
// CHECK-LABEL: func.func private @helper
// CHECK-NOT:     fp8attn.name
func.func private @helper(%x: index) {
  return
}
