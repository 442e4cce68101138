// RUN: fp8attn-opt %s --fp8attn-outline-parallel --split-input-file --verify-diagnostics

func.func @two_dimensions(%n: index) {
  // expected-error@below {{'scf.forall' op expects a loop of one dimension from 0 in steps of 1 without results}}
  scf.forall (%i, %j) in (%n, %n) {
  }
  return
}

// -----

func.func @nested(%n: index) {
  // expected-error@below {{'scf.forall' op expects no parallel loop within a parallel loop, because its workers have one scratch and return no status}}
  scf.forall (%i) in (%n) {
    scf.forall (%j) in (%n) {
    }
  }
  return
}

// -----

// A function that is called counts, too.
func.func private @helper(%n: index) {
  scf.forall (%i) in (%n) {
  }
  return
}

func.func @call(%n: index) {
  // expected-error@below {{'scf.forall' op expects no parallel loop within a parallel loop}}
  scf.forall (%i) in (%n) {
    func.call @helper(%n) : (index) -> ()
  }
  return
}
