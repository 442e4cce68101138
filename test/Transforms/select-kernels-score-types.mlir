// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels))' | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

// i1 and small floats are loaded as integers, scalar, contiguous or gathered:
// bytes are compared with 0, words become the f32 that they are, and a result of
// bf16 is rounded. What is exact is not: the negation, the selection.
// CHECK-LABEL: func.func @f
// CHECK-SAME:    %[[A:[a-z0-9]+]]: memref<?x?xbf16>, %[[B:[a-z0-9]+]]: memref<?xi1>, %[[C:[a-z0-9]+]]: memref<4xf16>
// CHECK:         %[[CBITS:.+]] = fp8attn.element_bits %[[C]] : memref<4xf16>
// CHECK:         %[[WORD:.+]] = memref.load %[[CBITS]][%{{.+}}] : memref<4xi16>
// CHECK:         %[[HALF:.+]] = arith.bitcast %[[WORD]] : i16 to f16
// CHECK:         %[[FACTOR:.+]] = arith.extf %[[HALF]] : f16 to f32
// CHECK:         scf.for
// CHECK:           %[[ABITS:.+]] = fp8attn.element_bits %[[A]]
// CHECK:           %[[WORDS:.+]] = vector.maskedload %[[ABITS]]{{.*}} : memref<?x?xi16>, vector<16xi1>, vector<16xi16>
// CHECK:           %[[SMALL:.+]] = arith.bitcast %[[WORDS]] : vector<16xi16> to vector<16xbf16>
// CHECK:           %[[BIAS:.+]] = arith.extf %[[SMALL]] : vector<16xbf16> to vector<16xf32>
// CHECK:           %[[BYTES:.+]] = vector.gather {{.*}}vector<16xi8> into vector<16xi8>
// CHECK:           %[[KEEP:.+]] = arith.cmpi ne, %[[BYTES]], %{{.+}} : vector<16xi8>
// CHECK:           %[[SUM:.+]] = arith.addf %[[BIAS]], %{{.+}} : vector<16xf32>
// CHECK-NEXT:      %[[ROUNDED:.+]] = arith.truncf %[[SUM]] : vector<16xf32> to vector<16xbf16>
// CHECK-NEXT:      %[[VALUE:.+]] = arith.extf %[[ROUNDED]]
// CHECK:           %[[NEGATED:.+]] = arith.negf %[[VALUE]]
// CHECK-NOT:       arith.truncf
// CHECK:           arith.select %[[KEEP]], %[[NEGATED]], %[[VALUE]] : vector<16xi1>, vector<16xf32>
func.func @f(%query: memref<?x4x64xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %a: memref<?x?xbf16>, %b: memref<?xi1>, %c: memref<4xf16>)
    attributes {fp8attn.isa = #fp8attn.isa<avx512_bf16>} {
  fp8attn.paged_attention causal query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        %factor = memref.load %c[%head] : memref<4xf16>
        %bias = memref.load %a[%q, %key] : memref<?x?xbf16>
        %distance = arith.subi %q, %key : index
        %keep = memref.load %b[%distance] : memref<?xi1>
        %one = arith.constant 1.0 : bf16
        %sum = arith.addf %bias, %one : bf16
        %negated = arith.negf %sum : bf16
        %chosen = arith.select %keep, %negated, %sum : bf16
        %wide = arith.extf %chosen : bf16 to f32
        %wide_factor = arith.extf %factor : f16 to f32
        %product = arith.mulf %wide, %wide_factor : f32
        %new = arith.addf %score, %product : f32
        fp8attn.yield %new : f32
      }
  return
}
