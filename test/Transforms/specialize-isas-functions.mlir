// RUN: fp8attn-opt %s --fp8attn-specialize-isas=isa=avx2 | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-specialize-isas=isa=avx2 --fp8attn-specialize-isas | FileCheck %s

module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "sapphirerapids">} {
  // What the dispatcher cannot know before the body runs is checked there, and
  // nothing is allocated twice.
  // CHECK-LABEL: func.func @allocates(
  // CHECK-NOT:     memref.alloc
  // CHECK-NOT:     fp8attn.check
  // CHECK:         call @allocates.avx2
  // CHECK:       func.func private @allocates.avx2
  // CHECK:         memref.alloc
  // CHECK-NEXT:    fp8attn.check.overlap
  // CHECK:         memref.dealloc
  func.func @allocates(%x: memref<8xbf16>, %s: f32) {
    %y = memref.alloc() : memref<8xf8E5M2>
    fp8attn.check.overlap ["y", "x"] written(%y : memref<8xf8E5M2>) read(%x : memref<8xbf16>)
    fp8attn.tile.quantize %x, %s into %y : memref<8xbf16>, memref<8xf8E5M2>
    memref.dealloc %y : memref<8xf8E5M2>
    return
  }

  // So is what depends on memory, or on a region, which may read any value.
  // CHECK-LABEL: func.func @regions(
  // CHECK-NEXT:    fp8attn.select_isa
  // CHECK:       func.func private @regions.avx2
  // CHECK:         scf.if
  // CHECK:         fp8attn.check.size "m"
  func.func @regions(%x: memref<8xbf16>, %s: f32, %y: memref<8xf8E5M2>, %n: index, %sizes: memref<index>,
                     %isTwice: i1) {
    %size = memref.load %sizes[] : memref<index>
    %m = scf.if %isTwice -> index {
      %twice = arith.addi %size, %size : index
      scf.yield %twice : index
    } else {
      scf.yield %size : index
    }
    fp8attn.check.size "m", %m, "n", %n
    fp8attn.tile.quantize %x, %s into %y : memref<8xbf16>, memref<8xf8E5M2>
    return
  }

  // So is what stands in a loop.
  // CHECK-LABEL: func.func private @loops.avx2
  // CHECK:         scf.for
  // CHECK-NEXT:      fp8attn.check.size
  func.func @loops(%x: memref<8xbf16>, %s: f32, %y: memref<8xf8E5M2>, %n: index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %n step %c1 {
      fp8attn.check.size "i", %i, "n", %n
      fp8attn.tile.quantize %x, %s into %y : memref<8xbf16>, memref<8xf8E5M2>
    }
    return
  }

  // A function of several blocks gets a dispatcher of one.
  // CHECK-LABEL: func.func @branches(
  // CHECK-NOT:     cf.cond_br
  // CHECK:         fp8attn.check.scale "scale"
  // CHECK-NOT:     cf.cond_br
  // CHECK:         call @branches.avx2
  // CHECK:       func.func private @branches.avx2
  // CHECK-NOT:     fp8attn.check
  // CHECK:         cf.cond_br
  func.func @branches(%x: memref<8xbf16>, %scale: memref<f32>, %y: memref<8xf8E5M2>, %skip: i32) {
    fp8attn.check.scale "scale", %scale : memref<f32>
    %c0 = arith.constant 0 : i32
    %none = arith.cmpi ne, %skip, %c0 : i32
    cf.cond_br %none, ^end, ^work
  ^work:
    %s = memref.load %scale[] : memref<f32>
    fp8attn.tile.quantize %x, %s into %y : memref<8xbf16>, memref<8xf8E5M2>
    cf.br ^end
  ^end:
    return
  }

  // A private function is specialised for its callers; it checks for itself.
  // CHECK-NOT:   @helper(
  // CHECK:       func.func private @helper.avx2
  // CHECK-SAME:    attributes {fp8attn.isa = #fp8attn.isa<avx2>}
  // CHECK-NEXT:    fp8attn.check.scale
  func.func private @helper(%x: memref<8xbf16>, %scale: memref<f32>, %y: memref<8xf8E5M2>) {
    fp8attn.check.scale "scale", %scale : memref<f32>
    %s = memref.load %scale[] : memref<f32>
    fp8attn.tile.quantize %x, %s into %y : memref<8xbf16>, memref<8xf8E5M2>
    return
  }
  // CHECK-LABEL: func.func @calls(
  // CHECK:         call @calls.avx2
  // CHECK:       func.func private @calls.avx2
  // CHECK-NEXT:    call @helper.avx2
  func.func @calls(%x: memref<8xbf16>, %s: memref<f32>, %y: memref<8xf8E5M2>) {
    call @helper(%x, %s, %y) : (memref<8xbf16>, memref<f32>, memref<8xf8E5M2>) -> ()
    return
  }
}
