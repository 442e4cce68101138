// RUN: fp8attn-opt %s --fp8attn-hoist-tile-config | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-hoist-tile-config --fp8attn-hoist-tile-config | FileCheck %s

// Out of branches and loops, to one pair a body.
// CHECK-LABEL: func.func @nested
// CHECK:         fp8attn.ukernel.tile_begin
// CHECK-NEXT:    scf.for
// CHECK-NOT:       tile_begin
// CHECK:           fp8attn.ukernel.call
// CHECK-NOT:       tile_begin
// CHECK:         fp8attn.ukernel.tile_end
// CHECK-NEXT:    return
func.func @nested(%begin: index, %end: index, %step: index, %c: i1,
    %n: index, %m: memref<?xf32>) {
  scf.for %i = %begin to %end step %step {
    scf.if %c {
      fp8attn.ukernel.tile_begin
      fp8attn.ukernel.call @fp8attn_uk_init_a(%n, %n, %m, %m, %m) : index, index, memref<?xf32>, memref<?xf32>, memref<?xf32>
      fp8attn.ukernel.tile_end
    } else {
      fp8attn.ukernel.tile_begin
      fp8attn.ukernel.call @fp8attn_uk_init_b(%n, %n, %m, %m, %m) : index, index, memref<?xf32>, memref<?xf32>, memref<?xf32>
      fp8attn.ukernel.tile_end
      fp8attn.ukernel.tile_begin
      fp8attn.ukernel.call @fp8attn_uk_init_c(%n, %n, %m, %m, %m) : index, index, memref<?xf32>, memref<?xf32>, memref<?xf32>
      fp8attn.ukernel.tile_end
    }
  }
  return
}

// A call may use tiles in its own way: the pairs stay apart, and in their loop.
// CHECK-LABEL: func.func @barrier
// CHECK:         scf.for
// CHECK:           fp8attn.ukernel.tile_begin
// CHECK-NEXT:      fp8attn.ukernel.call @fp8attn_uk_init_a
// CHECK-NEXT:      fp8attn.ukernel.tile_end
// CHECK-NEXT:      func.call @other
// CHECK-NEXT:      fp8attn.ukernel.tile_begin
// CHECK-NEXT:      fp8attn.ukernel.call @fp8attn_uk_init_b
// CHECK-NEXT:      fp8attn.ukernel.tile_end
// CHECK-NEXT:    }
func.func private @other()
func.func @barrier(%begin: index, %end: index, %step: index, %n: index, %m: memref<?xf32>) {
  scf.for %i = %begin to %end step %step {
    fp8attn.ukernel.tile_begin
    fp8attn.ukernel.call @fp8attn_uk_init_a(%n, %n, %m, %m, %m) : index, index, memref<?xf32>, memref<?xf32>, memref<?xf32>
    fp8attn.ukernel.tile_end
    func.call @other() : () -> ()
    fp8attn.ukernel.tile_begin
    fp8attn.ukernel.call @fp8attn_uk_init_b(%n, %n, %m, %m, %m) : index, index, memref<?xf32>, memref<?xf32>, memref<?xf32>
    fp8attn.ukernel.tile_end
  }
  return
}

// Nothing to hoist.
// CHECK-LABEL: func.func @none
// CHECK-NOT:     tile_begin
// CHECK:         return
func.func @none(%begin: index, %end: index, %step: index, %n: index, %m: memref<?xf32>) {
  scf.for %i = %begin to %end step %step {
    fp8attn.ukernel.call @fp8attn_uk_init_a(%n, %n, %m, %m, %m) : index, index, memref<?xf32>, memref<?xf32>, memref<?xf32>
  }
  return
}
