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

// Memory of a size that the call decides, that is never given back, not even when a
// check of a private function fails; and an argument that is.
func.func @allocate(%n: index {fp8attn.name = "n"}, %x: !x {fp8attn.name = "x"},
    %scale: memref<f32> {fp8attn.name = "scale"}, %y: !x {fp8attn.name = "y"}) {
  %c0 = arith.constant 0 : index
  %rows = memref.dim %x, %c0 : !x
  %one = arith.constant 1.0 : f32
  %more = memref.alloc(%n) {alignment = 4096} : memref<?x2xf32>
  memref.store %one, %more[%c0, %c0] : memref<?x2xf32>
  %number = memref.load %more[%c0, %c0] : memref<?x2xf32>
  memref.store %number, %y[%c0, %c0] : !x
  %codes = memref.alloc(%rows) : !codes
  call @to_codes(%x, %scale, %codes) : (!x, memref<f32>, !codes) -> ()
  %again, %kept = call @new_codes(%x, %scale) : (!x, memref<f32>) -> (index, !codes)
  fp8attn.dequantize %kept scale(%scale, #tensor) into %y : !codes, memref<f32>, !x
  memref.dealloc %y : !x
  memref.dealloc %codes : !codes
  memref.dealloc %codes : !codes
  return
}

// Memory of the ranges of a parallel loop, which tell when there is none.
func.func @allocate_in_loop(%n: index {fp8attn.name = "n"}, %out: memref<?xf32> {fp8attn.name = "out"}) {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  %count = memref.dim %out, %c0 : memref<?xf32>
  scf.forall (%i) in (%count) {
    %own = memref.alloc(%n) : memref<?xf32>
    memref.store %one, %own[%c0] : memref<?xf32>
    %number = memref.load %own[%c0] : memref<?xf32>
    memref.store %number, %out[%i] : memref<?xf32>
  }
  return
}

// Memory of the stack in each iteration of a loop, and more than a stack has.
func.func @stack(%n: index {fp8attn.name = "n"}, %out: memref<?xf32> {fp8attn.name = "out"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %last = arith.constant 255 : index
  %one = arith.constant 1.0 : f32
  %large = memref.alloca(%n) : memref<?xf32>
  memref.store %one, %large[%c0] : memref<?xf32>
  %count = memref.dim %out, %c0 : memref<?xf32>
  scf.for %i = %c0 to %count step %c1 {
    %small = memref.alloca() : memref<256xf32>
    %number = memref.load %large[%c0] : memref<?xf32>
    memref.store %number, %small[%last] : memref<256xf32>
    %same = memref.load %small[%last] : memref<256xf32>
    memref.store %same, %out[%i] : memref<?xf32>
  }
  return
}
