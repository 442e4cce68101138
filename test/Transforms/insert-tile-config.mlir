// RUN: fp8attn-opt %s --fp8attn-insert-tile-config | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-insert-tile-config --fp8attn-insert-tile-config | FileCheck %s

// Only kernels of AMX rows get a configuration, and only one.
// CHECK-LABEL: func.func @mixed
// CHECK-NEXT:    fp8attn.ukernel.call @fp8attn_uk_init
// CHECK-NEXT:    fp8attn.ukernel.tile_begin
// CHECK-NEXT:    fp8attn.ukernel.call @fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_amx_bf16
// CHECK-NEXT:    fp8attn.ukernel.tile_end
// CHECK-NEXT:    fp8attn.ukernel.call @fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_avx512_bf16
// CHECK-NEXT:    return
func.func @mixed(%n: index, %m: memref<?xf32>, %r: !fp8attn.key_run) {
  fp8attn.ukernel.call @fp8attn_uk_init_f32_f32_f32_48x1x16_generic(%n, %n, %m, %m, %m) : index, index, memref<?xf32>, memref<?xf32>, memref<?xf32>
  fp8attn.ukernel.call @fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_amx_bf16(%r, %n, %n, %m, %n, %n, %m, %m) : !fp8attn.key_run, index, index, memref<?xf32>, index, index, memref<?xf32>, memref<?xf32>
  fp8attn.ukernel.call @fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_avx512_bf16(%r, %n, %n, %m, %n, %n, %m, %m) : !fp8attn.key_run, index, index, memref<?xf32>, index, index, memref<?xf32>, memref<?xf32>
  return
}

// Under a configuration that was hoisted nothing is inserted.
// CHECK-LABEL: func.func @configured
// CHECK:         fp8attn.ukernel.tile_begin
// CHECK-NEXT:    scf.if
// CHECK-NEXT:      fp8attn.ukernel.call
// CHECK-NEXT:    }
// CHECK-NEXT:    fp8attn.ukernel.tile_end
func.func @configured(%c: i1, %n: index, %m: memref<?xf32>, %r: !fp8attn.key_run) {
  fp8attn.ukernel.tile_begin
  scf.if %c {
    fp8attn.ukernel.call @fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_amx_bf16(%r, %n, %n, %m, %n, %n, %m, %m) : !fp8attn.key_run, index, index, memref<?xf32>, index, index, memref<?xf32>, memref<?xf32>
  }
  fp8attn.ukernel.tile_end
  return
}
