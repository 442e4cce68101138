// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

// Every content and element type of a cache, the smallest and the largest head,
// a layout that is left open, and the handles.

// CHECK-LABEL: func private @contents(
// CHECK-SAME: !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, <pairs>>
// CHECK-SAME: !fp8attn.cache<key, heads = 1, head_dim = 576, page = 4096, f8E5M2, <pairs>>
// CHECK-SAME: !fp8attn.cache<value, heads = 1024, head_dim = 8, page = 96, bf16, <pairs>>
// CHECK-SAME: !fp8attn.cache<value, heads = 2, head_dim = 8, page = 32, bf16>
// CHECK-SAME: !fp8attn.cache<key_value, heads = 4, head_dim = 64, page = 16, i8, <nhd>>
// CHECK-SAME: !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 32, page = 64, i8, <pairs>>
// CHECK-SAME: !fp8attn.cache<key_value, heads = 1, head_dim = 8, page = 32, f4E2M1FN, <pairs>>
// CHECK-SAME: !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 32, page = 64, i4>
// CHECK-SAME: !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, page = 32, f8E4M3FN, <pairs>>
// CHECK-SAME: !fp8attn.cache<latent, heads = 3, head_dim = 8, value_head_dim = 8, page = 64, bf16>
func.func private @contents(
    !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>,
    !fp8attn.cache<key, heads = 1, head_dim = 576, page = 4096, f8E5M2, #fp8attn.layout<pairs>>,
    !fp8attn.cache<value, heads = 1024, head_dim = 8, page = 96, bf16, <pairs>>,
    !fp8attn.cache<value, heads = 2, head_dim = 8, page = 32, bf16>,
    !fp8attn.cache<key_value, heads = 4, head_dim = 64, page = 16, i8, #fp8attn.layout<nhd>>,
    !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 32, page = 64, i8, #fp8attn.layout<pairs>>,
    !fp8attn.cache<key_value, heads = 1, head_dim = 8, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>,
    !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 32, page = 64, i4>,
    !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>,
    !fp8attn.cache<latent, heads = 3, head_dim = 8, value_head_dim = 8, page = 64, bf16>)

// CHECK-LABEL: func private @handles(!fp8attn.work_item, !fp8attn.key_run)
func.func private @handles(!fp8attn.work_item, !fp8attn.key_run)
