// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// CHECK: error: 'func.call' op cannot use 'attend', a function of the model, which needs a context; expects fp8attn.call of a function with 'fp8attn.entry'
func.func @attend(%x: memref<?x64xf32>) attributes {fp8attn.entry} {
  return
}
func.func @layer(%x: memref<?x64xf32>) {
  call @attend(%x) : (memref<?x64xf32>) -> ()
  return
}
