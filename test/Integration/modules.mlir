// Attention inside a module of others, and caches in memory of all kinds:
// ModulesTest.cpp calls it.
// RUN: fp8attn-opt %s --fp8attn-to-llvm -o %t.mlir

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
!tokens = memref<?x2x64xbf16>
!ints = memref<?xi32>
!open = memref<?x2x64xbf16, strided<[?, ?, 1]>>
!any = memref<?x?x?xbf16, strided<[?, ?, ?], offset: ?>>

// Writes tokens and attends to them, in memory of bytes.
func.func @step(%query: !tokens, %key: !tokens, %value: !tokens, %slots: memref<?xi64>,
                %bytes: memref<?xi8> {fp8attn.name = "cache"}, %starts: !ints, %lens: !ints,
                %table: memref<?x?xi32>, %out: !tokens) attributes {fp8attn.entry} {
  %cache = fp8attn.cache_view %bytes : memref<?xi8> to !kv
  fp8attn.kv_write key(%key : !tokens) value(%value : !tokens) slots(%slots : memref<?xi64>) cache(%cache : !kv)
  fp8attn.paged_attention query(%query : !tokens) cache(%cache : !kv)
      batch(%starts, %lens, %table : !ints, !ints, memref<?x?xi32>) out(%out : !tokens)
  return
}

// The pages begin somewhere, or the call is refused.
func.func @step_from(%query: !tokens, %key: !tokens, %value: !tokens, %slots: memref<?xi64>,
                     %bytes: memref<?xi8> {fp8attn.name = "cache"}, %first: index, %starts: !ints,
                     %lens: !ints, %table: memref<?x?xi32>, %out: !tokens)
    attributes {fp8attn.entry} {
  %c0 = arith.constant 0 : index
  %all = memref.dim %bytes, %c0 : memref<?xi8>
  %rest = arith.subi %all, %first : index
  %part = memref.subview %bytes[%first] [%rest] [1] : memref<?xi8> to memref<?xi8, strided<[1], offset: ?>>
  %cache = fp8attn.cache_view %part : memref<?xi8, strided<[1], offset: ?>> to !kv
  fp8attn.kv_write key(%key : !tokens) value(%value : !tokens) slots(%slots : memref<?xi64>) cache(%cache : !kv)
  fp8attn.paged_attention query(%query : !tokens) cache(%cache : !kv)
      batch(%starts, %lens, %table : !ints, !ints, memref<?x?xi32>) out(%out : !tokens)
  return
}

// Pages of elements that the function allocates, in a branch, through a private
// function.
func.func @step_in_own(%query: !tokens, %key: !tokens, %value: !tokens, %slots: memref<?xi64>,
                       %pages: index, %starts: !ints, %lens: !ints, %table: memref<?x?xi32>, %out: !tokens)
    attributes {fp8attn.entry} {
  %c0 = arith.constant 0 : index
  %some = arith.cmpi sgt, %pages, %c0 : index
  scf.if %some {
    %elements = memref.alloc(%pages) {alignment = 64} : memref<?x8192xbf16>
    %cache = fp8attn.cache_view %elements : memref<?x8192xbf16> to !kv
    func.call @write(%key, %value, %slots, %cache) : (!tokens, !tokens, memref<?xi64>, !kv) -> ()
    fp8attn.paged_attention query(%query : !tokens) cache(%cache : !kv)
        batch(%starts, %lens, %table : !ints, !ints, memref<?x?xi32>) out(%out : !tokens)
  }
  return
}
func.func private @write(%key: !tokens, %value: !tokens, %slots: memref<?xi64>, %cache: !kv) {
  fp8attn.kv_write key(%key : !tokens) value(%value : !tokens) slots(%slots : memref<?xi64>) cache(%cache : !kv)
  return
}

// Asks a function of others for the rows of the output.
func.func @write_and_attend(%query: !open, %key: !open, %value: !open, %slots: memref<?xi64>, %cache: !kv,
                            %starts: !ints, %lens: !ints, %table: memref<?x?xi32>, %out: !open)
    attributes {fp8attn.entry} {
  call @before(%out) : (!open) -> ()
  fp8attn.kv_write key(%key : !open) value(%value : !open) slots(%slots : memref<?xi64>) cache(%cache : !kv)
  fp8attn.paged_attention query(%query : !open) cache(%cache : !kv)
      batch(%starts, %lens, %table : !ints, !ints, memref<?x?xi32>) out(%out : !open)
  return
}

// What follows is not of the model.
func.func private @before(!open) attributes {llvm.emit_c_interface}
memref.global "private" @pool : memref<32768xi8> = uninitialized {alignment = 64}

func.func @layer(%context: !fp8attn.context, %x: !any, %slots: memref<?xi64>, %starts: !ints, %lens: !ints,
                 %table: memref<?x?xi32>, %out: !any, %begin: index, %bytes: index) -> i32
    attributes {llvm.emit_c_interface} {
  %pool = memref.get_global @pool : memref<32768xi8>
  %part = memref.subview %pool[%begin] [%bytes] [1] : memref<32768xi8> to memref<?xi8, strided<[1], offset: ?>>
  %cache = fp8attn.cache_view %part : memref<?xi8, strided<[1], offset: ?>> to !kv
  %status = func.call @call(%context, %x, %slots, %cache, %starts, %lens, %table, %out)
      : (!fp8attn.context, !any, memref<?xi64>, !kv, !ints, !ints, memref<?x?xi32>, !any) -> i32
  return %status : i32
}
func.func private @call(%context: !fp8attn.context, %x: !any, %slots: memref<?xi64>, %cache: !kv, %starts: !ints,
                        %lens: !ints, %table: memref<?x?xi32>, %out: !any) -> i32 {
  %status = fp8attn.call @write_and_attend(%context, %x, %x, %x, %slots, %cache, %starts, %lens, %table, %out)
      : !any, !any, !any, memref<?xi64>, !kv, !ints, !ints, memref<?x?xi32>, !any
  return %status : i32
}

// It has the name of a local function of the model, and results.
func.func @step.impl(%x: i32, %y: f32) -> (i32, f32) {
  %one = arith.constant 1 : i32
  %z = arith.addi %x, %one : i32
  return %z, %y : i32, f32
}
