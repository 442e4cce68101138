// RUN: fp8attn-compile %s --explain=all --mcpu=haswell | FileCheck %s --check-prefix=HASWELL
// RUN: fp8attn-compile %s --explain=all --mcpu=rocketlake --isa=avx512 | FileCheck %s --check-prefix=ROCKETLAKE
// RUN: fp8attn-compile %s --explain=all --mcpu=znver3 | FileCheck %s --check-prefix=ZEN3
// RUN: fp8attn-compile %s --explain=all --mcpu=znver4 | FileCheck %s --check-prefix=ZEN4
// RUN: fp8attn-compile %s --explain=all --mcpu=znver5 | FileCheck %s --check-prefix=ZEN5
// RUN: fp8attn-compile %s --explain=all --mcpu=cooperlake --isa=avx512 | FileCheck %s --check-prefix=SAPPHIRE
// RUN: fp8attn-compile %s --explain=all --mcpu=emeraldrapids | FileCheck %s --check-prefix=SAPPHIRE
// RUN: fp8attn-compile %s --explain=all --mcpu=graniterapids | FileCheck %s --check-prefix=GRANITE
// RUN: fp8attn-compile %s --explain=all --mcpu=diamondrapids | FileCheck %s --check-prefix=GRANITE
// RUN: fp8attn-compile %s --explain=all --mcpu=x86-64 --fat | FileCheck %s --check-prefix=FAT
// RUN: fp8attn-opt %s --remarks-filter=fp8attn --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels))' -o /dev/null 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// Costs are those of the class of CPUs that the features tell.
// HASWELL:    f, body avx2, phase decode: 4 rows, 512 bytes a key from memory, costs of skylake{{$}}
// ROCKETLAKE: f, body avx512, phase decode: 4 rows, 512 bytes a key from memory, costs of skylake{{$}}
// ZEN3:       f, body generic, phase decode: {{.*}}, costs of zen3{{$}}
// ZEN3:       f, body avx2, phase decode: {{.*}}, costs of zen3{{$}}
// ZEN4:       f, body generic, phase decode: {{.*}}, costs of zen4{{$}}
// ZEN4:       f, body avx512_bf16, phase decode: {{.*}}, costs of zen4{{$}}
// ZEN5:       f, body avx512_bf16, phase decode: {{.*}}, costs of zen5{{$}}
// SAPPHIRE:   f, body avx512, phase decode: {{.*}}, costs of sapphirerapids{{$}}
// GRANITE:    f, body amx_bf16, phase decode: {{.*}}, costs of graniterapids{{$}}

// In an object for any CPU, a body is for those that run it: Intel's take that for AVX-512
// rather than that with products of bf16.
// FAT:        f, body avx2, phase decode: {{.*}}, costs of skylake{{$}}
// FAT:        f, body avx512, phase decode: {{.*}}, costs of skylake{{$}}
// FAT:        f, body avx512_bf16, phase decode: {{.*}}, costs of zen4{{$}}
// FAT:        f, body amx_bf16, phase decode: {{.*}}, costs of sapphirerapids{{$}}

// UNKNOWN: remark: [Passed] SelectKernels
// UNKNOWN-SAME: Costs=skylake

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>

func.func @f(%query: memref<?x32x128xbf16>, %cache: !kv,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x32x128xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}
