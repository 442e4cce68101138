// RUN: fp8attn-opt %s --fp8attn-decompose-quantization | FileCheck %s
// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-quantization),fp8attn-specialize-isas{isa=generic},func.func(fp8attn-select-kernels))' | FileCheck %s --check-prefix=KERNELS

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 72, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!bf16 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
#tensor = affine_map<(page, head, token, channel) -> ()>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>

// Keys of 16 tokens at a time, in f32: squares of 64 channels and of the last 8, their
// sum by halves; 18 pairs, 16 and 2 of them, and the 36 channels behind. Then they are
// stored as others are, as are values; so are queries of the three heads of a group.
// CHECK-LABEL: func.func @halves
// CHECK:         scf.forall
// CHECK:           %[[SCRATCH:.+]] = fp8attn.worker_scratch : memref<4608xi8>
// CHECK:           %[[ROWS:.+]] = memref.view %[[SCRATCH]]{{.+}} to memref<16x72xf32>
// CHECK:           scf.for
// CHECK:             scf.for
// CHECK:               %[[ROW:.+]] = memref.subview %[[ROWS]]
// CHECK:               scf.for {{.+}} -> (vector<16xf32>)
// CHECK:               vector.load {{.+}}, vector<8xbf16>
// CHECK:               %[[MEAN:.+]] = arith.divf
// CHECK:               arith.addf %[[MEAN]]
// CHECK:               math.sqrt
// CHECK:               %[[FACTOR:.+]] = arith.divf
// CHECK:               memref.load %{{.+}} : memref<?xi32>
// CHECK:               scf.for
// CHECK:                 arith.subf {{.+}} : vector<16xf32>
// CHECK:                 vector.store {{.+}}, %[[ROW]]
// CHECK:               arith.subf {{.+}} : vector<2xf32>
// CHECK:               scf.for
// CHECK-NOT:             arith.subf
// CHECK:                 vector.store
// CHECK:               vector.store {{.+}}, vector<4xf32>
// CHECK:             %[[TOKENS:.+]] = memref.subview %[[ROWS]]
// CHECK:             fp8attn.tile.store key %[[TOKENS]]
// CHECK:           fp8attn.tile.store value
// CHECK:           scf.for
// CHECK:             scf.for
// CHECK-NOT:           math.sqrt
// CHECK:               arith.truncf {{.+}} : vector<16xf32> to vector<16xbf16>
func.func @halves(%key: memref<?x2x72xbf16>, %query: memref<?x6x72xbf16>, %slots: memref<?xi64>, %norm: memref<72xbf16>,
    %positions: memref<?xi32>, %cos: memref<?x18xf32>, %sin: memref<?x18xf32>, %scale: memref<f32>, %cache: !kv) {
  fp8attn.kv_write key(%key : memref<?x2x72xbf16>) value(%key : memref<?x2x72xbf16>) query(%query : memref<?x6x72xbf16>)
      slots(%slots : memref<?xi64>) key_norm(%norm : memref<72xbf16>)
      rotary(%positions, %cos, %sin : memref<?xi32>, memref<?x18xf32>, memref<?x18xf32>)
      query_out(%query : memref<?x6x72xbf16>) key_scale(%scale : memref<f32>, #tensor)
      value_scale(%scale : memref<f32>, #tensor) cache(%cache : !kv) {norm_eps = 1.0e-06 : f32}
  return
}

// Neighbours are taken apart and put together. The keys are stored without a query.
// CHECK-LABEL: func.func @interleaved
// CHECK:         vector.shuffle {{.+}} [0, 2, 4, {{.+}}30]
// CHECK:         vector.shuffle {{.+}} [1, 3, 5, {{.+}}31]
// CHECK:         vector.shuffle {{.+}} [0, 16, 1, 17, {{.+}}15, 31]
// CHECK:         fp8attn.tile.store key
// CHECK:         fp8attn.tile.store value
// CHECK-NOT:     vector.shuffle
func.func @interleaved(%key: memref<?x2x64xf32>, %slots: memref<?xi64>, %positions: memref<?xi32>, %table: memref<?x32xf32>,
    %cache: !bf16) {
  fp8attn.kv_write interleaved key(%key : memref<?x2x64xf32>) value(%key : memref<?x2x64xf32>) slots(%slots : memref<?xi64>)
      rotary(%positions, %table, %table : memref<?xi32>, memref<?x32xf32>, memref<?x32xf32>) cache(%cache : !bf16)
  return
}

// Computed scales stand behind the rotated keys of the scratch, and before nothing of
// the values, which are memory of the caller's: they are stored as they are.
// CHECK-LABEL: func.func @computed
// CHECK:         fp8attn.tile.store key {{.+}} computed into
// KERNELS-LABEL: func.func private @computed.generic
// KERNELS:         %[[SCRATCH:.+]] = fp8attn.worker_scratch : memref<4864xi8>
// KERNELS:         memref.view %[[SCRATCH]][%c0{{[_0-9]*}}][] {{.+}} to memref<16x72xf32>
// KERNELS:         %[[BEHIND:.+]] = arith.constant 4608 : index
// KERNELS:         memref.view %{{.+}}[%[[BEHIND]]][] {{.+}} to memref<64xf32>
// KERNELS:         fp8attn_uk_store_key_f32_e4m3
// KERNELS:         memref.view %{{.+}}[%c0{{[_0-9]*}}][] {{.+}} to memref<64xf32>
// KERNELS:         fp8attn_uk_store_value_bf16_e4m3
func.func @computed(%key: memref<?x2x72xbf16>, %slots: memref<?xi64>, %norm: memref<72xbf16>,
    %key_scale: memref<?x2x32xf32>, %value_scale: memref<?x2x32xf32>, %cache: !kv) {
  fp8attn.kv_write dynamic key(%key : memref<?x2x72xbf16>) value(%key : memref<?x2x72xbf16>)
      slots(%slots : memref<?xi64>) key_norm(%norm : memref<72xbf16>) key_scale(%key_scale : memref<?x2x32xf32>, #token)
      value_scale(%value_scale : memref<?x2x32xf32>, #token) cache(%cache : !kv) {norm_eps = 1.0e-06 : f32}
  return
}

// Of a mixed cache, the norm of 64 channels and 16 pairs behind them; codes and bf16 are
// stored from the same rows. Of queries in place, what is not rotated stays.
// CHECK-LABEL: func.func @mixed
// CHECK:         %[[ROWS:.+]] = memref.view {{.+}} to memref<16x96xf32>
// CHECK:         math.sqrt
// CHECK:         arith.subf {{.+}} : vector<16xf32>
// CHECK:         %[[CODES:.+]] = memref.subview %[[ROWS]][0, 0] [%{{.+}}, 64]
// CHECK:         fp8attn.tile.store key %[[CODES]]
// CHECK:         %[[ROPE:.+]] = memref.subview %[[ROWS]][0, 64] [%{{.+}}, 32]
// CHECK:         fp8attn.tile.store key %[[ROPE]]
// CHECK-NOT:     fp8attn.tile.store
// CHECK:         arith.subf {{.+}} : vector<16xf32>
// CHECK-COUNT-2: vector.store {{.+}} vector<16xbf16>
// CHECK-NOT:     vector.store
!mixed = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, rope_head_dim = 32, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @mixed(%key: memref<?x1x96xbf16>, %query: memref<?x4x96xbf16>, %slots: memref<?xi64>, %norm: memref<64xbf16>,
    %positions: memref<?xi32>, %table: memref<?x16xf32>, %scale: memref<f32>, %cache: !mixed) {
  fp8attn.kv_write key(%key : memref<?x1x96xbf16>) query(%query : memref<?x4x96xbf16>) slots(%slots : memref<?xi64>)
      key_norm(%norm : memref<64xbf16>)
      rotary(%positions, %table, %table : memref<?xi32>, memref<?x16xf32>, memref<?x16xf32>)
      query_out(%query : memref<?x4x96xbf16>) key_scale(%scale : memref<f32>, #tensor) cache(%cache : !mixed)
      {norm_eps = 1.0e-06 : f32}
  return
}
