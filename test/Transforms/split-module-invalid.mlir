// RUN: fp8attn-opt %s --fp8attn-split-module --split-input-file --verify-diagnostics

!x = memref<?x64xf32>
!y = memref<?x64xf8E4M3FN>

func.func @entry(%x: !x) attributes {fp8attn.entry} {
  return
}
// A function of others that is not marked, with an operation of the model.
func.func @other(%x: !x, %scale: memref<f32>, %y: !y) {
  // expected-error@below {{'fp8attn.quantize' op expects to stand in a function with 'fp8attn.entry', or in a private one that such functions call}}
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y : !x, memref<f32>, !y
  return
}

// -----

// expected-note@below {{the function is here}}
func.func @entry(%x: memref<?x64xf32>) attributes {fp8attn.entry} {
  return
}
func.func @other(%x: memref<?x64xf32>) {
  // expected-error@below {{'func.call' op cannot use 'entry', a function of the model, which needs a context; expects fp8attn.call of a function with 'fp8attn.entry'}}
  call @entry(%x) : (memref<?x64xf32>) -> ()
  return
}

// -----

!x = memref<?x64xf32>
!y = memref<?x64xf8E4M3FN>

func.func @entry(%x: !x, %scale: memref<f32>, %y: !y) attributes {fp8attn.entry} {
  call @part(%x, %scale, %y) : (!x, memref<f32>, !y) -> ()
  return
}
// expected-note@below {{the function is here}}
func.func private @part(%x: !x, %scale: memref<f32>, %y: !y) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y : !x, memref<f32>, !y
  return
}
func.func @other(%x: !x, %scale: memref<f32>, %y: !y) {
  // expected-error@below {{'func.call' op cannot use 'part', a function of the model}}
  call @part(%x, %scale, %y) : (!x, memref<f32>, !y) -> ()
  return
}

// -----

func.func @first(%context: index) attributes {fp8attn.entry} {
  return
}
func.func private @get() -> !fp8attn.context
func.func @second(%x: index) attributes {fp8attn.entry} {
  %context = call @get() : () -> !fp8attn.context
  // expected-error@below {{'fp8attn.call' op expects to stand in a function that is not of the model, got 'second', which has a context and calls by func.call}}
  %0 = fp8attn.call @first(%context, %x) : index
  return
}

// -----

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
func.func private @get() -> !kv
func.func @entry() attributes {fp8attn.entry} {
  // expected-error@below {{'func.call' op expects no cache as a result of 'get', which is not of the model, because nobody has checked it; fp8attn.cache_view of a memref makes one}}
  %cache = call @get() : () -> !kv
  return
}

// -----

llvm.func @get() -> i32
func.func @entry() attributes {fp8attn.entry} {
  // expected-error@below {{'llvm.call' op expects a func.func or a memref.global for what the model uses of the module, got llvm.func 'get'}}
  %0 = llvm.call @get() : () -> i32
  return
}

// -----

// expected-error@below {{'func.func' op expects no symbol 'entry_workspace_bytes' beside the model, because what tells the workspace of 'entry' has it}}
func.func @entry() attributes {fp8attn.entry} {
  return
}
// expected-note@below {{the symbol is here}}
func.func private @entry_workspace_bytes(i32) -> i64

// -----

// expected-error@below {{'func.func' op expects no symbol 'entry_describe' beside the model, because what describes 'entry' has it}}
func.func @entry() attributes {fp8attn.entry} {
  return
}
// expected-note@below {{the symbol is here}}
func.func private @entry_describe() -> i64

// -----

// expected-error@below {{expects no symbol 'fp8attn.model' beside the model, because the module of the model has it}}
module {
  func.func @entry() attributes {fp8attn.entry} {
    return
  }
  // expected-note@below {{the symbol is here}}
  module @fp8attn.model {
  }
}

// -----

// The runtime calls it, and would find this one.
func.func @entry() attributes {fp8attn.entry} {
  return
}
// expected-error@below {{'func.func' op expects a name that the C library does not have, because calls of its function would come here, got 'snprintf'}}
func.func @snprintf(%x: i32) -> i32 {
  return %x : i32
}

// -----

func.func @entry() attributes {fp8attn.entry} {
  return
}
// expected-error@below {{'func.func' op expects a name that does not begin with 'fp8attn_', as those of the runtime do, got 'fp8attn_select_isa'}}
func.func @fp8attn_select_isa() {
  return
}

// -----

func.func @entry() attributes {fp8attn.entry} {
  return
}
module @theirs {
  // expected-error@below {{'func.func' op expects a function with 'fp8attn.entry' to stand in the outermost module, got one in another}}
  func.func @inner() attributes {fp8attn.entry} {
    return
  }
}

// -----

// Any operation may name a function.
// expected-note@below {{the function is here}}
func.func @entry(%x: index) attributes {fp8attn.entry} {
  return
}
func.func @other() {
  // expected-error@below {{'func.constant' op cannot use 'entry', a function of the model, which needs a context}}
  %0 = func.constant @entry : (index) -> ()
  return
}
