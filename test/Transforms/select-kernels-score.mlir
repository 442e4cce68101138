// RUN: fp8attn-opt %s --remarks-filter=fp8attn --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels))' -o %t 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: FileCheck %s --input-file=%t

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>

// Few rows use separate kernels, too: a remark says why.
// REMARK: Passed{{.*}}chose fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_avx512_bf16
// REMARK: not fp8attn_uk_attend_bf16_e4m3_f32_16x256x32_avx512_bf16: the score region stands between scores and softmax

// The softmax gets log2(e) as the scale of every row; the region is computed
// for 16 keys at once, what depends on the row alone once a row. Loads are of
// visible keys only: neighbours if the last index is the key, else one by one.
// CHECK-LABEL: func.func @f
// CHECK-SAME:    %[[A:[a-z0-9]+]]: memref<?x?xf32>, %[[B:[a-z0-9]+]]: memref<?xi8>, %[[C:[a-z0-9]+]]: memref<4xf32>
// CHECK:         vector.store %{{.+}}, %[[SOFTMAX_SCALE:.+]][%{{.+}}] : memref<16xf32>, vector<16xf32>
// CHECK:         scf.for
// CHECK:           fp8attn.ukernel.call @fp8attn_uk_qk_
// CHECK:           scf.for
// CHECK:             scf.if
// CHECK:               %[[SCALE:.+]] = vector.broadcast %{{.+}} : f32 to vector<16xf32>
// CHECK:               memref.load %[[C]]
// CHECK:               scf.for
// CHECK:                 %[[RAW:.+]] = vector.load
// CHECK:                 %[[S:.+]] = arith.mulf %[[RAW]], %[[SCALE]] : vector<16xf32>
// CHECK:                 %[[FROM:.+]] = arith.cmpi sge
// CHECK:                 %[[TO:.+]] = arith.cmpi slt
// CHECK:                 %[[VISIBLE:.+]] = arith.andi %[[FROM]], %[[TO]] : vector<16xi1>
// CHECK:                 vector.maskedload %[[A]]{{.*}}, %[[VISIBLE]]
// CHECK:                 vector.gather %{{.+}}, %[[VISIBLE]]{{.*}}xi8
// CHECK:                 vector.store
// CHECK:           fp8attn.ukernel.call @fp8attn_uk_softmax_{{.*}}(%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %[[SOFTMAX_SCALE]],
func.func @f(%query: memref<?x4x64xbf16>, %cache: !kv, %scale: memref<f32>, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %a: memref<?x?xf32>, %b: memref<?xi8>, %c: memref<4xf32>)
    attributes {fp8attn.isa = #fp8attn.isa<avx512_bf16>} {
  fp8attn.paged_attention causal query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      value_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        %bias = memref.load %a[%q, %key] : memref<?x?xf32>
        %distance = arith.subi %q, %key : index
        %keep = memref.load %b[%distance] : memref<?xi8>
        %factor = memref.load %c[%head] : memref<4xf32>
        %seen = arith.trunci %keep : i8 to i1
        %new = arith.mulf %bias, %factor : f32
        %chosen = arith.select %seen, %new, %score : f32
        fp8attn.yield %chosen : f32
      }
  return
}
