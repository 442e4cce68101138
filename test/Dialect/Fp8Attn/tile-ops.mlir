// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!bf16 = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

// The description of a work item and of its keys.
// CHECK-LABEL: func @work
// CHECK: fp8attn.tile.num_work_items %{{.+}}, %{{.+}} {group = 4 : i64, kv_heads = 8 : i64}
// CHECK: [[ROWS:%.+]] = fp8attn.tile.item_rows %{{.+}}, %{{.+}} {group = 4 : i64, kv_heads = 8 : i64, most = 96 : i64}
// CHECK: [[BLOCKS:%.+]] = fp8attn.tile.num_work_items %{{.+}}, %{{.+}} rows [[ROWS]] {group = 4 : i64, kv_heads = 8 : i64}
// CHECK: [[PARTS:%.+]] = fp8attn.tile.num_parts [[BLOCKS]], {{.+}} rows [[ROWS]] window_right = 0
// CHECK: [[FEW:%.+]] = fp8attn.tile.items_at_once [[BLOCKS]], {{.+}} window_left = 7 {channels = 128 : i64, group = 4 : i64, kv_heads = 8 : i64} : memref<?xi32>, memref<?xi32>
// CHECK: fp8attn.tile.grouped [[BLOCKS]] by [[FEW]]
// CHECK: fp8attn.tile.work_item %{{.+}} parts [[PARTS]], {{.+}} rows [[ROWS]] window_right = 0
// CHECK: [[ITEM:%.+]] = fp8attn.tile.work_item {{.+}} window_left = 4095 window_right = 0 alignment = top_left {group = 4 : i64, kv_heads = 8 : i64} : memref<?xi32>, memref<?xi32>
// CHECK: fp8attn.tile.num_rows [[ITEM]]
// CHECK: fp8attn.tile.first_key [[ITEM]]
// CHECK: fp8attn.tile.num_keys [[ITEM]]
// CHECK: fp8attn.tile.kv_head [[ITEM]]
// CHECK: fp8attn.tile.key_run [[ITEM]], {{.+}} : memref<?x?xi32>, <key_value
func.func @work(%tokens: index, %starts: memref<?xi32>, %lens: memref<?xi32>,
                %table: memref<?x?xi32>, %cache: !kv) -> !fp8attn.key_run {
  %n = fp8attn.tile.num_work_items %tokens, %tokens {group = 4, kv_heads = 8}
  %most = fp8attn.tile.item_rows %tokens, %tokens {group = 4, kv_heads = 8, most = 96}
  %blocks = fp8attn.tile.num_work_items %tokens, %tokens rows %most {group = 4, kv_heads = 8}
  %parts = fp8attn.tile.num_parts %blocks, %tokens, %starts, %lens rows %most
      window_right = 0 {group = 4, kv_heads = 8} : memref<?xi32>, memref<?xi32>
  %few = fp8attn.tile.items_at_once %blocks, %starts, %lens window_left = 7
      {group = 4, kv_heads = 8, channels = 128} : memref<?xi32>, memref<?xi32>
  %groups = fp8attn.tile.grouped %blocks by %few
  %part = fp8attn.tile.work_item %n parts %parts, %tokens, %starts, %lens rows %most
      window_right = 0 {group = 4, kv_heads = 8} : memref<?xi32>, memref<?xi32>
  %item = fp8attn.tile.work_item %n, %tokens, %starts, %lens
      window_left = 4095 window_right = 0
      alignment = top_left {group = 4, kv_heads = 8} : memref<?xi32>, memref<?xi32>
  %rows = fp8attn.tile.num_rows %item
  %first = fp8attn.tile.first_key %item
  %keys = fp8attn.tile.num_keys %item
  %head = fp8attn.tile.kv_head %item
  %run = fp8attn.tile.key_run %item, %table, %cache, %cache
      : memref<?x?xi32>, !kv, !kv
  return %run : !fp8attn.key_run
}

// The same of dense tensors.
// CHECK-LABEL: func @dense
// CHECK: fp8attn.tile.dense_item {{.+}} at %{{.+}} window_left = 5 {group = 4 : i64, kv_heads = 8 : i64, rows = 192 : i64}
// CHECK: fp8attn.tile.load_dense %{{.+}}[%{{.+}}] : memref<?x64xf8E5M2, strided<[512, 1]>> -> tensor<256x64xf8E5M2>
func.func @dense(%n: index, %keys: memref<?x64xf8E5M2, strided<[512, 1]>>) -> tensor<256x64xf8E5M2> {
  %item = fp8attn.tile.dense_item %n, %n, %n at %n window_left = 5
      {group = 4, kv_heads = 8, rows = 192}
  %first = fp8attn.tile.first_key %item
  %tile = fp8attn.tile.load_dense %keys[%first] : memref<?x64xf8E5M2, strided<[512, 1]>> -> tensor<256x64xf8E5M2>
  return %tile : tensor<256x64xf8E5M2>
}

// One step of the online softmax.
// CHECK-LABEL: func @step
// CHECK: fp8attn.tile.load_query {{.+}} : memref<?x32x64xbf16> -> tensor<48x64xbf16>
// CHECK: fp8attn.tile.load_key {{.+}} : tensor<256x64xf8E4M3FN>
// CHECK: fp8attn.tile.decode {{.+}} : tensor<256x64xf8E4M3FN> -> tensor<256x64xbf16>
// CHECK: fp8attn.tile.scale {{.+}} : tensor<256x64xbf16>, f32
// CHECK: fp8attn.tile.qk {{.+}} : tensor<48x64xbf16>, tensor<256x64xbf16> -> tensor<48x256xf32>
// CHECK: fp8attn.tile.qk %{{.+}}, %{{.+}} factor %{{.+}} :
// CHECK: fp8attn.tile.mask {{.+}} : tensor<48x256xf32>
// CHECK: fp8attn.tile.init : tensor<48xf32>, tensor<48xf32>, tensor<48x64xf32>
// CHECK: fp8attn.tile.softmax {{.+}} : tensor<48x256xf32>, tensor<48xf32>, tensor<48xf32>, tensor<48x64xf32> -> tensor<48x256xbf16>
// CHECK: fp8attn.tile.load_value {{.+}} : tensor<256x64xbf16>
// CHECK: fp8attn.tile.pv {{.+}} : tensor<48x256xbf16>, tensor<256x64xbf16>, tensor<48x64xf32>
// CHECK: fp8attn.tile.finish {{.+}} factor %{{.+}} sink %{{.+}} : memref<32xf32> into %{{.+}} lse %{{.+}} : memref<?x32xf32> : tensor<48xf32>
// CHECK: fp8attn.tile.finish %{{[^ ]+}}, %{{[^ ]+}}, %{{[^ ]+}}, %{{[^ ]+}} into %{{[^ ]+}} : tensor<48xf32>
func.func @step(%item: !fp8attn.work_item, %run: !fp8attn.key_run,
                %query: memref<?x32x64xbf16>, %lse: memref<?x32xf32>,
                %scale: f32, %sink: memref<32xf32>, %key: index) {
  %q = fp8attn.tile.load_query %item, %query : memref<?x32x64xbf16> -> tensor<48x64xbf16>
  %codes = fp8attn.tile.load_key %run[%key] : tensor<256x64xf8E4M3FN>
  %raw = fp8attn.tile.decode %codes : tensor<256x64xf8E4M3FN> -> tensor<256x64xbf16>
  %k = fp8attn.tile.scale %raw, %scale : tensor<256x64xbf16>, f32
  %s0 = fp8attn.tile.qk %q, %k : tensor<48x64xbf16>, tensor<256x64xbf16> -> tensor<48x256xf32>
  %s1 = fp8attn.tile.qk %q, %k factor %scale : tensor<48x64xbf16>, tensor<256x64xbf16> -> tensor<48x256xf32>
  %s2 = fp8attn.tile.mask %s1, %item[%key] : tensor<48x256xf32>
  %max, %sum, %acc = fp8attn.tile.init : tensor<48xf32>, tensor<48xf32>, tensor<48x64xf32>
  %p, %max1, %sum1, %acc1 = fp8attn.tile.softmax %s2, %max, %sum, %acc
      : tensor<48x256xf32>, tensor<48xf32>, tensor<48xf32>, tensor<48x64xf32> -> tensor<48x256xbf16>
  %v = fp8attn.tile.load_value %run[%key] : tensor<256x64xbf16>
  %o = fp8attn.tile.pv %p, %v, %acc1 : tensor<48x256xbf16>, tensor<256x64xbf16>, tensor<48x64xf32>
  fp8attn.tile.finish %item, %max1, %sum1, %o factor %scale sink %sink : memref<32xf32> into %query lse %lse : memref<?x32xf32>
      : tensor<48xf32>, tensor<48xf32>, tensor<48x64xf32>, memref<?x32x64xbf16>
  fp8attn.tile.finish %item, %max1, %sum1, %o into %query
      : tensor<48xf32>, tensor<48xf32>, tensor<48x64xf32>, memref<?x32x64xbf16>
  return
}

// CHECK-LABEL: func @merge
// CHECK: fp8attn.tile.merge {{.+}} into {{.+}} : memref<32x128xbf16, strided<[256, 1]>>, memref<32xf32>, memref<32x128xbf16>, memref<32xf32>, memref<32x128xbf16>, memref<32xf32>
func.func @merge(%a: memref<32x128xbf16, strided<[256, 1]>>, %b: memref<32x128xbf16>, %lse: memref<32xf32>) {
  fp8attn.tile.merge %a, %lse, %b, %lse into %b, %lse
      : memref<32x128xbf16, strided<[256, 1]>>, memref<32xf32>, memref<32x128xbf16>, memref<32xf32>,
        memref<32x128xbf16>, memref<32xf32>
  return
}

// CHECK-LABEL: func @write
// CHECK: fp8attn.tile.store value %{{.+}}, %{{.+}} scale %{{.+}} into %{{.+}}[%{{.+}}] : memref<?x64xbf16, strided<[512, 1]>>
// CHECK: fp8attn.tile.store key %{{[^ ]+}}, %{{[^ ]+}} into
// CHECK: fp8attn.tile.quantize {{.+}} : memref<?xbf16>, memref<?xf8E5M2>
// CHECK: fp8attn.tile.dequantize {{.+}} : memref<?xf8E5M2>, memref<?xbf16>
func.func @write(%x: memref<?x64xbf16, strided<[512, 1]>>, %slots: memref<?xi64>,
                 %scale: f32, %cache: !kv, %plain: !bf16, %head: index,
                 %row: memref<?xbf16>, %codes: memref<?xf8E5M2>) {
  fp8attn.tile.store value %x, %slots scale %scale into %cache[%head]
      : memref<?x64xbf16, strided<[512, 1]>>, memref<?xi64>, !kv
  fp8attn.tile.store key %x, %slots into %plain[%head]
      : memref<?x64xbf16, strided<[512, 1]>>, memref<?xi64>, !bf16
  fp8attn.tile.quantize %row, %scale into %codes : memref<?xbf16>, memref<?xf8E5M2>
  fp8attn.tile.dequantize %codes, %scale into %row : memref<?xf8E5M2>, memref<?xbf16>
  return
}
