// RUN: split-file %s %t
// RUN: fp8attn-run %t/list.mlir --check --context=300,40,77 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/pad.mlir --check --context=300,40 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/common_values.mlir --check --context=300,40 | FileCheck %s
// RUN: fp8attn-run %t/common_pairs.mlir --check --context=300,40 | FileCheck %s
// RUN: fp8attn-run %t/amx_padded.mlir --check --context=300,40 | FileCheck %s
// RUN: fp8attn-run %t/divide.mlir --check --context=300,40,77 | FileCheck %s --check-prefix=DIVIDE

// CHECK: check of to passed

//--- list.mlir
// Half of the pages, to some of a larger cache.
!padded = !fp8attn.cache<key_value, heads = 3, head_dim = 40, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
!rows = !fp8attn.cache<key_value, heads = 3, head_dim = 40, page = 64, f8E4M3FN, #fp8attn.layout<row_major>>
func.func @list(%from: !padded, %to: !rows, %pages: memref<?x2xi32>) {
  fp8attn.repack %from into %to pages(%pages : memref<?x2xi32>) : !padded, !rows
  return
}

//--- pad.mlir
// Padding becomes zeros.
!padded = !fp8attn.cache<key_value, heads = 3, head_dim = 40, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
!rows = !fp8attn.cache<key_value, heads = 3, head_dim = 40, page = 64, f8E4M3FN, #fp8attn.layout<row_major>>
func.func @pad(%from: !rows, %to: !padded) {
  fp8attn.repack %from into %to : !rows, !padded
  return
}

//--- common_values.mlir
// Bytes where layouts agree: the values.
!rows = !fp8attn.cache<key_value, heads = 3, head_dim = 40, page = 64, f8E4M3FN, #fp8attn.layout<row_major>>
!vector = !fp8attn.cache<key_value, heads = 3, head_dim = 40, page = 64, f8E4M3FN, #fp8attn.layout<vllm_vector>>
func.func @common_values(%from: !rows, %to: !vector) {
  fp8attn.repack %from into %to : !rows, !vector
  return
}

//--- common_pairs.mlir
// And everything.
!bf16 = !fp8attn.cache<key_value, heads = 3, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!amx = !fp8attn.cache<key_value, heads = 3, head_dim = 64, page = 32, bf16, #fp8attn.layout<vllm_amx>>
func.func @common_pairs(%from: !bf16, %to: !amx) {
  fp8attn.repack %from into %to : !bf16, !amx
  return
}

//--- amx_padded.mlir
// Keys are padded to 64 channels, values are not.
!padded48 = !fp8attn.cache<key_value, heads = 3, head_dim = 48, page = 64, bf16, #fp8attn.layout<pairs>>
!amx48 = !fp8attn.cache<key_value, heads = 3, head_dim = 48, page = 64, bf16, #fp8attn.layout<vllm_amx>>
func.func @amx_padded(%from: !amx48, %to: !padded48) {
  fp8attn.repack %from into %to : !amx48, !padded48
  return
}

//--- divide.mlir
// Within a cache; any padding is copied as it is.
// DIVIDE: check of pool passed
!padded = !fp8attn.cache<key_value, heads = 3, head_dim = 40, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @divide(%pool: !padded, %pages: memref<?x2xi32>) {
  fp8attn.repack %pool into %pool pages(%pages : memref<?x2xi32>) : !padded, !padded
  return
}
