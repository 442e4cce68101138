// RUN: fp8attn-opt %s --fp8attn-describe-entry-points | sed 's/\\22/"/g' | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-describe-entry-points --fp8attn-describe-entry-points | sed 's/\\22/"/g' | FileCheck %s

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!any = memref<?x4x64xbf16, strided<[?, ?, ?], offset: ?>>
#head = affine_map<(page, head, token, channel) -> (head)>

// Each argument with its role; kernels demand a stride of 1 where it is not
// known, but not of scales. Absent options are what they mean.
// CHECK-LABEL: func.func @attend
// CHECK:       {"name":"q","role":"query","kind":"tensor","written":false,"element_type":"bf16","shape":[null,4,64],"strides":[null,null,1],"alignment":2}
// CHECK-SAME:  {"name":"kv","role":"cache","kind":"cache","written":false,"element_type":"f8E4M3FN","content":"key_value","heads":2,"head_dim":64,"page_tokens":32,"layout":"pairs","page_bytes":8192,"head_bytes":4096,"value_offset":2048,"alignment":64}
// CHECK-SAME:  {"name":"s","role":"key_scale","kind":"tensor","written":false,"element_type":"f32","shape":[2],"strides":[null],"alignment":4}
// CHECK-SAME:  {"name":"o","role":"out",{{[^}]*}}"written":true
// CHECK-SAME:  operations = "[{"operation":"paged_attention","operands":{"query":"q","cache":"kv","key_scale":"s","value_scale":"s","query_start":"start","seq_lens":"lens","block_table":"table","out":"o"},
// CHECK-SAME:  "causal":true,"window_left":4095,"window_right":0,"alignment":"bottom_right","softmax_scale":0.125,"softcap":30.5,"score_region":false,"key_scale_map":"(d0, d1, d2, d3) -> (d1)","value_scale_map":"(d0, d1, d2, d3) -> (d1)","query_scale_map":null,"out_scale_map":null}]"
func.func @attend(%q: !any {fp8attn.name = "q"}, %kv: !cache {fp8attn.name = "kv"},
                  %s: memref<2xf32, strided<[?]>> {fp8attn.name = "s"},
                  %start: memref<?xi32> {fp8attn.name = "start"}, %lens: memref<?xi32> {fp8attn.name = "lens"},
                  %table: memref<?x?xi32> {fp8attn.name = "table"}, %o: !any {fp8attn.name = "o"}) {
  fp8attn.paged_attention causal window_left = 4095 query(%q : !any) cache(%kv : !cache)
      key_scale(%s : memref<2xf32, strided<[?]>>, #head) value_scale(%s : memref<2xf32, strided<[?]>>, #head)
      batch(%start, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o : !any) {softcap = 30.5 : f32}
  return
}

// Products of f32 are named, those of bf16 are not.
// CHECK-LABEL: func.func @exact
// CHECK:       "alignment":"top_left","precision":"f32","softmax_scale":0.125,
func.func @exact(%q: memref<?x4x?x64xf32> {fp8attn.name = "q"}, %kv: memref<?x4x?x64xbf16> {fp8attn.name = "kv"},
                 %o: memref<?x4x?x64xf32> {fp8attn.name = "o"}) {
  fp8attn.attention alignment = top_left precision = f32 query(%q : memref<?x4x?x64xf32>)
      key(%kv : memref<?x4x?x64xbf16>) value(%kv : memref<?x4x?x64xbf16>) out(%o : memref<?x4x?x64xf32>)
  return
}

// Memory that is written through a view, by a store, and by a function that is
// called. The operation of that one is listed, and its operands are its own.
// CHECK-LABEL: func.func @writes
// CHECK:       "name":"x","role":"source","kind":"tensor","written":false
// CHECK-SAME:  "name":"y","role":"destination","kind":"tensor","written":true
// CHECK-SAME:  "name":"z","role":null,"kind":"tensor","written":true
// CHECK-SAME:  "name":"w","role":null,"kind":"tensor","written":true
// CHECK-SAME:  "name":"n","role":null,"kind":"scalar","element_type":"i64"}
// CHECK-SAME:  operations = "[{"operation":"quantize","operands":{"source":"x","scale":null,"destination":"y"},"scale_map":"(d0, d1) -> ()"}
// CHECK-SAME:  {"operation":"dequantize","operands":{"source":null,"scale":null,"destination":null}
func.func @writes(%x: memref<8x64xf32> {fp8attn.name = "x"}, %y: memref<16x64xf8E5M2> {fp8attn.name = "y"},
                  %z: memref<1xf32> {fp8attn.name = "z"}, %w: memref<16x64xf32> {fp8attn.name = "w"},
                  %n: index {fp8attn.name = "n"}) {
  %one = arith.constant 1.0 : f32
  %scale = memref.alloc() : memref<f32>
  memref.store %one, %scale[] : memref<f32>
  %half = memref.subview %y[0, 0] [8, 64] [1, 1] : memref<16x64xf8E5M2> to memref<8x64xf8E5M2, strided<[64, 1]>>
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %half
      : memref<8x64xf32>, memref<f32>, memref<8x64xf8E5M2, strided<[64, 1]>>
  %zero = arith.constant 0 : index
  memref.store %one, %z[%zero] : memref<1xf32>
  call @back(%y, %scale, %w) : (memref<16x64xf8E5M2>, memref<f32>, memref<16x64xf32>) -> ()
  return
}
// CHECK-LABEL: func.func private @back
// CHECK-NOT:   fp8attn.description
func.func private @back(%y: memref<16x64xf8E5M2>, %scale: memref<f32>, %x: memref<16x64xf32>) {
  fp8attn.dequantize %y scale(%scale, affine_map<(t, c) -> ()>) into %x
      : memref<16x64xf8E5M2>, memref<f32>, memref<16x64xf32>
  return
}

// What nobody knows may be written.
// CHECK-LABEL: func.func @unknown
// CHECK:       "name":"x","role":null,"kind":"tensor","written":true
func.func @unknown(%x: memref<4xf32> {fp8attn.name = "x"}) {
  call @others() : () -> ()
  return
}
func.func private @others()

// A function that calls itself, which is refused later, as well.
// CHECK-LABEL: func.func @recursive
// CHECK:       "name":"x","role":null,"kind":"tensor","written":true
func.func @recursive(%x: memref<4xf32> {fp8attn.name = "x"}) {
  call @recursive(%x) : (memref<4xf32>) -> ()
  return
}

// Texts of others, which are refused later, are still JSON. MLIR
// writes each of its backslashes as two.
// CHECK-LABEL: func.func @hostile
// CHECK:       "element_type":"!llvm.struct<\\"\\\"],\\\\\\\\\\\\0A\\\\FF\\", (i32)>"}]"
func.func @hostile(%x: !llvm.struct<"\22],\5C\0A\FF", (i32)>) {
  return
}

// Keys of two element types say how many channels are bf16.
// CHECK-LABEL: func.func @write_mixed
// CHECK:       "element_type":"f8E4M3FN","content":"latent","heads":1,"head_dim":576,"value_head_dim":512,"rope_head_dim":64,"page_tokens":64,"layout":"pairs","page_bytes":40960,"head_bytes":40960,
!mixed = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @write_mixed(%key: memref<?x1x576xbf16> {fp8attn.name = "key"}, %slots: memref<?xi64> {fp8attn.name = "slots"},
                       %scale: memref<f32> {fp8attn.name = "scale"}, %cache: !mixed {fp8attn.name = "cache"}) {
  fp8attn.kv_write key(%key : memref<?x1x576xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>) cache(%cache : !mixed)
  return
}
