// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A function beside the model that code of the model would call.
// CHECK: error: 'func.func' op expects a name that the C library does not have, because calls of its function would come here, got 'memcpy'
func.func @attend(%x: memref<?x64xf32>) attributes {fp8attn.entry} {
  return
}
func.func @memcpy(%x: i64) -> i64 {
  return %x : i64
}
