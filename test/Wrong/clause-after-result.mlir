// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A clause behind the types of results.
// CHECK: error: custom op 'fp8attn.attention' expects clause 'out' before '->'
!x = tensor<2x2x4x64xf32>
func.func @attend(%x: !x, %y: !x) -> !x {
  %result = fp8attn.attention query(%x : !x) key(%x : !x) value(%x : !x) -> !x out(%y : !x)
  return %result : !x
}
