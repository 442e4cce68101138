// RUN: not fp8attn-run %s --entry=fixed --query-len=2 2>&1 | FileCheck %s --check-prefix=SIZE
// RUN: not fp8attn-run %s --entry=unused 2>&1 | FileCheck %s --check-prefix=UNUSED
// RUN: not fp8attn-run %s --entry=other 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not fp8attn-run %s --entry=fixed --threads=0 2>&1 | FileCheck %s --check-prefix=THREADS
// RUN: not fp8attn-run %s --entry=fixed --threads=100000 2>&1 | FileCheck %s --check-prefix=MANY
// RUN: not fp8attn-run %s --entry=fixed --context=-5 2>&1 | FileCheck %s --check-prefix=CONTEXT
// RUN: not fp8attn-run %s --entry=fixed --query-len=2000000000,2000000000 2>&1 | FileCheck %s --check-prefix=TOTAL
// RUN: not fp8attn-run %s --entry=fixed --seqs=1000000000000 2>&1 | FileCheck %s --check-prefix=SEQS
// RUN: not fp8attn-run %s --entry=store --svg=%t.svg 2>&1 | FileCheck %s --check-prefix=SVG
// RUN: not fp8attn-run %s --entry=store --time --svg=%t.svg 2>&1 | FileCheck %s --check-prefix=MOVES
// RUN: fp8attn-run --mcpu=help --mtriple=x86_64-linux-gnu | FileCheck %s --check-prefix=HELP
// RUN: not fp8attn-run %s --entry=fixed --mtriple=riscv64-linux-gnu --mcpu=generic 2>&1 | FileCheck %s --check-prefix=HOST

// What cannot be run, and options that make no sense, are named.

// SIZE: error: expects dimension 0 of slots to be 2 for this batch (--seqs, --context, --query-len), got 3
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @fixed(%key: memref<?x2x64xbf16>, %value: memref<?x2x64xbf16>,
    %slots: memref<3xi64>, %cache: !cache) {
  fp8attn.kv_write
      key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<3xi64>) cache(%cache : !cache)
  return
}

func.func @store(%key: memref<?x2x64xbf16>, %value: memref<?x2x64xbf16>,
    %slots: memref<?xi64>, %cache: !cache) {
  fp8attn.kv_write
      key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>) cache(%cache : !cache)
  return
}

// UNUSED: error: cannot make an input for argument "z": no operation uses it
func.func @unused(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E5M2>, %z: memref<?x128xf8E5M2>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E5M2>
  return
}

// OTHER: error: expects only operations of the model level, constants, and allocations, views and copies of memrefs in a function to run, got memref.load
func.func @other(%x: memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %c = memref.load %x[%c0] : memref<4xf32>
  return
}

// THREADS: error: expects --threads to be at least 1, got 0
// MANY: error: expects --threads to be at most 4096, got 100000
// CONTEXT: error: expects --context to be at least 0, got -5
// TOTAL: error: expects lengths and their sum to fit in 32 bits, got 4000000000
// HOST: error: cannot run code for riscv64 on
// SEQS: error: expects --seqs to fit in 32 bits, got 1000000000000
// SVG: error: expects --time with --svg: a picture shows times
// MOVES: error: expects an entry point that attends to keys for --svg: "store" only moves memory in this batch
// HELP: sapphirerapids
