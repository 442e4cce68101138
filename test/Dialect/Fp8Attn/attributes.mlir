// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

// CHECK-LABEL: func private @isas
// CHECK-SAME: fp8attn.isa = #fp8attn.isa<amx_bf16>
func.func private @isas() attributes {fp8attn.isa = #fp8attn.isa<amx_bf16>}

// CHECK-LABEL: func private @names(memref<4xf32> {fp8attn.name = "key_scale"})
func.func private @names(memref<4xf32> {fp8attn.name = "key_scale"})

// CHECK-LABEL: func private @values
// CHECK-SAME: all = [#fp8attn.isa<generic>, #fp8attn.isa<avx2>, #fp8attn.isa<avx512>, #fp8attn.isa<avx512_bf16>, #fp8attn.layout<pairs>,
// CHECK-SAME: #fp8attn.layout<row_major>, #fp8attn.layout<vllm_amx>, #fp8attn.layout<vllm_vector>,
// CHECK-SAME: #fp8attn.layout<quads>, #fp8attn.layout<vllm_amx_fp8>,
// CHECK-SAME: #fp8attn.layout<hnd>, #fp8attn.layout<nhd>, #fp8attn.layout<hnd_packed>, #fp8attn.layout<flash_mla>]
func.func private @values() attributes {
  all = [#fp8attn.isa<generic>, #fp8attn.isa<avx2>, #fp8attn.isa<avx512>, #fp8attn.isa<avx512_bf16>, #fp8attn.layout<pairs>,
         #fp8attn.layout<row_major>, #fp8attn.layout<vllm_amx>, #fp8attn.layout<vllm_vector>,
         #fp8attn.layout<quads>, #fp8attn.layout<vllm_amx_fp8>,
         #fp8attn.layout<hnd>, #fp8attn.layout<nhd>, #fp8attn.layout<hnd_packed>, #fp8attn.layout<flash_mla>]}

// Attributes of other dialects may stand anywhere.
// CHECK-LABEL: func private @others(memref<4xf32> {llvm.noalias})
// CHECK-SAME: attributes {llvm.linkage
func.func private @others(memref<4xf32> {llvm.noalias}) attributes {llvm.linkage = #llvm.linkage<external>}

// CHECK-LABEL: func @on_operations
// CHECK: fp8attn.repack {{.*}} {llvm.comment = "a copy"}
func.func @on_operations(%a: !fp8attn.cache<key, heads = 1, head_dim = 64, page = 32, bf16>,
                         %b: !fp8attn.cache<key, heads = 1, head_dim = 64, page = 32, bf16>) {
  fp8attn.repack %a into %b {llvm.comment = "a copy"}
      : !fp8attn.cache<key, heads = 1, head_dim = 64, page = 32, bf16>, !fp8attn.cache<key, heads = 1, head_dim = 64, page = 32, bf16>
  return
}
