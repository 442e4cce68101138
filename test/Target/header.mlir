// RUN: fp8attn-compile %s --emit=header -o - | FileCheck %s
// RUN: fp8attn-compile %s -o %t.h && clang -std=c11 -Wall -Wextra -Werror -I %source_dir/include -fsyntax-only -x c %t.h
// RUN: clang -std=c++17 -Wall -Wextra -Werror -I %source_dir/include -fsyntax-only -x c++ %t.h

// The header declares each public function without results: names that the text
// does not have come from the roles of the arguments, sizes and layouts stand in
// comments.

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E5M2, #fp8attn.layout<pairs>>
#tensor = affine_map<(page, head, token, channel) -> ()>

// CHECK: #ifndef FP8ATTN_GENERATED_HEADER_H
// CHECK-NEXT: #define FP8ATTN_GENERATED_HEADER_H
// CHECK: #include "fp8attn/Runtime/fp8attn.h"

// CHECK: #define WRITE_KEYS_CACHE_PAGE_BYTES 32768
// CHECK: /// - key: bf16 [?, 8, 64], strides [?, 64, 1]
// CHECK-NEXT: /// - new_values: bf16 [?, 8, 64], row-major
// CHECK-NEXT: /// - slots: i64 [?], row-major
// CHECK-NEXT: /// - key_scale: f32 []
// CHECK-NEXT: /// - cache: key_value cache of f8E5M2, 8 heads, head size 64, pages of 32 tokens, layout pairs
// CHECK-NEXT: fp8attn_status write_keys(fp8attn_context *context,
// CHECK-NEXT: {{^ +}}const fp8attn_tensor *key,
// CHECK-NEXT: {{^ +}}const fp8attn_tensor *new_values,
// CHECK-NEXT: {{^ +}}const fp8attn_tensor *slots,
// CHECK-NEXT: {{^ +}}const fp8attn_tensor *key_scale,
// CHECK-NEXT: {{^ +}}const fp8attn_cache *cache);
// CHECK: int64_t write_keys_workspace_bytes(int32_t num_workers);
// CHECK: const char *write_keys_describe(void);
func.func @write_keys(%arg0: memref<?x8x64xbf16, strided<[?, 64, 1]>>,
                 %value: memref<?x8x64xbf16> {fp8attn.name = "new_values"},
                 %arg2: memref<?xi64>, %arg3: memref<f32>, %arg4: !cache) {
  fp8attn.kv_write
      key(%arg0 : memref<?x8x64xbf16, strided<[?, 64, 1]>>)
      value(%value : memref<?x8x64xbf16>) slots(%arg2 : memref<?xi64>)
      key_scale(%arg3 : memref<f32>, #tensor)
      value_scale(%arg3 : memref<f32>, #tensor)
      cache(%arg4 : !cache)
  return
}

// Scalars are passed by value; an argument that no operation of the model level
// uses is numbered, and "context" is taken.
// CHECK: fp8attn_status scalars(fp8attn_context *context,
// CHECK-NEXT: {{^ +}}int64_t arg0,
// CHECK-NEXT: {{^ +}}int32_t context_1,
// CHECK-NEXT: {{^ +}}float arg2);
func.func @scalars(%arg0: index, %b: i32 {fp8attn.name = "context"}, %arg2: f32) {
  return
}

// An i1 is bool: a byte.
// CHECK: /// - keep: bool [?, 8], row-major
// CHECK: fp8attn_status flags(fp8attn_context *context,
// CHECK-NEXT: {{^ +}}const fp8attn_tensor *keep);
func.func @flags(%keep: memref<?x8xi1> {fp8attn.name = "keep"}) {
  return
}

// CHECK-NOT: hidden
func.func private @hidden(%a: index) {
  return
}

!mixed = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
// CHECK: #define WRITE_MIXED_CACHE_PAGE_BYTES 40960
// CHECK: /// - cache: latent cache of f8E4M3FN, 1 heads, head size 576, of values 512, the last 64 channels bf16, pages of 64 tokens, layout pairs
func.func @write_mixed(%key: memref<?x1x576xbf16>, %slots: memref<?xi64>, %scale: memref<f32>, %cache: !mixed) {
  fp8attn.kv_write key(%key : memref<?x1x576xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<f32>, #tensor) cache(%cache : !mixed)
  return
}

// CHECK-NOT: has_result
func.func @has_result(%a: index) -> index {
  return %a : index
}
