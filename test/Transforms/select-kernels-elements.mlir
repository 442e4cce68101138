// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels))' --remarks-filter=fp8attn -o %t 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: FileCheck %s --input-file=%t

// Keys whose elements have a scale each: granule by granule the scales of 32
// tokens are collected, then lines of 64 codes become two lines of bf16, in one
// page of scratch. Their kernels read that page from key 0 on; values, whose
// scale moved to the result, are read where they are.
// REMARK: Missed{{.*}}FoldScales{{.*}}the scale differs by key and by channel, as elements do
// REMARK: Passed{{.*}}chose fp8attn_uk_qk_bf16_bf16_f32_48x256x32_amx_bf16 + fp8attn_uk_pv_bf16_e4m3_f32_48x256x16_amx_bf16
// REMARK: Missed{{.*}}SelectKernels{{.*}}keys become bf16 one by one, before each step: scales of f32 for f8E4M3FN are neither powers of two (f8E8M0FNU)
// REMARK: Analysis{{.*}}not fp8attn_uk_qk
// REMARK-NOT: attend

// CHECK-LABEL: func.func @keys
// Four blocks of rows read what is multiplied once.
// CHECK:         fp8attn.tile.item_rows {{.*}} most = 192
// CHECK:         %[[PAGE:.+]] = memref.view {{.*}} to memref<49152xi8>
// CHECK:         %[[FACTORS:.+]] = memref.view {{.*}} to memref<9x32xf32>
// CHECK:         %[[CODES:.+]] = fp8attn.cache_part  key %{{.+}}[
// CHECK:         scf.for %{{.+}} step %c256
// CHECK:           %[[K:.+]] = arith.maxui
// CHECK:           %[[KEYS:.+]] = arith.subi %{{.+}}, %[[K]] : index
// CHECK:           scf.for
// CHECK:             fp8attn.run_page %[[OF:.+]][
// The factor of a group of 8 channels of a token.
// CHECK:             memref.load %{{.+}} : memref<?x32x9xf32>
// CHECK:             memref.store %{{.+}}, %[[FACTORS]][
// Where no product is subnormal or infinite, an instruction rounds. The line that
// is multiplied next after 32 keys is fetched.
// CHECK:             %[[ORDINARY:.+]] = scf.for {{.*}} iter_args({{.*}}) -> (i1)
// CHECK:             scf.if %[[ORDINARY]]
// CHECK:             memref.prefetch %[[CODES]][{{.+}}], read, locality<2>, data : memref<?xi8>
// CHECK:             vector.load %[[CODES]][{{.+}}] : memref<?xi8>, vector<64xi8>
// CHECK:             arith.extf %{{.+}} : vector<16xf16> to vector<16xf32>
// CHECK:             llvm.call_intrinsic "llvm.x86.avx512bf16.cvtne2ps2bf16.512"
// CHECK:             } else {
// CHECK-NOT:         llvm.call_intrinsic
// CHECK-COUNT-2:     vector.store %{{.+}}, %[[PAGE]][{{.+}}] : memref<49152xi8>, vector<64xi8>
// CHECK:           %[[PACKED:.+]] = fp8attn.ukernel.packed_run %[[PAGE]], %[[PAGE]], %[[KEYS]]
// CHECK:           %[[C0:.+]] = arith.constant 0 : index
// CHECK:           ukernel.call @fp8attn_uk_qk_bf16_bf16_{{.+}}(%[[PACKED]], %[[C0]], %[[KEYS]],
// CHECK:           ukernel.call @fp8attn_uk_pv_bf16_e4m3_{{.+}}(%[[OF]], %[[K]], %[[KEYS]],
!q = memref<?x8x72xbf16>
!kv = !fp8attn.cache<key_value, heads = 1, head_dim = 72, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!i = memref<?xi32>
func.func @keys(%query: !q, %cache: !kv, %key_scale: memref<?x32x9xf32>, %value_scale: memref<f32>,
    %starts: !i, %lens: !i, %table: memref<?x?xi32>, %out: !q) attributes {fp8attn.isa = #fp8attn.isa<amx_bf16>} {
  fp8attn.paged_attention causal query(%query : !q) cache(%cache : !kv)
      key_scale(%key_scale : memref<?x32x9xf32>,
                affine_map<(page, head, token, channel) -> (page, token, channel floordiv 8)>)
      value_scale(%value_scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      batch(%starts, %lens, %table : !i, !i, memref<?x?xi32>) out(%out : !q)
  return
}
