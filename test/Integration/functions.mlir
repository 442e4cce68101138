// RUN: fp8attn-compile %s --mcpu=x86-64 -o %t.o
// RUN: llvm-nm --undefined-only --just-symbol-name %t.o | FileCheck %s

// The functions that fp8attn-expand-math replaces, for ExpandMathTest.cpp. No
// library is called for them.
// CHECK-NOT: {{^[^f]}}
// CHECK:     fp8attn_check_context
// CHECK-NOT: {{^[^f]}}
func.func @functions(%x: memref<?xf32> {fp8attn.name = "x"}, %y: memref<?x5xf32> {fp8attn.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %x[%i] : memref<?xf32>
    %tanh = math.tanh %v : f32
    memref.store %tanh, %y[%i, %c0] : memref<?x5xf32>
    %exp = math.exp %v : f32
    memref.store %exp, %y[%i, %c1] : memref<?x5xf32>
    %exp2 = math.exp2 %v : f32
    memref.store %exp2, %y[%i, %c2] : memref<?x5xf32>
    %log = math.log %v : f32
    memref.store %log, %y[%i, %c3] : memref<?x5xf32>
    %log2 = math.log2 %v : f32
    memref.store %log2, %y[%i, %c4] : memref<?x5xf32>
  }
  return
}

// What fp8attn-expand-small-floats replaces.
func.func @conversions(%x: memref<?xf32> {fp8attn.name = "x"}, %words: memref<?xbf16> {fp8attn.name = "words"},
    %halves: memref<?xf16> {fp8attn.name = "halves"}, %y: memref<?x2xf32> {fp8attn.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %x[%i] : memref<?xf32>
    %word = arith.truncf %v : f32 to bf16
    memref.store %word, %words[%i] : memref<?xbf16>
    %half = arith.truncf %v : f32 to f16
    memref.store %half, %halves[%i] : memref<?xf16>
    %from_word = arith.extf %word : bf16 to f32
    memref.store %from_word, %y[%i, %c0] : memref<?x2xf32>
    %from_half = arith.extf %half : f16 to f32
    memref.store %from_half, %y[%i, %c1] : memref<?x2xf32>
  }
  return
}

func.func @decodings(%e4m3: memref<?xf8E4M3FN> {fp8attn.name = "e4m3"}, %e5m2: memref<?xf8E5M2> {fp8attn.name = "e5m2"},
    %y: memref<?x2xf32> {fp8attn.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %e4m3, %c0 : memref<?xf8E4M3FN>
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.load %e4m3[%i] : memref<?xf8E4M3FN>
    %from_e4m3 = arith.extf %a : f8E4M3FN to f32
    memref.store %from_e4m3, %y[%i, %c0] : memref<?x2xf32>
    %b = memref.load %e5m2[%i] : memref<?xf8E5M2>
    %from_e5m2 = arith.extf %b : f8E5M2 to f32
    memref.store %from_e5m2, %y[%i, %c1] : memref<?x2xf32>
  }
  return
}
