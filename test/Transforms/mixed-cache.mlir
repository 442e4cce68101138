// RUN: fp8attn-opt %s --fp8attn-decompose-quantization --fp8attn-decompose-attention | FileCheck %s
// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-quantization,fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels))' --remarks-filter=fp8attn -o %t 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: FileCheck %s --check-prefix=KERNELS --input-file=%t

// A mixed cache is two caches in one: the codes before the last channels, and these as
// bf16. Elements of the former are multiplied one by one, whatever their scale differs
// by, and stand as bf16 before the others in a page of scratch that kernels read.

!cache = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
#one = affine_map<(page, head, token, channel) -> ()>

// CHECK-LABEL: func.func @write
// CHECK-DAG:     %[[CODES:.+]] = fp8attn.cache_channels %{{.+}} -> <latent, heads = 1, head_dim = 512, value_head_dim = 512,
// CHECK-DAG:     %[[ROPE:.+]] = fp8attn.cache_channels %{{.+}} -> <key, heads = 1, head_dim = 64, page = 64, bf16,
// CHECK:         memref.subview %{{.+}}[%{{.+}}, %{{.+}}, 0] [%{{.+}}, 1, 512]
// CHECK:         fp8attn.tile.store key {{.*}} into %[[CODES]]
// CHECK:         memref.subview %{{.+}}[%{{.+}}, %{{.+}}, 512] [%{{.+}}, 1, 64]
// CHECK:         fp8attn.tile.store key {{.*}} into %[[ROPE]]
// KERNELS-LABEL: func.func @write
// KERNELS:       ukernel.call @fp8attn_uk_store_key_bf16_e4m3_
// KERNELS:       ukernel.call @fp8attn_uk_store_key_bf16_bf16_
func.func @write(%key: memref<?x1x576xbf16>, %slots: memref<?xi64>, %scale: memref<f32>, %cache: !cache)
    attributes {fp8attn.isa = #fp8attn.isa<avx512_bf16>} {
  fp8attn.kv_write key(%key : memref<?x1x576xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<f32>, #one) cache(%cache : !cache)
  return
}

// REMARK: Missed{{.*}}FoldScales{{.*}}keys have bf16 channels behind their codes: elements are multiplied one by one, to be bf16, too
// REMARK: chose fp8attn_uk_qk_bf16_bf16_f32_48x256x32_avx512_bf16 + fp8attn_uk_pv_bf16_bf16_f32_48x256x16_avx512_bf16{{.*}}reads 640 bytes

// CHECK-LABEL: func.func @attend
// CHECK-DAG:     %[[CODES:.+]] = fp8attn.cache_channels %{{.+}} -> <latent,
// CHECK-DAG:     %[[ROPE:.+]] = fp8attn.cache_channels %{{.+}} -> <key,
// CHECK:         %[[PAGES:.+]] = fp8attn.tile.key_run %{{.+}}, %{{.+}}, %[[CODES]], %[[CODES]]
// CHECK:         scf.for %[[K:[a-z0-9]+]] =
// CHECK:           %[[FACTORS:.+]] = fp8attn.tile.load_scale {{.*}} {channels = 512 : i64, page = 64 : i64} : memref<f32> -> tensor<256x1xf32>
// CHECK:           fp8attn.tile.load_key %[[PAGES]][%[[K]]] : tensor<256x512xf8E4M3FN>
// CHECK:           %[[SCALED:.+]] = fp8attn.tile.scale %{{.+}}, %[[FACTORS]]
// CHECK:           %[[KEY:.+]] = fp8attn.tile.append_rope %[[SCALED]], %[[PAGES]][%[[K]]], %[[ROPE]]
// CHECK:           fp8attn.tile.qk %{{.+}}, %[[KEY]] : tensor<16x576xbf16>, tensor<256x576xbf16>

// Tiles of 16 keys are 16 of codes and two of bf16, and all 18 are neighbours in the page.
// KERNELS-LABEL: func.func @attend
// KERNELS:         %[[PAGE:.+]] = memref.view {{.*}} to memref<294912xi8>
// KERNELS-DAG:     %[[KEYS:.+]] = fp8attn.cache_part  key %{{.+}}[{{.+}}] : <latent,
// KERNELS-DAG:     %[[BF16:.+]] = fp8attn.cache_part  key %{{.+}}[{{.+}}] : <key,
// KERNELS:         vector.load %[[KEYS]][{{.+}}] : memref<?xi8>, vector<64xi8>
// KERNELS-COUNT-2: vector.store %{{.+}}, %[[PAGE]][{{.+}}] : memref<294912xi8>, vector<64xi8>
// KERNELS:         %[[LINE:.+]] = vector.load %[[BF16]][{{.+}}] : memref<?xi8>, vector<64xi8>
// KERNELS:         vector.store %[[LINE]], %[[PAGE]][
// KERNELS:         fp8attn.ukernel.packed_run %[[PAGE]],
// KERNELS:         ukernel.call @fp8attn_uk_qk_bf16_bf16_
// KERNELS:         ukernel.call @fp8attn_uk_pv_bf16_bf16_
func.func @attend(%query: memref<?x128x576xbf16>, %cache: !cache, %scale: memref<f32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x128x512xbf16>)
    attributes {fp8attn.isa = #fp8attn.isa<avx512_bf16>} {
  fp8attn.paged_attention causal query(%query : memref<?x128x576xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #one)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x128x512xbf16>)
  return
}
