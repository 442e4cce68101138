// RUN: split-file %s %t
// RUN: fp8attn-run %t/from_row_major_f8e4m3fn.mlir --check --context=100,40 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/to_row_major_bf16.mlir --check --context=100,40 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/to_vllm_amx_f8e4m3fn.mlir --check --context=100,40 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/from_vllm_amx_bf16.mlir --check --context=100,40 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/from_vllm_vector_f8e4m3fn.mlir --check --context=100,40 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/to_vllm_vector_bf16.mlir --check --context=100,40 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/write_and_export.mlir --check --context=100,40 --query-len=30,7 | FileCheck %s --check-prefix=EXPORT

// Any bytes, from one layout to the other.
// CHECK: check of to passed

//--- from_row_major_f8e4m3fn.mlir
func.func @from_row_major_f8e4m3fn(%from: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<row_major>>, %to: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>) {
  fp8attn.repack %from into %to : !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<row_major>>, !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
  return
}

//--- to_row_major_bf16.mlir
func.func @to_row_major_bf16(%from: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<pairs>>, %to: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<row_major>>) {
  fp8attn.repack %from into %to : !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<pairs>>, !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<row_major>>
  return
}

//--- to_vllm_amx_f8e4m3fn.mlir
func.func @to_vllm_amx_f8e4m3fn(%from: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>, %to: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<vllm_amx>>) {
  fp8attn.repack %from into %to : !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>, !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<vllm_amx>>
  return
}

//--- from_vllm_amx_bf16.mlir
func.func @from_vllm_amx_bf16(%from: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<vllm_amx>>, %to: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<pairs>>) {
  fp8attn.repack %from into %to : !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<vllm_amx>>, !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<pairs>>
  return
}

//--- from_vllm_vector_f8e4m3fn.mlir
func.func @from_vllm_vector_f8e4m3fn(%from: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<vllm_vector>>, %to: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>) {
  fp8attn.repack %from into %to : !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<vllm_vector>>, !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
  return
}

//--- to_vllm_vector_bf16.mlir
func.func @to_vllm_vector_bf16(%from: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<pairs>>, %to: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<vllm_vector>>) {
  fp8attn.repack %from into %to : !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<pairs>>, !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<vllm_vector>>
  return
}

//--- write_and_export.mlir
// The source is the cache that was written.
// EXPORT: check of cache passed
// EXPORT: check of to passed
func.func @write_and_export(%key: memref<?x8x64xbf16>, %value: memref<?x8x64xbf16>, %slots: memref<?xi64>,
    %cache: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>, %to: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<row_major>>) {
  fp8attn.kv_write key(%key : memref<?x8x64xbf16>) value(%value : memref<?x8x64xbf16>)
      slots(%slots : memref<?xi64>) cache(%cache : !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>)
  fp8attn.repack %cache into %to : !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>, !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<row_major>>
  return
}
