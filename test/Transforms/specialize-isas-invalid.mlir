// RUN: not fp8attn-opt %s --fp8attn-specialize-isas=isa=avx1024 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not fp8attn-opt %s --fp8attn-specialize-isas=isa=amx_bf16 2>&1 | FileCheck %s --check-prefix=LACKS
// RUN: not fp8attn-opt %s --fp8attn-specialize-isas='isa=generic fat' 2>&1 | FileCheck %s --check-prefix=BOTH

// UNKNOWN: error: expects isa to be generic, avx2, avx512, avx512_bf16 or amx_bf16, got 'avx1024'
// LACKS: error: the target 'znver4' cannot run amx_bf16: it lacks amx-tile, amx-bf16
// BOTH: error: expects one of isa and fat, got isa 'generic' and fat
module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "znver4">} {
}
