// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// ukernel_call_c1: not a kernel.
func.func @call(%n: index) {
  // expected-error@below {{'fp8attn.ukernel.call' op expects a kernel named fp8attn_uk_..., got 'memcpy'}}
  fp8attn.ukernel.call @memcpy(%n) : index
  return
}

// -----

// ukernel_call_c2: an operand is missing.
func.func @call(%n: index, %m: memref<48xf32>) {
  // expected-error@below {{'fp8attn.ukernel.call' op expects operands IIMMM of a kernel of 'init', got IIMM (W work item, R key run, M memref, I index, F f32)}}
  fp8attn.ukernel.call @fp8attn_uk_init_f32_f32_f32_48x1x16_generic(%n, %n, %m, %m)
      : index, index, memref<48xf32>, memref<48xf32>
  return
}

// -----

// ukernel_hand_over_c1: not a kernel that joins.
func.func @hand_over(%item: !fp8attn.work_item, %n: index, %m: memref<48xf32>) {
  %scratch = fp8attn.worker_scratch : memref<64xi8>
  // expected-error@below {{'fp8attn.ukernel.hand_over' op expects a kernel named fp8attn_uk_join_..., got 'memcpy'}}
  %0 = fp8attn.ukernel.hand_over %item, %n, %m, %m, %m of %scratch join @memcpy
      : memref<48xf32>, memref<48xf32>, memref<48xf32>, memref<64xi8>
  return
}

// -----

// ukernel_hand_over_c2: memory that no other worker knows.
func.func @hand_over(%item: !fp8attn.work_item, %n: index, %m: memref<48xf32>, %scratch: memref<?xi8>) {
  // expected-error@below {{'fp8attn.ukernel.hand_over' op expects the scratch of the worker}}
  %0 = fp8attn.ukernel.hand_over %item, %n, %m, %m, %m of %scratch join @fp8attn_uk_join_f32_f32_f32_48x1x16_generic
      : memref<48xf32>, memref<48xf32>, memref<48xf32>, memref<?xi8>
  return
}

// -----

// worker_scratch_c1: of how many bytes?
func.func @scratch() {
  // expected-error@below {{'fp8attn.worker_scratch' op expects a static number of contiguous bytes in the default memory space, got 'memref<?xi8>'}}
  %0 = fp8attn.worker_scratch : memref<?xi8>
  return
}

// -----

// cache_part_c1: the cache has no values.
!keys = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @part(%cache: !keys, %head: index) {
  // expected-error@below {{'fp8attn.cache_part' op expects key or value, and a cache that holds it, got value of '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, <pairs>>'}}
  %0 = fp8attn.cache_part value %cache[%head] : !keys
  return
}

// -----

// parallel_for_c1: a symbol that is not there.
func.func @loop(%n: index) {
  // expected-error@below {{'fp8attn.parallel_for' op expects a body function, found no 'body'}}
  fp8attn.parallel_for @body count %n captures()
  return
}

// -----

// parallel_for_c2: the body does not take the captures.
// expected-note@below {{the body is here}}
func.func private @body(index, index, index)
func.func @loop(%n: index) {
  // expected-error@below {{'fp8attn.parallel_for' op expects a body of type '(index, index, index, index) -> ()', got '(index, index, index) -> ()'}}
  fp8attn.parallel_for @body count %n captures(%n) : index
  return
}

// -----

// select_isa_c1: nothing to select from.
func.func @select() {
  // expected-error@below {{'fp8attn.select_isa' op attribute 'isas' failed to satisfy constraint: array of #fp8attn.isa with at least 1 elements}}
  %0 = fp8attn.select_isa []
  return
}

// -----

// select_isa_c1: a layout is not an ISA.
func.func @select() {
  // expected-error@below {{'fp8attn.select_isa' op attribute 'isas' failed to satisfy constraint: array of #fp8attn.isa with at least 1 elements}}
  %0 = fp8attn.select_isa [#fp8attn.layout<pairs>]
  return
}

// -----

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>

// tile_c3: a window that does not reach the query itself.
func.func @batch(%n: index, %starts: memref<?xi32>, %table: memref<?x?xi32>, %cache: !kv) {
  // expected-error@below {{'fp8attn.check.batch' op attribute 'window_left' failed to satisfy constraint: 64-bit signless integer attribute whose value is non-negative}}
  fp8attn.check.batch %starts, %starts, %table, %n, %cache window_left = -1
      : memref<?xi32>, memref<?xi32>, memref<?x?xi32>, !kv
  return
}

// -----

// check_overlap_c1: which of them has no name?
func.func @overlap(%out: memref<?xf32>, %query: memref<?xf32>) {
  // expected-error@below {{'fp8attn.check.overlap' op expects a name for each operand (2), got 1}}
  fp8attn.check.overlap ["out"] written(%out : memref<?xf32>) read(%query : memref<?xf32>)
  return
}

// -----

// check_later_reads_c1: which of them has no name?
func.func @names(%out: memref<?xf32>, %scale: memref<?xf32>) {
  // expected-error@below {{'fp8attn.check.later_reads' op expects names of all operands (2), got 1}}
  fp8attn.check.later_reads "wr" ["out"](%out, %scale) : memref<?xf32>, memref<?xf32>
  return
}

// -----

// check_later_reads_c2: a letter too few, and one that says nothing.
func.func @order(%out: memref<?xf32>, %scale: memref<?xf32>) {
  // expected-error@below {{'fp8attn.check.later_reads' op expects a letter 'w' or 'r' for each operand (2), got "w"}}
  fp8attn.check.later_reads "w" ["out", "scale"](%out, %scale) : memref<?xf32>, memref<?xf32>
  return
}

// -----

func.func @letters(%out: memref<?xf32>, %scale: memref<?xf32>) {
  // expected-error@below {{'fp8attn.check.later_reads' op expects a letter 'w' or 'r' for each operand (2), got "wx"}}
  fp8attn.check.later_reads "wx" ["out", "scale"](%out, %scale) : memref<?xf32>, memref<?xf32>
  return
}
