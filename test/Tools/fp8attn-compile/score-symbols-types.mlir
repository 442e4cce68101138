// RUN: fp8attn-compile %s --mtriple=x86_64-unknown-linux-gnu --mcpu=x86-64 -o %t.o
// RUN: llvm-nm --undefined-only --just-symbol-name %t.o | FileCheck %s
// RUN: fp8attn-compile %s --mtriple=aarch64-unknown-linux-gnu --mcpu=generic -o %t.o
// RUN: llvm-nm --undefined-only --just-symbol-name %t.o | FileCheck %s
// RUN: fp8attn-compile %s --mtriple=x86_64-unknown-linux-gnu --mcpu=sapphirerapids -o %t.o
// RUN: llvm-nm --undefined-only --just-symbol-name %t.o | FileCheck %s
// RUN: fp8attn-compile %s --mtriple=x86_64-unknown-linux-gnu --mcpu=sapphirerapids -o %t.s
// RUN: FileCheck %s --input-file=%t.s --check-prefix=VECTORS

// Small floats and i1, of values that all keys share and of values that differ:
// loads of neighbours and gathers, both conversions, arithmetic. The library of
// the compiler (__truncsfhf2 and others) is not called either.
// CHECK-NOT: {{^[^f]}}
// CHECK:     fp8attn_parallel
// CHECK-NOT: {{^[^f]}}

// VECTORS-LABEL: {{^}}f.generic.body{{.*}}:
// VECTORS-NOT:     vcvt
// VECTORS-LABEL: {{^}}f.avx2.body{{.*}}:
// VECTORS:         vcvtph2ps {{.*}}ymm
// VECTORS-LABEL: {{^}}f.avx512.body{{.*}}:
// VECTORS:         vcvtph2ps {{.*}}zmm
// VECTORS-LABEL: {{^}}f.avx512_bf16.body{{.*}}:
// VECTORS:         vcvtph2ps {{.*}}zmm

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

func.func @f(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x8x64xbf16>, %halves: memref<?x?xf16>, %words: memref<?x?xbf16>,
    %flags: memref<?xi1>, %mask: memref<?x?xi1>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) mask(%mask : memref<?x?xi1>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        // Of the row.
        %r0 = memref.load %halves[%head, %q] : memref<?x?xf16>
        %r1 = memref.load %words[%head, %q] : memref<?x?xbf16>
        %r2 = memref.load %flags[%q] : memref<?xi1>
        %r3 = arith.mulf %r0, %r0 : f16
        %r4 = math.exp %r1 : bf16
        %r5 = arith.extf %r3 : f16 to f32
        %r6 = arith.extf %r4 : bf16 to f32
        %r7 = arith.select %r2, %r5, %r6 : f32
        // Of each key.
        %k0 = memref.load %halves[%q, %key] : memref<?x?xf16>
        %k1 = memref.load %words[%key, %head] : memref<?x?xbf16>
        %k2 = memref.load %flags[%key] : memref<?xi1>
        %k3 = arith.truncf %score : f32 to f16
        %k4 = arith.truncf %score : f32 to bf16
        %k5 = arith.addf %k3, %k0 : f16
        %k6 = arith.divf %k4, %k1 : bf16
        %k7 = arith.index_cast %key : index to i32
        %k8 = arith.sitofp %k7 : i32 to bf16
        %k9 = arith.cmpf olt, %k8, %k6 : bf16
        %k10 = arith.select %k9, %k6, %k8 : bf16
        %k11 = arith.extf %k10 : bf16 to f32
        %k12 = arith.extf %k5 : f16 to f32
        %k13 = arith.select %k2, %k11, %k12 : f32
        %new = arith.addf %k13, %r7 : f32
        fp8attn.yield %new : f32
      }
  return
}
