// RUN: fp8attn-compile %s --explain=all --isa=amx_bf16 | FileCheck %s

// A virtual machine may name another chip than it has: features count.
// CHECK: f, body amx_bf16, phase decode: 4 rows, 512 bytes a key from memory, costs of sapphirerapids{{$}}
// CHECK: f, body amx_bf16, phase prefill: 48 rows, 512 bytes a key from L2, costs of sapphirerapids{{$}}

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>

module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "rocketlake",
    features = <["+avx512bf16", "+amx-tile", "+amx-bf16"]>>} {
  func.func @f(%query: memref<?x32x128xbf16>, %cache: !kv,
      %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
      %out: memref<?x32x128xbf16>) {
    fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
        batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
        out(%out : memref<?x32x128xbf16>)
    return
  }
}
