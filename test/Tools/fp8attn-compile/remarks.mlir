// RUN: fp8attn-compile %s -o %t.o --remarks 2>&1 | FileCheck %s
// RUN: fp8attn-compile %s -o %t.o 2>&1 | count 0

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>

// --remarks says which kernels were chosen for each body, on stderr.

// CHECK-DAG: remark: [Passed] SelectKernels | {{.*}}Function=f.generic{{.*}}chose fp8attn_uk_
// CHECK-DAG: remark: [Passed] SelectKernels | {{.*}}Function=f.avx512_bf16{{.*}}chose fp8attn_uk_
// CHECK-DAG: remark: [Analysis] SelectKernels | {{.*}}not fp8attn_uk_
module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "znver4">} {
  func.func @f(%query: memref<?x32x128xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
      %table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) {
    fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
        batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
        out(%out : memref<?x32x128xbf16>)
    return
  }
}
