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

!small = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 1, bf16, #fp8attn.layout<nhd>>
!fnuz = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 16, f8E4M3FNUZ, #fp8attn.layout<nhd>>
!fp8 = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>

// CHECK-LABEL: func @convert
// CHECK: fp8attn.repack %{{.+}} into %{{.+}} pages(%{{.+}} : memref<?x33xi32>) key_scale(%{{.+}} : memref<8xf32>, {{.+}}) : {{.+}}page = 1, bf16{{.+}}page = 32, f8E4M3FN,
// CHECK: fp8attn.repack %{{.+}} into %{{.+}} : {{.+}}page = 16, f8E4M3FNUZ{{.+}}page = 32, f8E4M3FN,
func.func @convert(%small: !small, %fnuz: !fnuz, %fp8: !fp8, %pages: memref<?x33xi32>, %scale: memref<8xf32>) {
  fp8attn.repack %small into %fp8 pages(%pages : memref<?x33xi32>)
      key_scale(%scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>) : !small, !fp8
  fp8attn.repack %fnuz into %fp8 : !fnuz, !fp8
  return
}
