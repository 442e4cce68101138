// REQUIRES: x86-64
// RUN: fp8attn-compile %s -o %t.o --mcpu=sapphirerapids --embed-kernels
// RUN: llvm-nm --undefined-only --just-symbol-name %t.o | FileCheck %s --check-prefix=USES
// RUN: llvm-nm --defined-only --extern-only --just-symbol-name %t.o | FileCheck %s --check-prefix=DEFINES
// RUN: fp8attn-compile %s -o %t.ll --mcpu=sapphirerapids --embed-kernels && FileCheck %s --input-file=%t.ll --check-prefix=LLVM
// RUN: fp8attn-compile %s -o %t.bc --mcpu=sapphirerapids --embed-kernels && llvm-dis %t.bc -o - | FileCheck %s --check-prefix=LLVM
// RUN: fp8attn-compile %s -o %t.s --mcpu=sapphirerapids --embed-kernels && FileCheck %s --input-file=%t.s --check-prefix=ASM
// RUN: not fp8attn-compile %s -o %t.arm.o --mtriple=aarch64-linux-gnu --mcpu=generic --embed-kernels 2>&1 | FileCheck %s --check-prefix=ARM
// RUN: not ls %t.arm.o

// An object with its kernels uses the C library only, and defines entry points
// only: none of our names is seen from outside, in either direction.
// USES-NOT: fp8attn
// USES:     getenv
// USES-NOT: fp8attn
// DEFINES-NOT: {{.}}
// DEFINES:     {{^}}quantize{{$}}
// DEFINES-NEXT: {{^}}quantize_describe{{$}}
// DEFINES-NEXT: {{^}}quantize_workspace_bytes{{$}}
// DEFINES-NOT: {{.}}

// Each kernel has the instructions of its ISA, and only what is called is there.
// LLVM-NOT: declare {{.*}}@fp8attn
// LLVM-NOT: define {{.*}}@fp8attn_uk_attend
// LLVM-DAG: define internal {{.*}}@fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_generic({{.*}} #[[GENERIC:[0-9]+]]
// LLVM-DAG: define internal {{.*}}@fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_avx512({{.*}} #[[AVX512:[0-9]+]]
// LLVM-DAG: attributes #[[AVX512]] = {{.*}}"target-features"="{{.*}}+avx512vl
// LLVM-NOT: attributes #[[GENERIC]] = {{.*}}"target-features"="{{.*}}+avx
// ASM:      fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_avx512:
// ASM:      zmm

// ARM: error: cannot embed kernels for "aarch64-unknown-linux-gnu": this compiler has them for "x86_64
func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E4M3FN>
  return
}
