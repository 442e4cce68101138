// RUN: fp8attn-opt %s --convert-fp8attn-to-llvm | FileCheck %s

// Functions that are called along many paths are looked at once each: there
// are 2^40 paths from f to the last.

func.func private @g0() { call @g1() : () -> () call @g1() : () -> () return }
func.func private @g1() { call @g2() : () -> () call @g2() : () -> () return }
func.func private @g2() { call @g3() : () -> () call @g3() : () -> () return }
func.func private @g3() { call @g4() : () -> () call @g4() : () -> () return }
func.func private @g4() { call @g5() : () -> () call @g5() : () -> () return }
func.func private @g5() { call @g6() : () -> () call @g6() : () -> () return }
func.func private @g6() { call @g7() : () -> () call @g7() : () -> () return }
func.func private @g7() { call @g8() : () -> () call @g8() : () -> () return }
func.func private @g8() { call @g9() : () -> () call @g9() : () -> () return }
func.func private @g9() { call @g10() : () -> () call @g10() : () -> () return }
func.func private @g10() { call @g11() : () -> () call @g11() : () -> () return }
func.func private @g11() { call @g12() : () -> () call @g12() : () -> () return }
func.func private @g12() { call @g13() : () -> () call @g13() : () -> () return }
func.func private @g13() { call @g14() : () -> () call @g14() : () -> () return }
func.func private @g14() { call @g15() : () -> () call @g15() : () -> () return }
func.func private @g15() { call @g16() : () -> () call @g16() : () -> () return }
func.func private @g16() { call @g17() : () -> () call @g17() : () -> () return }
func.func private @g17() { call @g18() : () -> () call @g18() : () -> () return }
func.func private @g18() { call @g19() : () -> () call @g19() : () -> () return }
func.func private @g19() { call @g20() : () -> () call @g20() : () -> () return }
func.func private @g20() { call @g21() : () -> () call @g21() : () -> () return }
func.func private @g21() { call @g22() : () -> () call @g22() : () -> () return }
func.func private @g22() { call @g23() : () -> () call @g23() : () -> () return }
func.func private @g23() { call @g24() : () -> () call @g24() : () -> () return }
func.func private @g24() { call @g25() : () -> () call @g25() : () -> () return }
func.func private @g25() { call @g26() : () -> () call @g26() : () -> () return }
func.func private @g26() { call @g27() : () -> () call @g27() : () -> () return }
func.func private @g27() { call @g28() : () -> () call @g28() : () -> () return }
func.func private @g28() { call @g29() : () -> () call @g29() : () -> () return }
func.func private @g29() { call @g30() : () -> () call @g30() : () -> () return }
func.func private @g30() { call @g31() : () -> () call @g31() : () -> () return }
func.func private @g31() { call @g32() : () -> () call @g32() : () -> () return }
func.func private @g32() { call @g33() : () -> () call @g33() : () -> () return }
func.func private @g33() { call @g34() : () -> () call @g34() : () -> () return }
func.func private @g34() { call @g35() : () -> () call @g35() : () -> () return }
func.func private @g35() { call @g36() : () -> () call @g36() : () -> () return }
func.func private @g36() { call @g37() : () -> () call @g37() : () -> () return }
func.func private @g37() { call @g38() : () -> () call @g38() : () -> () return }
func.func private @g38() { call @g39() : () -> () call @g39() : () -> () return }
func.func private @g39() { call @g40() : () -> () call @g40() : () -> () return }
func.func private @g40() { return }
// CHECK: llvm.func @f(%{{.+}}: !llvm.ptr) -> i32
func.func @f() {
  call @g0() : () -> ()
  return
}
