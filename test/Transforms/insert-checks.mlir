// RUN: fp8attn-opt %s --fp8attn-insert-checks | FileCheck %s

!cache = !fp8attn.cache<key_value, heads = 1, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!x = memref<?x1x64xbf16>
!table = memref<?x?xi32>
!rows = memref<?x32xf32>
!codes = memref<?x32xf8E4M3FN>
#tensor = affine_map<(t, c) -> ()>

// All that an operation reads and checks is compared with what an earlier one
// writes, before anything is done.
// CHECK-LABEL: func.func @step
// CHECK-SAME:    memref<?x1x64xbf16>, %{{[a-z0-9]+}}: memref<?xi64>, %{{[a-z0-9]+}}: {{[^%]+}}, %[[QUERY:[a-z0-9]+]]: memref<?x1x64xbf16>
// CHECK-NOT:     fp8attn.kv_write
// CHECK:         fp8attn.check.slots
// CHECK:         %[[TOKENS:.+]] = memref.dim %[[QUERY]]
// CHECK:         fp8attn.check.size "tokens of out", %{{.+}}, "tokens of query", %[[TOKENS]]
// CHECK:         fp8attn.check.batch %{{.+}}, %{{.+}}, %{{.+}}, %[[TOKENS]],
// CHECK:         fp8attn.check.later_reads "wrrr" ["pool", "starts", "seq_lens", "block_table"]
// CHECK-SAME:      : !fp8attn.cache<{{.+}}>, memref<?xi32>, memref<?xi32>, memref<?x?xi32>
// CHECK-NEXT:    fp8attn.kv_write
// CHECK-NEXT:    fp8attn.paged_attention
func.func @step(%key: !x, %slots: memref<?xi64>, %cache: !cache {fp8attn.name = "pool"}, %query: !x,
    %starts: memref<?xi32> {fp8attn.name = "starts"}, %lens: memref<?xi32>, %table: !table, %out: !x) {
  fp8attn.kv_write key(%key : !x) value(%key : !x) slots(%slots : memref<?xi64>) cache(%cache : !cache)
  fp8attn.paged_attention query(%query : !x) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, !table) out(%out : !x)
  return
}

// What the function itself writes is checked where it is used; that it has
// pages at all is not known before either. Sizes are.
// CHECK-LABEL: func.func @computed
// CHECK:         fp8attn.check.size "slots"
// CHECK-NOT:     fp8attn.check.slots
// CHECK:         memref.store
// CHECK-NEXT:    fp8attn.check.slots
// CHECK-NEXT:    fp8attn.kv_write
func.func @computed(%key: !x, %slots: memref<?xi64>, %cache: !cache, %slot: i64) {
  %c0 = arith.constant 0 : index
  memref.store %slot, %slots[%c0] : memref<?xi64>
  fp8attn.kv_write key(%key : !x) value(%key : !x) slots(%slots : memref<?xi64>) cache(%cache : !cache)
  return
}

// So is what may be written by an operation that nothing is known of.
// CHECK-LABEL: func.func @unknown
// CHECK:         fp8attn.ukernel.tile_begin
// CHECK-NEXT:    fp8attn.check.slots
func.func @unknown(%key: !x, %slots: memref<?xi64>, %cache: !cache) {
  fp8attn.ukernel.tile_begin
  fp8attn.kv_write key(%key : !x) value(%key : !x) slots(%slots : memref<?xi64>) cache(%cache : !cache)
  return
}

// In a loop, what comes later comes before, too. Memory of the function's own
// is no argument.
// CHECK-LABEL: func.func @loop
// CHECK:         fp8attn.check.slots
// CHECK:         fp8attn.check.later_reads "wr" ["argument 4", "slots"]
// CHECK:         scf.for
// CHECK-NEXT:      fp8attn.kv_write
// CHECK-NEXT:      memref.store
// CHECK-NEXT:      memref.store
func.func @loop(%key: !x, %slots: memref<?xi64>, %cache: !cache, %n: index, %log: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = arith.constant 1.0 : f32
  %own = memref.alloca() : memref<4xf32>
  scf.for %i = %c0 to %n step %c1 {
    fp8attn.kv_write key(%key : !x) value(%key : !x) slots(%slots : memref<?xi64>) cache(%cache : !cache)
    memref.store %one, %log[%i] : memref<?xf32>
    memref.store %one, %own[%c0] : memref<4xf32>
  }
  return
}

// Views have a descriptor of their own. What is written through one counts as
// the whole.
// CHECK-LABEL: func.func @views
// CHECK:         fp8attn.check.tensor "destination", %{{.+}} : memref<?x32xf8E4M3FN, strided<[32, 1], offset: ?>>
// CHECK:         fp8attn.check.size "destination dimension 0"
// CHECK:         fp8attn.check.later_reads "wr" ["codes", "factor"](%{{.+}}, %{{.+}}) : memref<?x32xf8E4M3FN>, memref<f32>
// CHECK:         fp8attn.quantize
func.func @views(%x: !rows, %scale: memref<f32>, %factor: memref<f32> {fp8attn.name = "factor"},
    %codes: !codes {fp8attn.name = "codes"}, %y: !rows, %first: index, %n: index) {
  %part = memref.subview %codes[%first, 0] [%n, 32] [1, 1] : !codes to memref<?x32xf8E4M3FN, strided<[32, 1], offset: ?>>
  fp8attn.quantize %x scale(%scale, #tensor) into %part : !rows, memref<f32>, memref<?x32xf8E4M3FN, strided<[32, 1], offset: ?>>
  fp8attn.dequantize %codes scale(%factor, #tensor) into %y : !codes, memref<f32>, !rows
  return
}

// A private function is checked by its callers, as early as each can.
// CHECK-LABEL: func.func private @convert
// CHECK-NOT:     fp8attn.check
// CHECK:         fp8attn.quantize
func.func private @convert(%x: !rows, %scale: memref<f32>, %codes: !codes) {
  fp8attn.quantize %x scale(%scale, #tensor) into %codes : !rows, memref<f32>, !codes
  return
}
// CHECK-LABEL: func.func @calls
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?x32xf32>, %[[A:[a-z0-9]+]]: memref<f32>, %[[B:[a-z0-9]+]]: memref<f32>, %[[CODES:[a-z0-9]+]]:
// CHECK:         fp8attn.check.scale "scale", %[[A]]
// CHECK:         fp8attn.check.scale "scale", %[[B]]
// CHECK:         fp8attn.check.overlap ["destination", "source", "scale"] written(%[[CODES]] : {{.+}}) read(%[[X]], %[[B]] :
// CHECK-NOT:     fp8attn.check.later_reads
// CHECK:         call @convert(%[[X]], %[[A]], %[[CODES]])
// CHECK-NEXT:    scf.if
// CHECK-NEXT:      call @convert(%[[X]], %[[B]], %[[CODES]])
// CHECK:         memref.store
// CHECK-NEXT:    fp8attn.check.scale "scale", %[[A]]
// CHECK-NEXT:    call @convert(%[[X]], %[[A]], %[[CODES]])
func.func @calls(%x: !rows, %a: memref<f32>, %b: memref<f32>, %codes: !codes, %twice: i1) {
  %two = arith.constant 2.0 : f32
  call @convert(%x, %a, %codes) : (!rows, memref<f32>, !codes) -> ()
  scf.if %twice {
    func.call @convert(%x, %b, %codes) : (!rows, memref<f32>, !codes) -> ()
  }
  memref.store %two, %a[] : memref<f32>
  call @convert(%x, %a, %codes) : (!rows, memref<f32>, !codes) -> ()
  return
}

// One that hosts call, too, keeps its checks.
// CHECK-LABEL: func.func @outer
// CHECK:         fp8attn.check.tensor "argument 0", %{{.+}} : memref<2x32xf32>
// CHECK:         call @inner
func.func @outer(%x: !rows, %scale: memref<f32>, %codes: !codes) {
  %two = memref.cast %x : !rows to memref<2x32xf32>
  call @inner(%two, %scale, %codes) : (memref<2x32xf32>, memref<f32>, !codes) -> ()
  return
}
// CHECK-LABEL: func.func @inner
// CHECK:         fp8attn.check.scale
func.func @inner(%x: memref<2x32xf32>, %scale: memref<f32>, %codes: !codes) {
  fp8attn.quantize %x scale(%scale, #tensor) into %codes : memref<2x32xf32>, memref<f32>, !codes
  return
}
