// RUN: fp8attn-compile %s --mtriple=x86_64-linux-gnu --mcpu=x86-64 --stop-after=fp8attn-decompose-quantization | FileCheck %s --check-prefix=TILES
// RUN: fp8attn-compile %s --mtriple=x86_64-linux-gnu --mcpu=x86-64 --stop-after=fp8attn-select-kernels -o %t.mlir && FileCheck %s --check-prefix=KERNELS --input-file=%t.mlir
// RUN: fp8attn-opt %t.mlir | FileCheck %s --check-prefix=KERNELS
// RUN: fp8attn-compile %s --mtriple=x86_64-linux-gnu --mcpu=x86-64 --stop-after=reconcile-unrealized-casts | FileCheck %s --check-prefix=LLVM
// RUN: not fp8attn-compile %s --stop-after=fold-scales 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not fp8attn-compile %s --stop-after=fp8attn-fold-scales -o %t.o 2>&1 | FileCheck %s --check-prefix=EXTENSION
// RUN: not fp8attn-compile %s --stop-after=fp8attn-fold-scales --emit=object 2>&1 | FileCheck %s --check-prefix=EMIT

// The MLIR after a pass, for the target that was asked for; it can be read
// again.
// TILES:     func.func @quantize
// TILES:     scf.forall
// TILES:     fp8attn.tile.quantize
// KERNELS:   func.func private @quantize.generic
// KERNELS-NOT: fp8attn.tile.quantize
// KERNELS:   fp8attn.ukernel.call @fp8attn_uk_quantize
// LLVM:      llvm.func @quantize(

// UNKNOWN: error: unknown pass "fold-scales"; expects one of: fp8attn-assign-layouts, fp8attn-split-module, fp8attn-name-arguments, {{.*}}fp8attn-fold-scales, {{.*}}reconcile-unrealized-casts, fp8attn-join-module
// EXTENSION: error: expects the output file to end in .mlir with --stop-after, got "{{.*}}.o"
// EMIT: error: expects one of --stop-after and --emit, got both
func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E4M3FN>
  return
}
