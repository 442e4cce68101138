// RUN: fp8attn-opt %s --split-input-file --remarks-filter=fp8attn --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels{mix-isas}))' -o /dev/null 2>&1 | FileCheck %s
// RUN: fp8attn-opt %s --split-input-file --remarks-filter=fp8attn --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels))' -o /dev/null 2>&1 | FileCheck %s --check-prefix=PURE

// Decode of 4 rows a key from slow memory: all kernels wait for it, and the one that
// computes least wins.

// CHECK: chose fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_amx_bf16 + fp8attn_uk_pv_bf16_e4m3_f32_48x256x16_amx_bf16: {{[0-9.]+}} cycles a key for 4 rows (computes {{[0-9.]+}}, reads 256 bytes from memory in 85.3)
// CHECK: not fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_avx512 + {{[a-z0-9_]+}}: no faster: it waits for the same bytes, and computes longer
// A sequence that the block table limits to 64 keys stays in L1.
// CHECK: chose fp8attn_uk_qk_{{[a-z0-9_]+}}_amx_bf16 + {{[a-z0-9_]+}}: {{[0-9.]+}} cycles a key for 48 rows (computes {{[0-9.]+}}, reads 256 bytes from L1 in 4.0)
module attributes {dlti.target_system_spec = #dlti.target_system_spec<
    "CPU" = #dlti.target_device_spec<"memory_bytes_per_cycle" = 3 : i32>>} {
  func.func @slow_memory(%query: memref<?x32x128xbf16>, %cache: !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>,
      %scale: memref<f32>, %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x2xi32>,
      %out: memref<?x32x128xbf16>) attributes {fp8attn.isa = #fp8attn.isa<amx_bf16>} {
    fp8attn.paged_attention query(%query : memref<?x32x128xbf16>)
        cache(%cache : !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>)
        key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
        value_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
        batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x2xi32>)
        out(%out : memref<?x32x128xbf16>) {softcap = 50.0 : f32}
    return
  }
}

// -----

// Sizes may be of any integer type. 2,048 keys are assumed where the block table
// has no limit: 512 KB do not fit in a L2 of 256 KB, but in a core's share of L3.
// CPUs of Intel begin a product of bf16 every second cycle: AVX-512 wins if ISAs may be
// mixed.
// CHECK: chose fp8attn_uk_qk_{{[a-z0-9_]+}}_avx512 + {{[a-z0-9_]+}}: {{[0-9.]+}} cycles a key for 4 rows (computes {{[0-9.]+}}, reads 256 bytes from memory in 4.0)
// CHECK: not fp8attn_uk_qk_{{[a-z0-9_]+}}_avx512_bf16 + {{[a-z0-9_]+}}: 1.{{[0-9]}} times as many cycles
// PURE: chose fp8attn_uk_qk_{{[a-z0-9_]+}}_avx512_bf16 + {{[a-z0-9_]+}}: {{[0-9.]+}} cycles a key for 4 rows
// PURE: not fp8attn_uk_qk_{{[a-z0-9_]+}}_avx512 + {{[a-z0-9_]+}}: 0.{{[0-9]}} times as many cycles, but sums in another order than prefill; mix-isas allows it
// CHECK: chose fp8attn_uk_qk_{{[a-z0-9_]+}}_avx512 + {{[a-z0-9_]+}}: {{[0-9.]+}} cycles a key for 48 rows (computes {{[0-9.]+}}, reads 256 bytes from L3 in 32.0)
module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "sapphirerapids">,
    dlti.target_system_spec = #dlti.target_system_spec<
    "CPU" = #dlti.target_device_spec<
      "L1_cache_size_in_bytes" = 32768 : ui32, "L2_cache_size_in_bytes" = 262144 : i64,
      "L3_cache_size_in_bytes" = 4194304 : i64, "num_cores" = 4 : i32,
      "memory_bytes_per_cycle" = 64.0 : f32>>} {
  func.func @fast_memory(%query: memref<?x32x128xbf16>, %cache: !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E5M2, #fp8attn.layout<pairs>>,
      %scale: memref<f32>, %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
      %out: memref<?x32x128xbf16>) attributes {fp8attn.isa = #fp8attn.isa<avx512_bf16>} {
    fp8attn.paged_attention query(%query : memref<?x32x128xbf16>)
        cache(%cache : !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E5M2, #fp8attn.layout<pairs>>)
        key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
        value_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
        batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
        out(%out : memref<?x32x128xbf16>) {softcap = 50.0 : f32}
    return
  }
}
