// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>

// CHECK-LABEL: func @calls
// CHECK: fp8attn.ukernel.tile_begin
// CHECK: [[SCRATCH:%.+]] = fp8attn.worker_scratch : memref<163840xi8>
// CHECK: fp8attn.ukernel.call @fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_amx_bf16({{.+}}, [[SCRATCH]]) : !fp8attn.key_run, index, index, memref<6144xbf16>, index, index, memref<12288xf32>, memref<163840xi8>
// CHECK: [[BYTES:%.+]] = fp8attn.cache_part value %{{.+}}[%{{.+}}] : <key_value
// CHECK: fp8attn.ukernel.call @fp8attn_uk_store_value_bf16_e4m3_f32_16x1x32_generic({{.+}}, [[BYTES]], {{.+}})
// CHECK: fp8attn.ukernel.null : memref<?xf32>
// CHECK: fp8attn.ukernel.packed_run [[BYTES]], [[BYTES]], %{{.+}} : memref<?xi8>, memref<?xi8>
// CHECK: fp8attn.ukernel.tile_end
func.func @calls(%run: !fp8attn.key_run, %i: index, %f: f32, %q: memref<6144xbf16>,
                 %s: memref<12288xf32>, %x: memref<?xbf16>,
                 %slots: memref<?xi64>, %scales: memref<?xf32>, %cache: !kv) {
  fp8attn.ukernel.tile_begin
  %scratch = fp8attn.worker_scratch : memref<163840xi8>
  fp8attn.ukernel.call @fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_amx_bf16(%run, %i, %i, %q, %i, %i, %s, %scratch)
      : !fp8attn.key_run, index, index, memref<6144xbf16>, index, index, memref<12288xf32>, memref<163840xi8>
  %bytes = fp8attn.cache_part value %cache[%i] : !kv
  fp8attn.ukernel.call @fp8attn_uk_store_value_bf16_e4m3_f32_16x1x32_generic(%x, %i, %i, %i, %slots, %f, %scales, %i, %bytes, %i, %i)
      : memref<?xbf16>, index, index, index, memref<?xi64>, f32, memref<?xf32>, index, memref<?xi8>, index, index
  %lse = fp8attn.ukernel.null : memref<?xf32>
  %packed = fp8attn.ukernel.packed_run %bytes, %bytes, %i : memref<?xi8>, memref<?xi8>
  fp8attn.ukernel.tile_end
  return
}

// Sizes, strides and the offset stay.
// CHECK-LABEL: func @bits
// CHECK: fp8attn.element_bits %{{.+}} : memref<?x4xi1, strided<[?, 1], offset: ?>>
// CHECK: fp8attn.element_bits %{{.+}} : memref<8xbf16>
func.func @bits(%mask: memref<?x4xi1, strided<[?, 1], offset: ?>>, %x: memref<8xbf16>)
    -> (memref<?x4xi8, strided<[?, 1], offset: ?>>, memref<8xi16>) {
  %0 = fp8attn.element_bits %mask : memref<?x4xi1, strided<[?, 1], offset: ?>>
  %1 = fp8attn.element_bits %x : memref<8xbf16>
  return %0, %1 : memref<?x4xi8, strided<[?, 1], offset: ?>>, memref<8xi16>
}

func.func private @body(index, index, index, memref<?xf32>, f32)

// CHECK-LABEL: func @host
// CHECK: fp8attn.select_isa [#fp8attn.isa<amx_bf16>, #fp8attn.isa<generic>]
// CHECK: fp8attn.parallel_for @body count %{{.+}} captures(%{{.+}}, %{{.+}}) : memref<?xf32>, f32
// CHECK: fp8attn.check.size "out", %{{.+}}, "query", %{{.+}}
// CHECK: fp8attn.check.scale "key_scale", %{{.+}} : memref<?xf32>
// CHECK: fp8attn.check.batch {{.+}} : memref<?xi32>, memref<?xi32>, memref<?x?xi32>, <key_value
// CHECK: fp8attn.check.batch {{.+}} window_left = 4095 window_right = 0 alignment = top_left : memref
// CHECK: fp8attn.check.overlap ["s", "table"] written(%{{.+}} : memref<?xf32>) read(%{{.+}} : memref<?x?xi32>)
// CHECK: fp8attn.check.overlap ["cache", "s"] written(%{{.+}} : !fp8attn.cache<{{.+}}>) in_place(%{{.+}} : memref<?xf32>)
// CHECK: fp8attn.check.later_reads "wr" ["cache", "table"](%{{.+}}, %{{.+}}) : !fp8attn.cache<key_value{{.+}}, memref<?x?xi32>
// CHECK: fp8attn.check.slots {{.+}} : memref<?xi64>, <key_value
// CHECK: fp8attn.check.page_moves {{.+}} : memref<?x2xi32>, <key_value{{.+}}, <key_value
// CHECK: fp8attn.check.tensor "table", %{{.+}} : memref<?x?xi32>
func.func @host(%n: index, %s: memref<?xf32>, %f: f32, %starts: memref<?xi32>, %pages: memref<?x2xi32>,
                %table: memref<?x?xi32>, %slots: memref<?xi64>, %cache: !kv) {
  %isa = fp8attn.select_isa [#fp8attn.isa<amx_bf16>, #fp8attn.isa<generic>]
  fp8attn.parallel_for @body count %n captures(%s, %f) : memref<?xf32>, f32
  fp8attn.check.size "out", %n, "query", %n
  fp8attn.check.scale "key_scale", %s : memref<?xf32>
  fp8attn.check.batch %starts, %starts, %table, %n, %cache
      : memref<?xi32>, memref<?xi32>, memref<?x?xi32>, !kv
  fp8attn.check.batch %starts, %starts, %table, %n, %cache
      window_left = 4095 window_right = 0 alignment = top_left
      : memref<?xi32>, memref<?xi32>, memref<?x?xi32>, !kv
  fp8attn.check.overlap ["s", "table"] written(%s : memref<?xf32>) read(%table : memref<?x?xi32>)
  fp8attn.check.overlap ["cache", "s"] written(%cache : !kv) in_place(%s : memref<?xf32>)
  fp8attn.check.later_reads "wr" ["cache", "table"](%cache, %table) : !kv, memref<?x?xi32>
  fp8attn.check.slots %slots, %cache : memref<?xi64>, !kv
  fp8attn.check.page_moves %pages, %cache, %cache : memref<?x2xi32>, !kv, !kv
  fp8attn.check.tensor "table", %table : memref<?x?xi32>
  return
}
