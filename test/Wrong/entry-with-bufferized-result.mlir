// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// Bufferization leaves a result that is an argument.
// CHECK: error: 'func.func' op expects an entry point without results, because it returns a status, got 'memref<1x2x8x64xf32>'
// CHECK: note: fp8attn-drop-returned-arguments drops those that are arguments (docs/Tensors.md)
!rows = memref<1x2x8x64xf32>
func.func @f(%query: !rows, %key: !rows, %out: !rows) -> !rows {
  fp8attn.attention query(%query : !rows) key(%key : !rows) value(%key : !rows) out(%out : !rows)
  return %out : !rows
}
