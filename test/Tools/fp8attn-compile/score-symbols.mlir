// RUN: fp8attn-compile %s --mtriple=x86_64-unknown-linux-gnu --mcpu=x86-64 -o %t.o
// RUN: llvm-nm --undefined-only --just-symbol-name %t.o | FileCheck %s
// RUN: fp8attn-compile %s --mtriple=aarch64-unknown-linux-gnu --mcpu=generic -o %t.o
// RUN: llvm-nm --undefined-only --just-symbol-name %t.o | FileCheck %s
// RUN: fp8attn-compile %s --mtriple=x86_64-unknown-linux-gnu --mcpu=sapphirerapids -o %t.s
// RUN: FileCheck %s --input-file=%t.s --check-prefix=VECTORS

// Every operation that a score region may hold, of values that all keys share
// and of values that differ, calls no library, not even on the plainest CPU.
// CHECK-NOT: {{^[^f]}}
// CHECK:     fp8attn_parallel
// CHECK-NOT: {{^[^f]}}

// 16 keys are one register, or two, where there are such registers, and nowhere
// else.
// VECTORS-LABEL: {{^}}f.generic.body{{.*}}:
// VECTORS-NOT:     {{ymm|zmm}}
// VECTORS-LABEL: {{^}}f.avx2.body{{.*}}:
// VECTORS-NOT:     zmm
// VECTORS:         vmulps {{.*}}ymm
// VECTORS-NOT:     zmm
// VECTORS-LABEL: {{^}}f.avx512.body{{.*}}:
// VECTORS:         vmulps {{.*}}zmm
// VECTORS-LABEL: {{^}}f.avx512_bf16.body{{.*}}:
// VECTORS:         vmulps {{.*}}zmm

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

func.func @f(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x8x64xbf16>, %reals: memref<?x?xf32>, %bytes: memref<?xi8>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        %0 = memref.load %reals[%head, %q] : memref<?x?xf32>
        %1 = memref.load %reals[%key, %head] : memref<?x?xf32>
        %2 = memref.load %bytes[%key] : memref<?xi8>
        %3 = memref.load %bytes[%q] : memref<?xi8>
        // Of the row.
        %r0 = math.tanh %0 : f32
        %r1 = math.exp %r0 : f32
        %r2 = math.exp2 %r1 : f32
        %r3 = math.log %r2 : f32
        %r4 = math.log2 %r3 : f32
        %r5 = math.sqrt %r4 : f32
        %r6 = math.rsqrt %r5 : f32
        %r7 = math.absf %r6 : f32
        %r8 = arith.maximumf %r7, %0 : f32
        %r9 = arith.minimumf %r8, %r1 : f32
        %r10 = arith.maxnumf %r9, %r2 : f32
        %r11 = arith.minnumf %r10, %r3 : f32
        %ri = arith.extsi %3 : i8 to i64
        %rf = arith.uitofp %ri : i64 to f32
        %row = arith.addf %r11, %rf : f32
        // Of each key.
        %k0 = math.tanh %1 : f32
        %k1 = math.exp %k0 : f32
        %k2 = math.exp2 %k1 : f32
        %k3 = math.log %k2 : f32
        %k4 = math.log2 %k3 : f32
        %k5 = math.sqrt %k4 : f32
        %k6 = math.rsqrt %k5 : f32
        %k7 = math.absf %k6 : f32
        %k8 = arith.maximumf %k7, %score : f32
        %k9 = arith.minimumf %k8, %1 : f32
        %k10 = arith.maxnumf %k9, %k1 : f32
        %k11 = arith.minnumf %k10, %k2 : f32
        %k12 = arith.negf %k11 : f32
        %k13 = arith.divf %k12, %row : f32
        %k14 = arith.subf %k13, %k1 : f32
        %i0 = arith.extui %2 : i8 to i64
        %i1 = arith.index_castui %key : index to i64
        %i2 = arith.maxsi %i0, %i1 : i64
        %i3 = arith.minui %i2, %ri : i64
        %i4 = arith.muli %i3, %i1 : i64
        %i5 = arith.xori %i4, %i0 : i64
        %i6 = arith.trunci %i5 : i64 to i32
        %i7 = arith.uitofp %i5 : i64 to f32
        %i8 = arith.sitofp %i6 : i32 to f32
        %sum = arith.addf %i7, %i8 : f32
        %less = arith.cmpf ult, %sum, %k14 : f32
        %new = arith.select %less, %k14, %sum : f32
        fp8attn.yield %new : f32
      }
  return
}
