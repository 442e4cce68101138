// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// CHECK: error: 'func.func' op expects a function without results at 'fp8attn.entry', because it returns a status, got 'i32'
func.func @attend(%x: i32) -> i32 attributes {fp8attn.entry} {
  return %x : i32
}
