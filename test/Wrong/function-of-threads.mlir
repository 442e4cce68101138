// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// The pool of the runtime would call the function.
// CHECK: error: 'func.func' op expects a name that the C library does not have, because calls of its function would come here, got 'pthread_create'
func.func @pthread_create(%query: memref<1x2x8x64xf32>, %out: memref<1x2x8x64xf32>) {
  fp8attn.attention query(%query : memref<1x2x8x64xf32>) key(%query : memref<1x2x8x64xf32>)
      value(%query : memref<1x2x8x64xf32>) out(%out : memref<1x2x8x64xf32>)
  return
}
