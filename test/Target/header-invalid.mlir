// RUN: split-file %s %t
// RUN: not fp8attn-compile %t/function.mlir --emit=header 2>&1 | FileCheck %s --check-prefix=FUNCTION
// RUN: not fp8attn-compile %t/argument.mlir --emit=header 2>&1 | FileCheck %s --check-prefix=ARGUMENT
// RUN: not fp8attn-compile %t/type.mlir --emit=header 2>&1 | FileCheck %s --check-prefix=TYPE
// RUN: not fp8attn-compile %t/type.mlir -o %t/type.h && not ls %t/type.h

// What C cannot express is an error, and leaves no header behind.

//--- function.mlir
// FUNCTION: error: expects the name of an entry point to be a C identifier, got "my-function"
func.func @"my-function"() {
  return
}

//--- argument.mlir
// ARGUMENT: error: expects the name of argument 0 to be a C identifier, got "double"
func.func @f(%a: index {fp8attn.name = "double"}) {
  return
}

//--- type.mlir
// TYPE: error: expects argument 1 of an entry point to be a memref, a cache with a layout, index, i64, i32 or f32, got 'vector<4xf32>'
func.func @f(%a: index, %b: vector<4xf32>) {
  return
}
