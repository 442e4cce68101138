// Entry points whose operations stand among others, for ControlFlowTest.cpp.
// RUN: fp8attn-compile %s -o %t.o

!x = memref<?x32xf32>
!codes = memref<?x32xf8E4M3FN>
#tensor = affine_map<(t, c) -> ()>

func.func @branches(%x: !x {fp8attn.name = "x"}, %scale: memref<f32> {fp8attn.name = "scale"},
    %codes: !codes {fp8attn.name = "codes"}, %skip: i32 {fp8attn.name = "skip"}) {
  %c0 = arith.constant 0 : i32
  %none = arith.cmpi ne, %skip, %c0 : i32
  cf.cond_br %none, ^end, ^work
^work:
  fp8attn.quantize %x scale(%scale, #tensor) into %codes : !x, memref<f32>, !codes
  cf.br ^end
^end:
  return
}

// Each row has a scale.
func.func @rows(%x: !x {fp8attn.name = "x"}, %scales: memref<?xf32> {fp8attn.name = "scales"},
    %codes: !codes {fp8attn.name = "codes"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : !x
  scf.for %i = %c0 to %n step %c1 {
    %row = memref.subview %x[%i, 0] [1, 32] [1, 1]
        : !x to memref<1x32xf32, strided<[32, 1], offset: ?>>
    %scale = memref.subview %scales[%i] [1] [1]
        : memref<?xf32> to memref<f32, strided<[], offset: ?>>
    %out = memref.subview %codes[%i, 0] [1, 32] [1, 1]
        : !codes to memref<1x32xf8E4M3FN, strided<[32, 1], offset: ?>>
    fp8attn.quantize %row scale(%scale, #tensor) into %out
        : memref<1x32xf32, strided<[32, 1], offset: ?>>, memref<f32, strided<[], offset: ?>>,
          memref<1x32xf8E4M3FN, strided<[32, 1], offset: ?>>
  }
  return
}

// Memory of its own, and functions that are not called from outside.
func.func private @to_codes(%x: !x, %scale: memref<f32>, %codes: !codes) {
  fp8attn.quantize %x scale(%scale, #tensor) into %codes : !x, memref<f32>, !codes
  return
}
func.func @round_trip(%x: !x {fp8attn.name = "x"}, %scale: memref<f32> {fp8attn.name = "scale"},
    %y: !x {fp8attn.name = "y"}) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : !x
  %codes = memref.alloc(%n) : !codes
  call @to_codes(%x, %scale, %codes) : (!x, memref<f32>, !codes) -> ()
  fp8attn.dequantize %codes scale(%scale, #tensor) into %y : !codes, memref<f32>, !x
  memref.dealloc %codes : !codes
  return
}

// Results of a private function, memory and a number, beside its status.
func.func private @new_codes(%x: !x, %scale: memref<f32>) -> (index, !codes) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : !x
  %codes = memref.alloc(%n) : !codes
  fp8attn.quantize %x scale(%scale, #tensor) into %codes : !x, memref<f32>, !codes
  return %n, %codes : index, !codes
}
func.func @last_row(%x: !x {fp8attn.name = "x"}, %scale: memref<f32> {fp8attn.name = "scale"},
    %y: !x {fp8attn.name = "y"}) {
  %c1 = arith.constant 1 : index
  %n, %codes = call @new_codes(%x, %scale) : (!x, memref<f32>) -> (index, !codes)
  %last = arith.subi %n, %c1 : index
  %row = memref.subview %codes[%last, 0] [1, 32] [1, 1]
      : !codes to memref<1x32xf8E4M3FN, strided<[32, 1], offset: ?>>
  %out = memref.subview %y[0, 0] [1, 32] [1, 1]
      : !x to memref<1x32xf32, strided<[32, 1]>>
  fp8attn.dequantize %row scale(%scale, #tensor) into %out
      : memref<1x32xf8E4M3FN, strided<[32, 1], offset: ?>>, memref<f32>, memref<1x32xf32, strided<[32, 1]>>
  memref.dealloc %codes : !codes
  return
}
