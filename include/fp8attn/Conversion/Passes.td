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
    function tells the workspace that it needs, and another what it is if
    `fp8attn-describe-entry-points` has run. Kernel calls, checks and the
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

def JoinModule : Pass<"fp8attn-join-module", "::mlir::ModuleOp"> {
  let summary = "Move what became of the model back into its module";
  let description = [{
    Ends what `fp8attn-split-module` began: the functions of the LLVM dialect
    and the constants of `module @fp8attn.model` come back, local ones with other
    names where there are such already. `fp8attn.call` becomes a call of a
    function (`attend.call`) that passes descriptors of memrefs to the entry
    point, and `!fp8attn.context`, caches and `cache_view` in code that is not of
    the model become what LLVM has for them. What is left is for the usual
    conversions of that code (docs/Modules.md).

    A module without `module @fp8attn.model` is left as it is.

    Before:
    ```mlir
    func.func @layer(%context: !fp8attn.context, %n: index) -> i32 {
      %status = fp8attn.call @attend(%context, %n) : index
      return %status : i32
    }
    module @fp8attn.model {
      llvm.func @attend(%context: !llvm.ptr, %n: i64) -> i32 {
        %0 = llvm.mlir.constant(0 : i32) : i32
        llvm.return %0 : i32
      }
    }
    ```
    After, `@layer` takes an `!llvm.ptr` and calls `@attend.call`, which calls
    `@attend`; both stand beside it.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect",
    "::mlir::LLVM::LLVMDialect"];
}

#endif // FP8ATTN_CONVERSION_PASSES_TD
