// RUN: fp8attn-opt %s --fp8attn-specialize-isas --verify-diagnostics

// The body for an ISA has a name that nothing else may have.
module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "sapphirerapids">} {
  // expected-error@below {{'func.func' op expects no other symbol 'f.generic', the name of the body of 'f' for generic}}
  func.func @f(%x: memref<8xbf16>, %s: f32, %y: memref<8xf8E5M2>) {
    fp8attn.tile.quantize %x, %s into %y : memref<8xbf16>, memref<8xf8E5M2>
    return
  }
  // expected-note@below {{the other symbol is here}}
  func.func private @f.generic() {
    return
  }
}
