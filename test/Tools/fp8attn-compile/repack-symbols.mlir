// RUN: fp8attn-compile %s --mtriple=x86_64-unknown-linux-gnu --mcpu=x86-64 -o %t.o
// RUN: llvm-nm --undefined-only --just-symbol-name %t.o | FileCheck %s
// RUN: fp8attn-compile %s --mtriple=aarch64-unknown-linux-gnu --mcpu=generic -o %t.o
// RUN: llvm-nm --undefined-only --just-symbol-name %t.o | FileCheck %s

// Copies of bytes, and zeros, are loops of our own: no memcpy, no memset.
// CHECK-NOT: {{^[^f]}}
// CHECK:     fp8attn_check_pages
// CHECK-NOT: {{^[^f]}}

!pairs = !fp8attn.cache<key_value, heads = 8, head_dim = 72, page = 32, bf16, #fp8attn.layout<pairs>>
!rows = !fp8attn.cache<key_value, heads = 8, head_dim = 72, page = 32, bf16, #fp8attn.layout<row_major>>

func.func @copy(%from: !pairs, %to: !pairs, %pages: memref<?x2xi32>) {
  fp8attn.repack %from into %to pages(%pages : memref<?x2xi32>) : !pairs, !pairs
  return
}

func.func @within(%pool: !pairs, %pages: memref<?x2xi32>) {
  fp8attn.repack %pool into %pool pages(%pages : memref<?x2xi32>) : !pairs, !pairs
  return
}

func.func @pad(%from: !rows, %to: !pairs) {
  fp8attn.repack %from into %to : !rows, !pairs
  return
}
