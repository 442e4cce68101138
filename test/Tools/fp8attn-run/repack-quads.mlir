// RUN: split-file %s %t
// RUN: fp8attn-run %t/to_quads.mlir --check --context=100,40 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/from_quads.mlir --check --context=100,40 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/to_vllm.mlir --check --context=100,40 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/from_vllm.mlir --check --context=100,40 --threads=2 | FileCheck %s
// RUN: fp8attn-run %t/between.mlir --check --context=100,40 --threads=2 | FileCheck %s

// Groups of four, ours and vLLM's, to and from the layout of the kernels: ours
// pads a head of 40 channels to 64 for keys and 48 for values. Between the two,
// keys move as bytes, and values element by element if a page has more than 64
// tokens.

// CHECK: check of to passed

//--- to_quads.mlir
!pairs40 = !fp8attn.cache<key_value, heads = 3, head_dim = 40, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
!quads40 = !fp8attn.cache<key_value, heads = 3, head_dim = 40, page = 64, f8E4M3FN, #fp8attn.layout<quads>>
func.func @to_quads(%from: !pairs40, %to: !quads40) {
  fp8attn.repack %from into %to : !pairs40, !quads40
  return
}

//--- from_quads.mlir
!pairs40 = !fp8attn.cache<key_value, heads = 3, head_dim = 40, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
!quads40 = !fp8attn.cache<key_value, heads = 3, head_dim = 40, page = 64, f8E4M3FN, #fp8attn.layout<quads>>
func.func @from_quads(%from: !quads40, %to: !pairs40) {
  fp8attn.repack %from into %to : !quads40, !pairs40
  return
}

//--- to_vllm.mlir
!pairs = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 128, f8E5M2, #fp8attn.layout<pairs>>
!vllm = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 128, f8E5M2, #fp8attn.layout<vllm_amx_fp8>>
func.func @to_vllm(%from: !pairs, %to: !vllm) {
  fp8attn.repack %from into %to : !pairs, !vllm
  return
}

//--- from_vllm.mlir
!pairs = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 128, f8E5M2, #fp8attn.layout<pairs>>
!vllm = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 128, f8E5M2, #fp8attn.layout<vllm_amx_fp8>>
func.func @from_vllm(%from: !vllm, %to: !pairs) {
  fp8attn.repack %from into %to : !vllm, !pairs
  return
}

//--- between.mlir
!quads = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 128, f8E5M2, #fp8attn.layout<quads>>
!vllm = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 128, f8E5M2, #fp8attn.layout<vllm_amx_fp8>>
func.func @between(%from: !vllm, %to: !quads) {
  fp8attn.repack %from into %to : !vllm, !quads
  return
}
