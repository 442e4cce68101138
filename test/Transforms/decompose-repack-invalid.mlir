// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-repack))' --verify-diagnostics

!open = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16>
!rows = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<row_major>>

// Nobody has said where the elements are.
func.func @open(%from: !open, %to: !rows) {
  // expected-error@below {{cannot move elements of a cache without a layout, got '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16>'; fp8attn-assign-layouts gives it one}}
  fp8attn.repack %from into %to : !open, !rows
  return
}
