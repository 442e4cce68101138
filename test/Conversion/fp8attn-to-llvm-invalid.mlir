// RUN: fp8attn-opt %s --convert-fp8attn-to-llvm --split-input-file --verify-diagnostics

// expected-note@+2 {{in a module of which no function has 'fp8attn.entry', every function is of the model and every public one an entry point}}
// expected-error@below {{'func.func' op expects an entry point without results, because it returns a status, got 'index'}}
func.func @result(%i: index) -> index {
  return %i : index
}

// -----

// expected-error@below {{'func.func' op cannot be an entry point: the C ABI has no form for argument 1 of type 'memref<8xf32, 3>'}}
func.func @f(%a: memref<8xf32>, %b: memref<8xf32, 3>) {
  return
}

// -----

// expected-error@below {{'func.func' op cannot be an entry point: the C ABI has no form for argument 0 of type 'memref<4x4xf32, affine_map<(d0, d1) -> (d0 floordiv 2, d1)>>'}}
func.func @f(%a: memref<4x4xf32, affine_map<(d0, d1) -> (d0 floordiv 2, d1)>>) {
  return
}

// -----

// expected-error@below {{'func.func' op expects arguments and results of types that LLVM can have, got 'tensor<4xf32>'}}
func.func private @argument(%x: tensor<4xf32>) {
  return
}

// -----

// expected-error@below {{'func.func' op expects arguments and results of types that LLVM can have, got 'tensor<4xf32>'}}
func.func private @result(%x: index) -> (index, tensor<4xf32>) {
  %y = tensor.empty() : tensor<4xf32>
  return %x, %y : index, tensor<4xf32>
}

// -----

// expected-error@below {{'func.func' op cannot be an entry point: the C ABI has no form for argument 0 of type 'tensor<4xf32>'; expects a cache, an index, i32, i64 or f32, or a memref of rank 0 to 4 and offset 0 or ? in the default memory space}}
func.func @tensor(%x: tensor<4xf32>) {
  return
}

// -----

// expected-error@below {{'func.func' op cannot be an entry point: the C ABI has no form for argument 0 of type 'memref<4xf32, strided<[1], offset: 8>>'}}
func.func @offset(%x: memref<4xf32, strided<[1], offset: 8>>) {
  return
}

// -----

// expected-error@below {{'func.func' op expects a function that is not recursive, because its scratch must have a bound}}
func.func @recursive() {
  call @recursive() : () -> ()
  return
}

// -----

// expected-error@below {{'func.func' op expects a function that is not recursive, because its scratch must have a bound}}
func.func private @loop_in_itself(%begin: index, %end: index, %worker: index) {
  fp8attn.parallel_for @loop_in_itself count %end captures()
  return
}

// -----

func.func private @body(%begin: index, %end: index, %worker: index) {
  return
}
// expected-note@below {{the other symbol is here}}
func.func private @body.range() {
  return
}
func.func @name_of_a_range(%n: index) {
  // expected-error@below {{'fp8attn.parallel_for' op expects no other symbol 'body.range', which is made for the loop body 'body'}}
  fp8attn.parallel_for @body count %n captures()
  return
}

// -----

// expected-note@+2 {{in a module of which no function has 'fp8attn.entry', every function is of the model and every public one an entry point}}
// expected-error@below {{'func.func' op expects a function with a body}}
func.func private @external()

// -----

func.func @no_worker() {
  %c0 = arith.constant 0 : index
  // expected-error@below {{'fp8attn.worker_scratch' op expects to stand in the body of a parallel loop}}
  %0 = fp8attn.worker_scratch : memref<64xi8>
  %n = memref.dim %0, %c0 : memref<64xi8>
  fp8attn.ukernel.call @fp8attn_uk_init_x(%n, %n, %0, %0, %0) : index, index, memref<64xi8>, memref<64xi8>, memref<64xi8>
  return
}

// -----

func.func private @two_sizes(%begin: index, %end: index, %worker: index, %n: index) {
  // expected-note@below {{the other is of type 'memref<64xi8>'}}
  %0 = fp8attn.worker_scratch : memref<64xi8>
  // expected-error@below {{'fp8attn.worker_scratch' op expects the type of the other scratch of its function, because workers are that far apart, got 'memref<128xi8>'}}
  %1 = fp8attn.worker_scratch : memref<128xi8>
  fp8attn.ukernel.call @fp8attn_uk_init_x(%n, %n, %0, %1, %1) : index, index, memref<64xi8>, memref<128xi8>, memref<128xi8>
  return
}

// -----

// The entry point could not say how large a page is.
// expected-error@below {{'func.func' op cannot be lowered with a cache without a layout, got '!fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, bf16>'; fp8attn-assign-layouts gives it one}}
func.func @open(%cache: !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, bf16>) {
  return
}

// -----

module {
  // expected-note@+2 {{in a module of which no function has 'fp8attn.entry', every function is of the model and every public one an entry point}}
  // expected-error@below {{'builtin.module' op expects functions to stand in the outermost module, got a module within it}}
  module @inner {
    func.func @f() {
      return
    }
  }
}

// -----

// The body of an entry point has a name that nothing else may have.
// expected-error@below {{'func.func' op expects no other symbol 'f.impl', which is made for the entry point 'f'}}
func.func @f() {
  return
}
// expected-note@below {{the other symbol is here}}
func.func private @f.impl() {
  return
}

// -----

// expected-error@below {{'func.func' op expects no other symbol 'f_workspace_bytes', which is made for the entry point 'f'}}
func.func @f() {
  return
}
// expected-note@below {{the other symbol is here}}
func.func @f_workspace_bytes() {
  return
}

// -----

// expected-error@below {{'func.func' op expects no other symbol 'f_describe', which is made for the entry point 'f'}}
func.func @f() {
  return
}
// expected-note@below {{the other symbol is here}}
func.func @f_describe() {
  return
}

// -----

// Checks of the arguments of other functions would call this one.
// expected-error@below {{'func.func' op expects a name that does not begin with 'fp8attn_', as those of the runtime do, got 'fp8attn_check_context'}}
func.func private @fp8attn_check_context() {
  return
}

// -----

// What there is no code for, if nothing lowered it before.
func.func @left(%source: memref<?xbf16>, %scale: f32, %destination: memref<?xf8E5M2>) {
  // expected-error@below {{'fp8attn.tile.quantize' op cannot be compiled; expects operations of affine, arith, cf, fp8attn, func, llvm, math, memref, scf and vector that LLVM has code for}}
  fp8attn.tile.quantize %source, %scale into %destination : memref<?xbf16>, memref<?xf8E5M2>
  return
}
