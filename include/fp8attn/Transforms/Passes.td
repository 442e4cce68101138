//===- Passes.td - transformation passes -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One pass, one file: DecomposeAttention is lib/Transforms/DecomposeAttention.cpp
// and test/Transforms/decompose-attention.mlir. What only a large pass needs is in
// the folder of its name, lib/Transforms/DecomposeAttention/. In pipeline order, after
// one that is for programs that were on tensors: passes of the model level and of
// tiles, which know no ISA, and then those of KernelPasses.td.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TRANSFORMS_PASSES_TD
#define FP8ATTN_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def DropReturnedArguments
    : Pass<"fp8attn-drop-returned-arguments", "::mlir::ModuleOp"> {
  let summary = "Drop results of functions that are their arguments";
  let description = [{
    A function on tensors that writes into an argument returns it. Bufferized, it
    writes the argument in place and returns it again. Entry points return a
    status, and their callers know the argument: this pass drops the result, of
    public functions too, and gives callers in the module their own operand.

    Before:
    ```mlir
    func.func @quantize(%x: memref<?x64xf32>, %scale: memref<f32>, %codes: memref<?x64xf8E5M2>) -> memref<?x64xf8E5M2> {
      fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %codes
          : memref<?x64xf32>, memref<f32>, memref<?x64xf8E5M2>
      return %codes : memref<?x64xf8E5M2>
    }
    ```
    After, the function has no result.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def CheckResultSizes
    : Pass<"fp8attn-check-result-sizes", "::mlir::func::FuncOp"> {
  let summary = "Check the sizes of memory that is to hold results";
  let description = [{
    Results of a function on tensors are memory that it allocates, until
    `buffer-results-to-out-params` makes that an argument, of whatever size a host
    has. This pass, right before that one, has the sizes compared that depend on
    the call: without it, the function relies on the host for those that no
    operation of this dialect checks.

    Before:
    ```mlir
    func.func @f(%n: index) -> memref<2x?xf32> {
      %new = memref.alloc(%n) : memref<2x?xf32>
      return %new : memref<2x?xf32>
    }
    ```
    After, where `%size` is of the memory, whoever gives it:
    ```mlir
    func.func @f(%n: index) -> memref<2x?xf32> {
      %new = memref.alloc(%n) : memref<2x?xf32>
      %c1 = arith.constant 1 : index
      %size = memref.dim %new, %c1 : memref<2x?xf32>
      fp8attn.check.size "size 1 of result 0", %size, "that of what is computed", %n
      return %new : memref<2x?xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::fp8attn::Fp8AttnDialect", "::mlir::memref::MemRefDialect"];
}

def AssignLayouts : Pass<"fp8attn-assign-layouts", "::mlir::ModuleOp"> {
  let summary = "Give caches without a layout the one that kernels read";
  let description = [{
    A model need not know how kernels want the bytes of its caches: a cache type
    may leave its layout out. This pass puts in the first one for which the kernel
    table (runtime_kernels/kernels.def) has rows to write and to read caches of
    that element type on every ISA, so that one cache serves all bodies, hosts and
    headers. Layouts that are given stay.

    Before:
    ```mlir
    !kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN>
    func.func private @f(!kv)
    ```
    After:
    ```mlir
    !kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    func.func private @f(!kv)
    ```
  }];
  let dependentDialects = ["::mlir::fp8attn::Fp8AttnDialect"];
}

def SplitModule : Pass<"fp8attn-split-module", "::mlir::ModuleOp"> {
  let summary = "Move the model's functions into a module of their own";
  let description = [{
    In a module with functions that have `fp8attn.entry`, moves these, and the
    private functions with operations of the model level that they call, into a
    `module @fp8attn.model`, on which the passes behind this one run. Everything
    else stays as it is, without looking at it: functions with results, of any
    dialect, without bodies, globals. `fp8attn-join-module` ends it.

    Functions of the model may call others by `func.call`, which the module of
    the model declares, and read constant globals, of which it has copies.
    Others call entry points by `fp8attn.call`.

    A module without such functions, which is a model and nothing else, is left
    as it is.

    Before:
    ```mlir
    func.func private @my_gemm(memref<?x64xf32>)
    func.func @quantize(%x: memref<?x64xf32>, %scale: memref<f32>, %y: memref<?x64xf8E4M3FN>)
        attributes {fp8attn.entry} {
      fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
          : memref<?x64xf32>, memref<f32>, memref<?x64xf8E4M3FN>
      return
    }
    func.func @layer(%context: !fp8attn.context, %x: memref<?x64xf32>, %scale: memref<f32>,
                     %y: memref<?x64xf8E4M3FN>) -> i32 {
      call @my_gemm(%x) : (memref<?x64xf32>) -> ()
      %status = fp8attn.call @quantize(%context, %x, %scale, %y)
          : memref<?x64xf32>, memref<f32>, memref<?x64xf8E4M3FN>
      return %status : i32
    }
    ```
    After, in outline:
    ```
    func.func private @my_gemm(memref<?x64xf32>)
    func.func @layer(...) -> i32 { ... }
    module @fp8attn.model {
      func.func @quantize(...) { ... }
    }
    ```
  }];
}

def NameArguments : Pass<"fp8attn-name-arguments", "::mlir::func::FuncOp"> {
  let summary = "Name the arguments of entry points after their role";
  let description = [{
    Sets `fp8attn.name` on arguments of public functions that have none: the
    role in the first operation that uses the argument. The names appear in the
    emitted C header and in the messages of run-time checks. The tools that read
    text set it to the name in the text before, unless that is MLIR's own or no
    identifier of C.

    Before:
    ```mlir
    func.func @quantize(%arg0: memref<?x128xbf16>, %arg1: memref<f32>, %arg2: memref<?x128xf8E5M2>) {
      fp8attn.quantize %arg0 scale(%arg1, affine_map<(t, c) -> ()>) into %arg2
          : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E5M2>
      return
    }
    ```
    After, the arguments are named "source", "scale" and "destination".
  }];
}

def DescribeEntryPoints
    : Pass<"fp8attn-describe-entry-points", "::mlir::ModuleOp"> {
  let summary = "Note what entry points take and compute";
  let description = [{
    Sets `fp8attn.description` of public functions to two texts of JSON, arrays of
    their arguments and of the operations that they compute, those of functions
    that they call included. `convert-fp8attn-to-llvm` makes a function of it that
    returns the whole, which docs/Runtime.md describes: `NAME_describe`.

    Before:
    ```mlir
    func.func @convert(%x: memref<?x128xbf16> {fp8attn.name = "x"}, %scale: memref<f32> {fp8attn.name = "scale"},
                     %y: memref<?x128xf8E5M2> {fp8attn.name = "y"}) {
      fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
          : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E5M2>
      return
    }
    ```
    After, the first of the arguments is `{"name":"x","role":"source","kind":"tensor",
    "written":false,"element_type":"bf16","shape":[null,128],"strides":[128,1],"alignment":2}`,
    and the operation is `{"operation":"quantize","operands":{"source":"x","scale":"scale",
    "destination":"y"},"scale_map":"(d0, d1) -> ()"}`.
  }];
}

def CastStrides : Pass<"fp8attn-cast-strides", "::mlir::func::FuncOp"> {
  let summary = "Take the innermost stride of operands to be what kernels need";
  let description = [{
    Kernels read and write elements that are side by side. A memref whose innermost
    stride is not known, as bufferization makes them of tensor arguments, is cast to
    the type in which it is 1. `fp8attn-insert-checks` then makes a check of the
    cast, so that a call with another stride is refused.

    Before:
    ```mlir
    !rows = memref<?x128xbf16, strided<[?, ?], offset: ?>>
    func.func @quantize(%x: !rows, %scale: memref<f32>, %codes: memref<?x128xf8E5M2>) {
      fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %codes
          : !rows, memref<f32>, memref<?x128xf8E5M2>
      return
    }
    ```
    After, what is quantised is a `memref.cast` of `%x` to
    `memref<?x128xbf16, strided<[?, 1], offset: ?>>`.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def InsertChecks : Pass<"fp8attn-insert-checks", "::mlir::ModuleOp"> {
  let summary = "Check at run time what operations demand of their operands";
  let description = [{
    Gives each operation of the model level the `check.*` of what no verifier can
    see: sizes, scales, batches, slots, and memory that is written and shared.

    A check of an operation's operands goes to the begin of the function if it
    depends on arguments alone, so that a call that is refused has written
    nothing. One that reads memory (scales, block tables, slots) does so only if
    nothing writes that memory in between: what is written before the operation,
    by whom ever, is compared with it, by another check at the begin of the
    function. Where both are the same argument or the writer is not known, the
    check stays right before the operation.

    Of equal checks at the begin, with equal operands and attributes, one is made:
    nothing is written there, so that what has passed would pass again. Checks that
    stay before their operations are all made, because control arrays may have
    changed since; sizes of memrefs and caches cannot. Written and read memory of
    the whole function is compared by one `check.later_reads`, so that checks grow
    with the operations, not with their pairs.

    Checks at the begin of a private function go to its callers, before the call
    or further up.

    Before:
    ```mlir
    !codes = memref<?x32xf8E4M3FN>
    func.func @convert(%x: memref<?x32xf32>, %scale: memref<?xf32>, %codes: !codes) {
      fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> (t)>) into %codes
          : memref<?x32xf32>, memref<?xf32>, !codes
      return
    }
    ```
    After:
    ```mlir
    !codes = memref<?x32xf8E4M3FN>
    func.func @convert(%x: memref<?x32xf32>, %scale: memref<?xf32>, %codes: !codes) {
      %c0 = arith.constant 0 : index
      %rows = memref.dim %codes, %c0 : !codes
      %sources = memref.dim %x, %c0 : memref<?x32xf32>
      fp8attn.check.size "destination dimension 0", %rows, "source dimension 0", %sources
      %scales = memref.dim %scale, %c0 : memref<?xf32>
      fp8attn.check.size "scale dimension 0", %scales, "source dimension 0", %sources
      fp8attn.check.scale "scale", %scale : memref<?xf32>
      fp8attn.check.overlap ["destination", "source", "scale"] written(%codes : !codes)
          read(%x, %scale : memref<?x32xf32>, memref<?xf32>)
      fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> (t)>) into %codes
          : memref<?x32xf32>, memref<?xf32>, !codes
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect", "::mlir::fp8attn::Fp8AttnDialect"];
}

def ShareOperations : Pass<"fp8attn-share-operations", "::mlir::ModuleOp"> {
  let summary = "Make a function of the equal operations of a function";
  let description = [{
    Where a function has an operation of the model level twice or more, with the
    same attributes, constants and types on whatever values, moves it into a
    private function and calls that: a model does the same in each of its layers,
    and all that comes behind this pass is done for one of them. Functions of a
    module share what is made. Checks stay where they are.

    Before:
    ```mlir
    !row = memref<?x32xf32>
    !codes = memref<?x32xf8E4M3FN>
    func.func @convert(%x: !row, %y: !row, %scale: memref<f32>, %a: !codes, %b: !codes) {
      fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %a
          : !row, memref<f32>, !codes
      fp8attn.quantize %y scale(%scale, affine_map<(t, c) -> ()>) into %b
          : !row, memref<f32>, !codes
      return
    }
    ```
    After:
    ```mlir
    !row = memref<?x32xf32>
    !codes = memref<?x32xf8E4M3FN>
    func.func @convert(%x: !row, %y: !row, %scale: memref<f32>, %a: !codes, %b: !codes) {
      call @convert.quantize(%x, %scale, %a) : (!row, memref<f32>, !codes) -> ()
      call @convert.quantize(%y, %scale, %b) : (!row, memref<f32>, !codes) -> ()
      return
    }
    func.func private @convert.quantize(%x: !row, %scale: memref<f32>, %codes: !codes)
        attributes {no_inline} {
      fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %codes
          : !row, memref<f32>, !codes
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

include "fp8attn/Transforms/DecompositionPasses.td"

def FoldScales : Pass<"fp8attn-fold-scales", "::mlir::func::FuncOp"> {
  let summary = "Move scales to where they cost nothing";
  let description = [{
    Moves each `tile.scale` by the algebra of the operations around it:

    - of keys, and of scores, by a number: into the factor of `tile.qk`, which
      the softmax applies anyway; consecutive factors are multiplied once,
      outside of the loop;
    - of keys, by a factor for each key: to the scores, as `key_factor` of
      `tile.qk`;
    - of keys, by a factor for each channel: to the query, as `channel_factor`
      of `tile.load_query`;
    - of values, by a number: through `tile.pv` and the loop over keys into the
      factor of `tile.finish`, which divides by the sum anyway;
    - of values, by a factor for each key: into the probabilities, as
      `prob_factor` of `tile.softmax`, behind the sum for the denominator;
    - of values, by a factor for each channel: as `channel_factor` of
      `tile.finish`.

    A scale that cannot move stays where it is, correct and explicit, and gets a
    missed remark with the reason.

    Before:
    ```mlir
    func.func @scores(%q: tensor<16x64xbf16>, %k: tensor<256x64xbf16>, %s: f32) -> tensor<16x256xf32> {
      %0 = fp8attn.tile.scale %k, %s : tensor<256x64xbf16>, f32
      %1 = fp8attn.tile.qk %q, %0 : tensor<16x64xbf16>, tensor<256x64xbf16> -> tensor<16x256xf32>
      return %1 : tensor<16x256xf32>
    }
    ```
    After:
    ```mlir
    func.func @scores(%q: tensor<16x64xbf16>, %k: tensor<256x64xbf16>, %s: f32) -> tensor<16x256xf32> {
      %0 = fp8attn.tile.qk %q, %k factor %s : tensor<16x64xbf16>, tensor<256x64xbf16> -> tensor<16x256xf32>
      return %0 : tensor<16x256xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::fp8attn::Fp8AttnDialect"];
}

include "fp8attn/Transforms/KernelPasses.td"

#endif // FP8ATTN_TRANSFORMS_PASSES_TD
