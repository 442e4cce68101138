// RUN: fp8attn-opt --canonicalize --cse --canonicalize %s | FileCheck %s

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

// Tensors that nobody uses are not computed, neither is what only they use.
// CHECK-LABEL: func @unused(
// CHECK-NEXT: return
func.func @unused(%x: tensor<2x2x4x64xf32>, %y: tensor<2x2x4x64xf32>, %query: tensor<?x8x64xbf16>,
                  %cache: !cache, %query_start: tensor<?xi32>, %seq_lens: tensor<?xi32>,
                  %block_table: tensor<?x?xi32>) {
  %0 = fp8attn.attention query(%x : tensor<2x2x4x64xf32>) key(%x : tensor<2x2x4x64xf32>) value(%x : tensor<2x2x4x64xf32>)
      out(%y : tensor<2x2x4x64xf32>) -> tensor<2x2x4x64xf32>
  %1 = fp8attn.attention query(%0 : tensor<2x2x4x64xf32>) key(%x : tensor<2x2x4x64xf32>) value(%x : tensor<2x2x4x64xf32>)
      out(%y : tensor<2x2x4x64xf32>) -> tensor<2x2x4x64xf32>
  %2 = fp8attn.paged_attention query(%query : tensor<?x8x64xbf16>) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>)
      out(%query : tensor<?x8x64xbf16>) -> tensor<?x8x64xbf16>
  return
}

// Memory that was allocated here and that nothing reads is not written: views of
// it, sizes of it and other operations that write it change nothing.
// CHECK-LABEL: func @dead_buffer(
// CHECK-SAME: memref<?x64xf8E5M2>, %[[OTHER:[^:]+]]: index
// CHECK-NEXT: return %[[OTHER]]
func.func @dead_buffer(%x: memref<?x2x4x64xf32>, %n: index, %scale: memref<f32>, %codes: memref<?x64xf8E5M2>, %other: index) -> index {
  %out = memref.alloc(%n) : memref<?x2x4x64xf32>
  %lse = memref.alloc(%n) : memref<?x2x4xf32>
  fp8attn.attention query(%x : memref<?x2x4x64xf32>) key(%x : memref<?x2x4x64xf32>) value(%x : memref<?x2x4x64xf32>)
      out(%out : memref<?x2x4x64xf32>) lse(%lse : memref<?x2x4xf32>)
  memref.dealloc %out : memref<?x2x4x64xf32>
  memref.dealloc %lse : memref<?x2x4xf32>
  %rows = memref.alloc(%n, %n) : memref<?x?x64xf32>
  %row = memref.subview %rows[0, 0, 0] [1, %n, 64] [1, 1, 1] : memref<?x?x64xf32> to memref<?x64xf32, strided<[64, 1]>>
  fp8attn.dequantize %codes scale(%scale, affine_map<(t, c) -> ()>) into %row
      : memref<?x64xf8E5M2>, memref<f32>, memref<?x64xf32, strided<[64, 1]>>
  return %other : index
}

// What hosts see, what is read later, and what goes elsewhere stays.
// CHECK-LABEL: func @live(
// CHECK: fp8attn.attention {{.+}} out(%{{.+}} : memref<2x2x4x64xf32>)
// CHECK: fp8attn.attention {{.+}} out(%{{.+}} : memref<2x2x4x64xf32>)
// CHECK: memref.copy
// CHECK: fp8attn.attention {{.+}} out(%{{.+}} : memref<2x2x4x64xf32>)
// CHECK: call @use
func.func private @use(memref<2x2x4x64xf32>)
func.func @live(%x: memref<2x2x4x64xf32>, %y: memref<2x2x4x64xf32>, %z: memref<2x2x4x64xf32>) {
  fp8attn.attention query(%x : memref<2x2x4x64xf32>) key(%x : memref<2x2x4x64xf32>) value(%x : memref<2x2x4x64xf32>)
      out(%y : memref<2x2x4x64xf32>)
  %read = memref.alloc() : memref<2x2x4x64xf32>
  fp8attn.attention query(%x : memref<2x2x4x64xf32>) key(%x : memref<2x2x4x64xf32>) value(%x : memref<2x2x4x64xf32>)
      out(%read : memref<2x2x4x64xf32>)
  memref.copy %read, %z : memref<2x2x4x64xf32> to memref<2x2x4x64xf32>
  %passed = memref.alloc() : memref<2x2x4x64xf32>
  fp8attn.attention query(%x : memref<2x2x4x64xf32>) key(%x : memref<2x2x4x64xf32>) value(%x : memref<2x2x4x64xf32>)
      out(%passed : memref<2x2x4x64xf32>)
  call @use(%passed) : (memref<2x2x4x64xf32>) -> ()
  return
}

// Equal attention is computed once, but for one over a cache that was written in
// between. A write stays, although it has no result.
// CHECK-LABEL: func @twice(
// CHECK: %[[FIRST:.+]] = fp8attn.paged_attention
// CHECK-NOT: paged_attention
// CHECK: fp8attn.kv_write
// CHECK: %[[SECOND:.+]] = fp8attn.paged_attention
// CHECK: return %[[FIRST]], %[[FIRST]], %[[SECOND]]
func.func @twice(%query: tensor<?x8x64xbf16>, %key: tensor<?x2x64xbf16>, %slots: tensor<?xi64>, %cache: !cache,
                 %query_start: tensor<?xi32>, %seq_lens: tensor<?xi32>, %block_table: tensor<?x?xi32>,
                 %out: tensor<?x8x64xbf16>) -> (tensor<?x8x64xbf16>, tensor<?x8x64xbf16>, tensor<?x8x64xbf16>) {
  %first = fp8attn.paged_attention query(%query : tensor<?x8x64xbf16>) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>)
      out(%out : tensor<?x8x64xbf16>) -> tensor<?x8x64xbf16>
  %equal = fp8attn.paged_attention query(%query : tensor<?x8x64xbf16>) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>)
      out(%out : tensor<?x8x64xbf16>) -> tensor<?x8x64xbf16>
  fp8attn.kv_write key(%key : tensor<?x2x64xbf16>) value(%key : tensor<?x2x64xbf16>)
      slots(%slots : tensor<?xi64>) cache(%cache : !cache)
  %second = fp8attn.paged_attention query(%query : tensor<?x8x64xbf16>) cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>)
      out(%out : tensor<?x8x64xbf16>) -> tensor<?x8x64xbf16>
  return %first, %equal, %second : tensor<?x8x64xbf16>, tensor<?x8x64xbf16>, tensor<?x8x64xbf16>
}

// A region that loads reads that memory, which is written in between.
// CHECK-LABEL: func @region(
// CHECK: fp8attn.attention
// CHECK: memref.store
// CHECK: fp8attn.attention
func.func @region(%x: tensor<2x2x4x64xf32>, %bias: memref<2xf32>, %new: f32) -> (tensor<2x2x4x64xf32>, tensor<2x2x4x64xf32>) {
  %c0 = arith.constant 0 : index
  %0 = fp8attn.attention query(%x : tensor<2x2x4x64xf32>) key(%x : tensor<2x2x4x64xf32>) value(%x : tensor<2x2x4x64xf32>)
      out(%x : tensor<2x2x4x64xf32>)
      score {
      ^bb0(%score: f32, %entry: index, %head: index, %q: index, %k: index):
        %b = memref.load %bias[%head] : memref<2xf32>
        fp8attn.yield %b : f32
      } -> tensor<2x2x4x64xf32>
  memref.store %new, %bias[%c0] : memref<2xf32>
  %1 = fp8attn.attention query(%x : tensor<2x2x4x64xf32>) key(%x : tensor<2x2x4x64xf32>) value(%x : tensor<2x2x4x64xf32>)
      out(%x : tensor<2x2x4x64xf32>)
      score {
      ^bb0(%score: f32, %entry: index, %head: index, %q: index, %k: index):
        %b = memref.load %bias[%head] : memref<2xf32>
        fp8attn.yield %b : f32
      } -> tensor<2x2x4x64xf32>
  return %0, %1 : tensor<2x2x4x64xf32>, tensor<2x2x4x64xf32>
}

// Sizes that are known before a cast are known to the operation, with a region or
// without, and to its results.
// CHECK-LABEL: func @casts(
// CHECK-SAME: %[[X:[^:]+]]: tensor<2x2x4x64xf32>, %[[OUT:[^:]+]]: tensor<2x2x4x64xf32>
// CHECK-NEXT: %[[FIRST:.+]] = fp8attn.attention query(%[[X]] : {{.+}}) out(%[[OUT]] : tensor<2x2x4x64xf32>) -> tensor<2x2x4x64xf32>
// CHECK-NEXT: %[[SECOND:.+]] = fp8attn.attention query(%[[FIRST]] : {{.+}}) out(%[[OUT]] : tensor<2x2x4x64xf32>) score {
// CHECK: -> tensor<2x2x4x64xf32>
// CHECK: %[[RESULT:.+]] = tensor.cast %[[SECOND]] : tensor<2x2x4x64xf32> to tensor<?x2x?x64xf32>
// CHECK-NEXT: return %[[RESULT]]
func.func @casts(%x: tensor<2x2x4x64xf32>, %out: tensor<2x2x4x64xf32>) -> tensor<?x2x?x64xf32> {
  %a = tensor.cast %x : tensor<2x2x4x64xf32> to tensor<?x2x?x64xf32>
  %b = tensor.cast %out : tensor<2x2x4x64xf32> to tensor<?x2x?x64xf32>
  %0 = fp8attn.attention query(%a : tensor<?x2x?x64xf32>) key(%a : tensor<?x2x?x64xf32>) value(%a : tensor<?x2x?x64xf32>)
      out(%b : tensor<?x2x?x64xf32>) -> tensor<?x2x?x64xf32>
  %1 = fp8attn.attention query(%0 : tensor<?x2x?x64xf32>) key(%a : tensor<?x2x?x64xf32>) value(%a : tensor<?x2x?x64xf32>)
      out(%b : tensor<?x2x?x64xf32>)
      score {
      ^bb0(%score: f32, %entry: index, %head: index, %q: index, %k: index):
        %new = arith.addf %score, %score : f32
        fp8attn.yield %new : f32
      } -> tensor<?x2x?x64xf32>
  return %1 : tensor<?x2x?x64xf32>
}

// The sizes of a result are those of what it is written into.
// CHECK-LABEL: func @size(
// CHECK-SAME: %[[OUT:[^:]+]]: tensor<?x64xf8E5M2>
// CHECK: %[[SIZE:.+]] = tensor.dim %[[OUT]], %{{.+}} : tensor<?x64xf8E5M2>
// CHECK-NEXT: return %[[SIZE]]
func.func @size(%out: tensor<?x64xf8E5M2>, %x: tensor<?x64xf32>, %scale: tensor<f32>) -> index {
  %c0 = arith.constant 0 : index
  %codes = fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %out
      : tensor<?x64xf32>, tensor<f32>, tensor<?x64xf8E5M2> -> tensor<?x64xf8E5M2>
  %size = tensor.dim %codes, %c0 : tensor<?x64xf8E5M2>
  return %size : index
}
