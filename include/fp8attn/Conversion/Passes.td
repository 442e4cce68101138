//===- Passes.td - conversion passes -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Passes from the kernel level to other dialects.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_CONVERSION_PASSES_TD
#define FP8ATTN_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertFp8AttnToLLVM
    : Pass<"convert-fp8attn-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Lower the kernel level to LLVM calls of the C ABI";
  let description = [{
    Each public function becomes an entry point of the C header: it takes a
    context and descriptors, checks them, and returns a status; beside it a
    function tells the workspace that it needs. Kernel calls, checks and the
    parallel loop become calls of the runtime. Structured control flow must have
    been lowered to branches.

    ```mlir
    func.func @scratch(%n: index) {
      return
    }
    ```
    becomes `llvm.func @scratch(%context: !llvm.ptr, %n: i64) -> i32`, and beside it
    `llvm.func @scratch_workspace_bytes(%workers: i32) -> i64`.
  }];
  let options = [
    Option<"runtimeChecks", "runtime-checks", "bool", "true",
           "Check descriptors against the compiled types at run time">
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // FP8ATTN_CONVERSION_PASSES_TD
