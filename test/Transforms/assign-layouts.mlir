// RUN: fp8attn-opt %s --fp8attn-assign-layouts | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-assign-layouts > %t
// RUN: fp8attn-opt %t --fp8attn-assign-layouts | diff %t -
// RUN: fp8attn-opt %s --fp8attn-to-llvm -o /dev/null

!open = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN>
!bf16 = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16>
!rows = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<row_major>>
#head = affine_map<(page, head, token, channel) -> (head)>

// Arguments, uses and calls of a cache whose layout was left open get that of
// the kernels.
// CHECK-LABEL: func.func @attend
// CHECK-SAME:    !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, <pairs>>
// CHECK:         fp8attn.paged_attention {{.*}} : !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, <pairs>>)
func.func @attend(%query: memref<?x32x128xbf16>, %cache: !open, %scale: memref<8xf32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !open)
      key_scale(%scale : memref<8xf32>, #head) value_scale(%scale : memref<8xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}

// Layouts that are given stay: this converts from one of another program.
// CHECK-LABEL: func.func @import
// CHECK:         fp8attn.repack %{{.+}} into %{{.+}} : !fp8attn.cache<{{.*}}, bf16, <row_major>>, !fp8attn.cache<{{.*}}, bf16, <pairs>>
func.func @import(%from: !rows, %to: !bf16) {
  fp8attn.repack %from into %to : !rows, !bf16
  return
}

// Types inside of attributes, too.
// CHECK:       func.func private @annotated({{.*}} !fp8attn.cache<key_value, {{.*}}, f8E4M3FN, <pairs>>)
// CHECK-SAME:    user.type = !fp8attn.cache<key_value, {{.*}}, bf16, <pairs>>
func.func private @annotated(%cache: !open) attributes {user.type = !bf16} {
  return
}
