// REQUIRES: avx512-bf16
// RUN: fp8attn-run %s --check --isa-cap=avx512_bf16 | FileCheck %s --check-prefix=VECTORS
// RUN: fp8attn-run %s --check --isa-cap=generic | FileCheck %s --check-prefix=CAPPED
// RUN: not fp8attn-run %s --isa=avx512_bf16 --isa-cap=generic 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: env FP8ATTN_ISA=generic not fp8attn-run %s --isa=avx512_bf16 2>&1 | FileCheck %s --check-prefix=ENVIRONMENT

// The object has a body for each instruction set of the target; the cap picks
// a lower one than the CPU has, and where there is none the call says why.
// VECTORS: ran on avx512_bf16
// CAPPED: ran on generic
// CAPPED-NEXT: no better ISA: avx2: isa_cap of the context is generic
// NONE: error: no body of the object may run on this CPU under the ISA cap: avx512_bf16: isa_cap of the context is generic
// ENVIRONMENT: error: no body of the object may run on this CPU under the ISA cap: FP8ATTN_ISA is generic
func.func @attend(%query: memref<?x4x64xbf16>,
    %cache: !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>)
      cache(%cache : !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>)
  return
}
