// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A module that is not all of the model, and does not say what is.
// CHECK: error: 'func.func' op expects a function with a body
// CHECK: note: in a module of which no function has 'fp8attn.entry', every function is of the model and every public one an entry point
func.func private @my_gemm(memref<?x64xf32>)
func.func @attend(%x: memref<?x64xf32>) {
  call @my_gemm(%x) : (memref<?x64xf32>) -> ()
  return
}
