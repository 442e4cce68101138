// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s

// CHECK-LABEL: func.func @entry
// CHECK-SAME:    attributes {fp8attn.entry}
func.func @entry(%x: memref<?x64xf32>, %n: index) attributes {fp8attn.entry} {
  return
}

func.func @nothing() attributes {fp8attn.entry} {
  return
}

// A memref of less that is static.
// CHECK-LABEL: func.func @layer
// CHECK-SAME:    (%[[CONTEXT:.*]]: !fp8attn.context, %[[X:.*]]: memref<?x?xf32, strided<[?, ?], offset: ?>>, %[[N:.*]]: index)
// CHECK:         %{{.*}} = fp8attn.call @entry(%[[CONTEXT]], %[[X]], %[[N]]) : memref<?x?xf32, strided<[?, ?], offset: ?>>, index
// CHECK:         %{{.*}} = fp8attn.call @nothing(%[[CONTEXT]]){{$}}
func.func @layer(%context: !fp8attn.context, %x: memref<?x?xf32, strided<[?, ?], offset: ?>>, %n: index) -> i32 {
  %0 = fp8attn.call @entry(%context, %x, %n) : memref<?x?xf32, strided<[?, ?], offset: ?>>, index
  %1 = fp8attn.call @nothing(%context)
  return %0 : i32
}

// CHECK-LABEL: func.func @views
// CHECK:         fp8attn.cache_view %{{.*}} : memref<?xi8> to !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
// CHECK:         fp8attn.cache_view %{{.*}} : memref<?x8192xbf16, strided<[8192, 1], offset: ?>> to !fp8attn.cache
// CHECK:         fp8attn.cache_view %{{.*}} : memref<3x16384xi8> to !fp8attn.cache
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
func.func @views(%x: memref<?xi8>, %y: memref<?x8192xbf16, strided<[8192, 1], offset: ?>>, %z: memref<3x16384xi8>) {
  %0 = fp8attn.cache_view %x : memref<?xi8> to !kv
  %1 = fp8attn.cache_view %y : memref<?x8192xbf16, strided<[8192, 1], offset: ?>> to !kv
  %2 = fp8attn.cache_view %z : memref<3x16384xi8> to !kv
  return
}
