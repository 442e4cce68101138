//===- KernelPasses.td - passes that know the ISA -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From a body for each ISA to calls of its kernels, in pipeline order.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TRANSFORMS_KERNELPASSES_TD
#define FP8ATTN_TRANSFORMS_KERNELPASSES_TD

include "mlir/Pass/PassBase.td"

def SpecializeIsas : Pass<"fp8attn-specialize-isas", "::mlir::ModuleOp"> {
  let summary = "Give each function a body for each ISA of the target";
  let description = [{
    Clones every public function with tile operations, or with shuffles and
    arithmetic of vectors, which repacks become, for each ISA that the features
    in `llvm.target` allow, and leaves in the function itself the run-time
    checks, the question which ISA this process may use, and a switch.
    So an object built for a CPU with AMX runs on AVX-512 where the kernel
    refuses the tiles, and says why. With `fat` the architecture decides, not
    the CPU: an object built anywhere uses what each machine has.

    Checks that need more than the arguments, such as those of memory that the
    function allocates, stay in the bodies. Private functions with tile
    operations are cloned too, and bodies call those of their own ISA.

    Before:
    ```mlir
    func.func @f(%row: memref<128xbf16>, %scale: f32, %codes: memref<128xf8E4M3FN>) {
      fp8attn.tile.quantize %row, %scale into %codes : memref<128xbf16>, memref<128xf8E4M3FN>
      return
    }
    ```
    After, with `isa=generic`:
    ```mlir
    func.func @f(%row: memref<128xbf16>, %scale: f32, %codes: memref<128xf8E4M3FN>) {
      %isa = fp8attn.select_isa [#fp8attn.isa<generic>]
      scf.index_switch %isa
      default {
        func.call @f.generic(%row, %scale, %codes) : (memref<128xbf16>, f32, memref<128xf8E4M3FN>) -> ()
      }
      return
    }
    func.func private @f.generic(%row: memref<128xbf16>, %scale: f32, %codes: memref<128xf8E4M3FN>) attributes {fp8attn.isa = #fp8attn.isa<generic>} {
      fp8attn.tile.quantize %row, %scale into %codes : memref<128xbf16>, memref<128xf8E4M3FN>
      return
    }
    ```
  }];
  let options = [
    Option<"isa", "isa", "std::string", "",
           "The only ISA to make a body for: generic, avx2, avx512, avx512_bf16 "
           "or amx_bf16 (default: all that the target has)">,
    Option<"fat", "fat", "bool", "false",
           "Make bodies for every ISA of the target's architecture, whatever "
           "its CPU has">
  ];
  let dependentDialects = ["::mlir::func::FuncDialect",
    "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect",
    "::mlir::fp8attn::Fp8AttnDialect"];
}

def ShareChecks : Pass<"fp8attn-share-checks", "::mlir::ModuleOp"> {
  let summary = "Make a function of the equal checks of a function";
  let description = [{
    Where a function makes the same row of checks twice or more, on whatever
    values, as it does for operations that are alike, moves it into a private
    function and calls that. A row ends before a check that is like one of it.
    With a row goes what computes its operands and nothing else.

    Before:
    ```mlir
    func.func @convert(%scale: memref<f32>, %a: index, %b: index, %n: index) {
      fp8attn.check.size "rows", %a, "tokens", %n
      fp8attn.check.scale "scale", %scale : memref<f32>
      fp8attn.check.size "rows", %b, "tokens", %n
      fp8attn.check.scale "scale", %scale : memref<f32>
      return
    }
    ```
    After:
    ```mlir
    func.func @convert(%scale: memref<f32>, %a: index, %b: index, %n: index) {
      call @convert.checks(%a, %n, %scale) : (index, index, memref<f32>) -> ()
      call @convert.checks(%b, %n, %scale) : (index, index, memref<f32>) -> ()
      return
    }
    func.func private @convert.checks(%rows: index, %tokens: index, %scale: memref<f32>)
        attributes {no_inline} {
      fp8attn.check.size "rows", %rows, "tokens", %tokens
      fp8attn.check.scale "scale", %scale : memref<f32>
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def SelectKernels : Pass<"fp8attn-select-kernels", "::mlir::func::FuncOp"> {
  let summary = "Replace tile operations by calls of chosen microkernels";
  let description = [{
    Matches the tile operations of a work item and chooses among the rows of the
    kernel table (runtime_kernels/kernels.def) by predicted cycles: rows of the
    function's ISA (`fp8attn.isa`) or of those it includes. A fused `attend` row
    covers the whole loop over keys when nothing stands between its parts;
    otherwise scores, softmax and weighted values are kernels of their own. A
    score region becomes loops of vector code between the first two.
    Powers of two that a kernel's decode leaves out (its exponent) are given to
    the query, the probabilities and the final factor.

    The prediction is for the rows and keys of a typical work item and for the
    caches and the memory that the module's `dlti.target_system_spec` states
    (docs/Kernels.md), for few rows and for many apart. A remark
    (`--remarks-filter=fp8attn`) says for each choice what it predicts and why
    each other candidate lost.

    Before:
    ```mlir
    func.func @f(%row: memref<128xbf16>, %scale: f32, %codes: memref<128xf8E4M3FN>) attributes {fp8attn.isa = #fp8attn.isa<generic>} {
      fp8attn.tile.quantize %row, %scale into %codes : memref<128xbf16>, memref<128xf8E4M3FN>
      return
    }
    ```
    After:
    ```mlir
    func.func @f(%row: memref<128xbf16>, %scale: f32, %codes: memref<128xf8E4M3FN>) attributes {fp8attn.isa = #fp8attn.isa<generic>} {
      %c0 = arith.constant 0 : index
      %channels = memref.dim %row, %c0 : memref<128xbf16>
      fp8attn.ukernel.call @fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_generic(%row, %channels, %scale, %codes)
          : memref<128xbf16>, index, f32, memref<128xf8E4M3FN>
      return
    }
    ```
  }];
  let options = [
    ListOption<"force", "force", "std::string",
               "Kernels of attention to use wherever they can be, however slow, "
               "by name (qk and pv together) or all those of an ISA">,
    Option<"mixIsas", "mix-isas", "bool", "false",
           "Let few rows take kernels of a lesser ISA than many where those are "
           "faster; the bits of a result then depend on how a prompt is cut into "
           "chunks">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::mlir::fp8attn::Fp8AttnDialect"];
}

def OutlineParallel : Pass<"fp8attn-outline-parallel", "::mlir::ModuleOp"> {
  let summary = "Outline parallel loops into body functions";
  let description = [{
    Turns each `scf.forall` into a `parallel_for` of a private function that
    runs a range of iterations, so that the host's thread pool can call it.

    Before:
    ```mlir
    func.func @f(%n: index, %x: memref<?xf32>, %zero: f32) {
      scf.forall (%i) in (%n) {
        memref.store %zero, %x[%i] : memref<?xf32>
      }
      return
    }
    ```
    After:
    ```mlir
    func.func @f(%n: index, %x: memref<?xf32>, %zero: f32) {
      fp8attn.parallel_for @f.body count %n captures(%zero, %x) : f32, memref<?xf32>
      return
    }
    func.func private @f.body(%begin: index, %end: index, %worker: index, %zero: f32, %x: memref<?xf32>) {
      %c1 = arith.constant 1 : index
      scf.for %i = %begin to %end step %c1 {
        memref.store %zero, %x[%i] : memref<?xf32>
      }
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::func::FuncDialect",
    "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect",
    "::mlir::fp8attn::Fp8AttnDialect"];
}

def ShareBodies : Pass<"fp8attn-share-bodies", "::mlir::ModuleOp"> {
  let summary = "Share the bodies of equal parallel loops";
  let description = [{
    Of private functions that parallel loops alone run, keeps one of each kind:
    those with the same operations, types and attributes on values that are made
    alike. Code for the same operation in each layer of a model is generated
    once.

    ```mlir
    func.func private @f.body(%begin: index, %end: index, %worker: index) {
      return
    }
    func.func private @f.body_0(%begin: index, %end: index, %worker: index) {
      return
    }
    func.func @f(%n: index) {
      fp8attn.parallel_for @f.body count %n captures()
      fp8attn.parallel_for @f.body_0 count %n captures()
      return
    }
    ```

    Both loops run `@f.body` then, and there is no `@f.body_0`.
  }];
}

def ExpandMath : Pass<"fp8attn-expand-math", "::mlir::func::FuncOp"> {
  let summary = "Expand functions of f32 into arithmetic";
  let description = [{
    Replaces `math.tanh`, `exp`, `exp2`, `log` and `log2` of f32, scalar or
    vector, by polynomials with a relative error below 1e-6, so that objects
    need no mathematical library. Infinities, NaN and subnormal numbers are
    treated as the functions demand.

    ```mlir
    func.func @cap(%x: vector<16xf32>) -> vector<16xf32> {
      %0 = math.tanh %x : vector<16xf32>
      return %0 : vector<16xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def ExpandSmallFloats : Pass<"fp8attn-expand-small-floats", "::mlir::func::FuncOp"> {
  let summary = "Expand conversions of small floats into arithmetic";
  let description = [{
    Replaces `arith.extf` and `arith.truncf` between f32 and bf16 or f16, scalar
    or vector, and `arith.extf` from f8E4M3FN, f8E4M3FNUZ and f8E5M2, by
    operations on bits, so that objects need no library of the compiler and
    subnormal numbers are kept. Rounding is to nearest even. In a function of an
    ISA that has instructions for f16 (`fp8attn.isa`), those stay.

    ```mlir
    func.func @bias(%x: vector<16xi16>) -> vector<16xf32> {
      %0 = arith.bitcast %x : vector<16xi16> to vector<16xbf16>
      %1 = arith.extf %0 : vector<16xbf16> to vector<16xf32>
      return %1 : vector<16xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def InsertTileConfig : Pass<"fp8attn-insert-tile-config", "::mlir::func::FuncOp"> {
  let summary = "Configure AMX tiles around each kernel that needs them";
  let description = [{
    Puts `ukernel.tile_begin` before and `ukernel.tile_end` after each call of
    an AMX kernel. `fp8attn-hoist-tile-config` makes one pair of many.

    Before:
    ```mlir
    func.func @f(%run: !fp8attn.key_run, %i: index, %q: memref<6144xbf16>, %s: memref<12288xf32>, %scratch: memref<163840xi8>) {
      fp8attn.ukernel.call @fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_amx_bf16(%run, %i, %i, %q, %i, %i, %s, %scratch)
          : !fp8attn.key_run, index, index, memref<6144xbf16>, index, index, memref<12288xf32>, memref<163840xi8>
      return
    }
    ```
    After:
    ```mlir
    func.func @f(%run: !fp8attn.key_run, %i: index, %q: memref<6144xbf16>, %s: memref<12288xf32>, %scratch: memref<163840xi8>) {
      fp8attn.ukernel.tile_begin
      fp8attn.ukernel.call @fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_amx_bf16(%run, %i, %i, %q, %i, %i, %s, %scratch)
          : !fp8attn.key_run, index, index, memref<6144xbf16>, index, index, memref<12288xf32>, memref<163840xi8>
      fp8attn.ukernel.tile_end
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::fp8attn::Fp8AttnDialect"];
}

def HoistTileConfig : Pass<"fp8attn-hoist-tile-config", "::mlir::func::FuncOp"> {
  let summary = "Configure AMX tiles once for a whole body";
  let description = [{
    Configuring costs as much as several tile multiplications. Pairs of
    `ukernel.tile_begin` and `ukernel.tile_end` move out of loops and branches
    and neighbouring pairs join, as long as no operation that may use tiles in
    its own way (a call, another parallel loop) lies between.

    Before:
    ```mlir
    func.func @f(%begin: index, %end: index, %step: index, %run: !fp8attn.key_run, %q: memref<6144xbf16>, %s: memref<12288xf32>, %scratch: memref<163840xi8>) {
      scf.for %i = %begin to %end step %step {
        fp8attn.ukernel.tile_begin
        fp8attn.ukernel.call @fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_amx_bf16(%run, %i, %i, %q, %i, %i, %s, %scratch)
            : !fp8attn.key_run, index, index, memref<6144xbf16>, index, index, memref<12288xf32>, memref<163840xi8>
        fp8attn.ukernel.tile_end
      }
      return
    }
    ```
    After, the pair stands around the loop:
    ```mlir
    func.func @f(%begin: index, %end: index, %step: index, %run: !fp8attn.key_run, %q: memref<6144xbf16>, %s: memref<12288xf32>, %scratch: memref<163840xi8>) {
      fp8attn.ukernel.tile_begin
      scf.for %i = %begin to %end step %step {
        fp8attn.ukernel.call @fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_amx_bf16(%run, %i, %i, %q, %i, %i, %s, %scratch)
            : !fp8attn.key_run, index, index, memref<6144xbf16>, index, index, memref<12288xf32>, memref<163840xi8>
      }
      fp8attn.ukernel.tile_end
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::fp8attn::Fp8AttnDialect"];
}

#endif // FP8ATTN_TRANSFORMS_KERNELPASSES_TD
