// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// CHECK: error: 'func.func' op expects no attribute 'fp8attn.entry_point' on an operation; did you mean 'fp8attn.entry'?
func.func @attend(%x: i32) attributes {fp8attn.entry_point} {
  return
}
