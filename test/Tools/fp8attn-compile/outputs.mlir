// RUN: fp8attn-compile %s -o - --mcpu=sapphirerapids --mtriple=x86_64-linux-gnu | FileCheck %s --check-prefix=ASM
// RUN: fp8attn-compile %s -o %t.ll --mcpu=sapphirerapids --mtriple=x86_64-linux-gnu && FileCheck %s --check-prefix=LLVM --input-file=%t.ll
// RUN: fp8attn-compile %s -o %t.bc --mcpu=sapphirerapids --mtriple=x86_64-linux-gnu && llvm-dis %t.bc -o - | FileCheck %s --check-prefix=LLVM
// RUN: fp8attn-compile %s -o %t.o --mcpu=sapphirerapids --mtriple=x86_64-linux-gnu && llvm-nm %t.o | FileCheck %s --check-prefix=OBJECT
// RUN: fp8attn-compile %s -o %t.data --emit=llvm-ir --mcpu=sapphirerapids --mtriple=x86_64-linux-gnu && FileCheck %s --check-prefix=LLVM --input-file=%t.data
// RUN: fp8attn-compile %s -o %t.data --emit=bitcode --mcpu=sapphirerapids --mtriple=x86_64-linux-gnu && llvm-dis %t.data -o - | FileCheck %s --check-prefix=LLVM
// RUN: fp8attn-compile %s -o %t.data --emit=assembly --mcpu=sapphirerapids --mtriple=x86_64-linux-gnu && FileCheck %s --check-prefix=ASM --input-file=%t.data
// RUN: fp8attn-compile %s -o %t.data --emit=header && FileCheck %s --check-prefix=HEADER --input-file=%t.data
// RUN: fp8attn-compile %s -o %t.json && fp8attn-compile %s --emit=json | diff %t.json - && FileCheck %s --check-prefix=JSON --input-file=%t.json
// RUN: fp8attn-compile %s -o %t.data --emit=object --mtriple=aarch64-linux-gnu --mcpu=generic && llvm-readelf -h %t.data | FileCheck %s --check-prefix=ARM

// The extension says what is written, --emit overrides it; another machine's
// code can be made on this one.

// ASM: quantize:
// LLVM-DAG: target triple = "x86_64-unknown-linux-gnu"
// LLVM-DAG: define {{.*}}i32 @quantize(ptr {{.*}}, ptr {{.*}}, ptr {{.*}}, ptr {{.*}})
// LLVM-DAG: define {{.*}}i64 @quantize_workspace_bytes(i32 {{.*}})
// OBJECT-DAG: T quantize
// OBJECT-DAG: T quantize_describe
// OBJECT-DAG: T quantize_workspace_bytes
// OBJECT-DAG: U fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_avx512
// OBJECT-DAG: U fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_generic
// HEADER: fp8attn_status quantize(fp8attn_context *context
// JSON: {"schema":1,"name":"quantize"
// ARM: Machine: {{.*}}AArch64
func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E4M3FN>
  return
}
