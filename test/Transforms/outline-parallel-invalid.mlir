// RUN: fp8attn-opt %s --fp8attn-outline-parallel --split-input-file --verify-diagnostics

func.func @two_dimensions(%n: index) {
  // expected-error@below {{'scf.forall' op expects a loop of one dimension from 0 in steps of 1 without results}}
  scf.forall (%i, %j) in (%n, %n) {
  }
  return
}
