// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// Two functions of one name, in a module of others.
// CHECK: error: redefinition of symbol named 'attend'
func.func @attend(%x: i32) attributes {fp8attn.entry} {
  return
}
func.func @attend(%x: i32) -> i32 {
  return %x : i32
}
