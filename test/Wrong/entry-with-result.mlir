// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// An entry point returns its status.
// CHECK: error: 'func.func' op expects an entry point without results, because it returns a status, got 'index'
func.func @count() -> index {
  %c = arith.constant 1 : index
  return %c : index
}
