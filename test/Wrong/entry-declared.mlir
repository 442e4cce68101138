// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// An entry point that somebody else has.
// CHECK: error: 'func.func' op expects a public function with a body at 'fp8attn.entry', because hosts call it, got 'attend', which has no body
func.func private @attend(memref<?x64xf32>) attributes {fp8attn.entry}
