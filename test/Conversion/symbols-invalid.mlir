// RUN: fp8attn-opt %s --convert-fp8attn-to-llvm --split-input-file --verify-diagnostics

// What objects define beside entry points is local, and constant.

// expected-note@+2 {{in a module of which no function has 'fp8attn.entry', every function is of the model and every public one an entry point}}
// expected-error@below {{expects a func.func or a memref.global in a module, got llvm.func}}
llvm.func @memset() {
  llvm.return
}

// -----

// expected-note@+2 {{in a module of which no function has 'fp8attn.entry', every function is of the model and every public one an entry point}}
// expected-error@below {{expects a func.func or a memref.global in a module, got llvm.mlir.global}}
llvm.mlir.global external @stdout(1 : i32) : i32

// -----

// expected-error@below {{'memref.global' op expects a value, because no other object has one}}
memref.global "private" @elsewhere : memref<4xf32>

// -----

// expected-error@below {{'memref.global' op expects a value, because no other object has one}}
memref.global "private" @unknown : memref<4xf32> = uninitialized

// -----

// expected-error@below {{'memref.global' op expects a constant, because calls at the same time would share it}}
memref.global @shared : memref<4xf32> = dense<1.0>

// -----

// expected-error@below {{'memref.global' op expects a name that the C library does not have, because calls of its function would come here, got 'memcpy'}}
memref.global constant @memcpy : memref<4xf32> = dense<1.0>
