// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

!pairs = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!rows = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>

// There and back.
// CHECK-LABEL: func @there_and_back
// CHECK: fp8attn.repack [[A:%.+]] into [[B:%.+]] : !fp8attn.cache<{{.+}}<pairs>>, !fp8attn.cache<{{.+}}<row_major>>
// CHECK: fp8attn.repack [[B]] into [[A]] : !fp8attn.cache<{{.+}}<row_major>>, !fp8attn.cache<{{.+}}<pairs>>
// CHECK: fp8attn.cache_num_pages [[A]] : <key_value
func.func @there_and_back(%a: !pairs, %b: !rows) -> index {
  fp8attn.repack %a into %b : !pairs, !rows
  fp8attn.repack %b into %a : !rows, !pairs
  %pages = fp8attn.cache_num_pages %a : !pairs
  return %pages : index
}
