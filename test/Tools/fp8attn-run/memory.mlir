// RUN: split-file %s %t
// RUN: fp8attn-run %t/packed.mlir --seqs=1 --context=40 --query-len=40 --check | FileCheck %s --check-prefix=PACKED
// RUN: fp8attn-run %t/transposed.mlir --seqs=2 --context=48 --query-len=16 --check --isa-cap=generic | FileCheck %s --check-prefix=TRANSPOSED
// RUN: fp8attn-run %t/appended.mlir --seqs=1 --context=48 --query-len=16 --check | FileCheck %s --check-prefix=APPENDED
// RUN: fp8attn-run %t/halves.mlir --seqs=1 --context=24 --query-len=8 --check | FileCheck %s --check-prefix=HALVES
// RUN: fp8attn-run %t/constant.mlir --seqs=1 --context=24 --query-len=8 --check | FileCheck %s --check-prefix=CONSTANT
// RUN: fp8attn-run %t/twice.mlir --seqs=1 --context=24 --query-len=8 --check | FileCheck %s --check-prefix=TWICE

// Memory of the function's own and parts of arguments: the reference follows views
// and copies, and compares what is the caller's at the end.

//--- packed.mlir
// Query, key and value are columns of one argument; a dynamic size is that of it.
// PACKED: computed attention: causal
// PACKED: check of out passed
!row = memref<1x4x?x64xbf16, strided<[?, 64, 512, 1]>>
func.func @packed(%qkv: memref<1x?x8x64xbf16>, %out: memref<1x4x?x64xbf16>) {
  %c1 = arith.constant 1 : index
  %tokens = memref.dim %qkv, %c1 : memref<1x?x8x64xbf16>
  %q = memref.subview %qkv[0, 0, 0, 0] [1, %tokens, 4, 64] [1, 1, 1, 1]
      : memref<1x?x8x64xbf16> to memref<1x?x4x64xbf16, strided<[?, 512, 64, 1]>>
  %k = memref.subview %qkv[0, 0, 4, 0] [1, %tokens, 2, 64] [1, 1, 1, 1]
      : memref<1x?x8x64xbf16> to memref<1x?x2x64xbf16, strided<[?, 512, 64, 1], offset: 256>>
  %v = memref.subview %qkv[0, 0, 6, 0] [1, %tokens, 2, 64] [1, 1, 1, 1]
      : memref<1x?x8x64xbf16> to memref<1x?x2x64xbf16, strided<[?, 512, 64, 1], offset: 384>>
  %qt = memref.transpose %q (a, b, c, d) -> (a, c, b, d)
      : memref<1x?x4x64xbf16, strided<[?, 512, 64, 1]>> to !row
  %kt = memref.transpose %k (a, b, c, d) -> (a, c, b, d)
      : memref<1x?x2x64xbf16, strided<[?, 512, 64, 1], offset: 256>> to memref<1x2x?x64xbf16, strided<[?, 64, 512, 1], offset: 256>>
  %vt = memref.transpose %v (a, b, c, d) -> (a, c, b, d)
      : memref<1x?x2x64xbf16, strided<[?, 512, 64, 1], offset: 384>> to memref<1x2x?x64xbf16, strided<[?, 64, 512, 1], offset: 384>>
  fp8attn.attention causal query(%qt : !row)
      key(%kt : memref<1x2x?x64xbf16, strided<[?, 64, 512, 1], offset: 256>>)
      value(%vt : memref<1x2x?x64xbf16, strided<[?, 64, 512, 1], offset: 384>>) out(%out : memref<1x4x?x64xbf16>)
  return
}

//--- transposed.mlir
// An argument whose use only its copy shows, and a result that is copied: what is
// allowed of it goes with it.
// TRANSPOSED: computed copy: memref<2x48x2x64xbf16> to memref<2x48x2x64xbf16>
// TRANSPOSED: check of out passed
func.func @transposed(%query: memref<2x4x16x64xbf16>, %key: memref<2x48x2x64xbf16>, %out: memref<2x4x16x64xbf16>) {
  %copied = memref.alloc() : memref<2x48x2x64xbf16>
  memref.copy %key, %copied : memref<2x48x2x64xbf16> to memref<2x48x2x64xbf16>
  %k = memref.transpose %copied (a, b, c, d) -> (a, c, b, d)
      : memref<2x48x2x64xbf16> to memref<2x2x48x64xbf16, strided<[6144, 64, 128, 1]>>
  %result = memref.alloc() : memref<2x4x16x64xbf16>
  fp8attn.attention query(%query : memref<2x4x16x64xbf16>)
      key(%k : memref<2x2x48x64xbf16, strided<[6144, 64, 128, 1]>>)
      value(%k : memref<2x2x48x64xbf16, strided<[6144, 64, 128, 1]>>) out(%result : memref<2x4x16x64xbf16>)
  memref.copy %result, %out : memref<2x4x16x64xbf16> to memref<2x4x16x64xbf16>
  memref.dealloc %copied : memref<2x48x2x64xbf16>
  memref.dealloc %result : memref<2x4x16x64xbf16>
  return
}

//--- appended.mlir
// Past and new keys, one behind the other.
// APPENDED: check of out passed
func.func @appended(%query: memref<1x2x16x64xbf16>, %past: memref<1x1x32x64xbf16>, %new: memref<1x1x16x64xbf16>,
                    %out: memref<1x2x16x64xbf16>) {
  %keys = memref.alloc() : memref<1x1x48x64xbf16>
  %first = memref.subview %keys[0, 0, 0, 0] [1, 1, 32, 64] [1, 1, 1, 1]
      : memref<1x1x48x64xbf16> to memref<1x1x32x64xbf16, strided<[3072, 3072, 64, 1]>>
  %last = memref.subview %keys[0, 0, 32, 0] [1, 1, 16, 64] [1, 1, 1, 1]
      : memref<1x1x48x64xbf16> to memref<1x1x16x64xbf16, strided<[3072, 3072, 64, 1], offset: 2048>>
  memref.copy %past, %first : memref<1x1x32x64xbf16> to memref<1x1x32x64xbf16, strided<[3072, 3072, 64, 1]>>
  memref.copy %new, %last : memref<1x1x16x64xbf16> to memref<1x1x16x64xbf16, strided<[3072, 3072, 64, 1], offset: 2048>>
  fp8attn.attention causal query(%query : memref<1x2x16x64xbf16>) key(%keys : memref<1x1x48x64xbf16>)
      value(%keys : memref<1x1x48x64xbf16>) out(%out : memref<1x2x16x64xbf16>)
  memref.dealloc %keys : memref<1x1x48x64xbf16>
  return
}

//--- halves.mlir
// Two operations write the halves of one result, whose batch and heads are one
// dimension; the second one twice.
// HALVES: check of out passed
// HALVES: check of out passed
// HALVES-NOT: check of
!half = memref<1x2x8x64xbf16, strided<[2048, 512, 64, 1]>>
!other_half = memref<1x2x8x64xbf16, strided<[2048, 512, 64, 1], offset: 1024>>
func.func @halves(%query: memref<1x2x?x64xbf16>, %key: memref<1x2x24x64xbf16>, %out: memref<4x8x64xbf16>) {
  %expanded = memref.expand_shape %out [[0, 1], [2], [3]] output_shape [1, 4, 8, 64]
      : memref<4x8x64xbf16> into memref<1x4x8x64xbf16>
  %a = memref.subview %expanded[0, 0, 0, 0] [1, 2, 8, 64] [1, 1, 1, 1] : memref<1x4x8x64xbf16> to !half
  %b = memref.subview %expanded[0, 2, 0, 0] [1, 2, 8, 64] [1, 1, 1, 1] : memref<1x4x8x64xbf16> to !other_half
  fp8attn.attention query(%query : memref<1x2x?x64xbf16>) key(%key : memref<1x2x24x64xbf16>)
      value(%key : memref<1x2x24x64xbf16>) out(%a : !half)
  fp8attn.attention query(%query : memref<1x2x?x64xbf16>) key(%key : memref<1x2x24x64xbf16>)
      value(%key : memref<1x2x24x64xbf16>) out(%b : !other_half)
  fp8attn.attention causal query(%query : memref<1x2x?x64xbf16>) key(%key : memref<1x2x24x64xbf16>)
      value(%key : memref<1x2x24x64xbf16>) out(%b : !other_half)
  return
}

//--- constant.mlir
// A table of the module.
// CONSTANT: check of out passed
memref.global "private" constant @slopes : memref<2xf32> = dense<[0.5, 0.25]>
func.func @constant(%query: memref<1x2x8x64xbf16>, %key: memref<1x2x24x64xbf16>, %out: memref<1x2x8x64xbf16>) {
  %slopes = memref.get_global @slopes : memref<2xf32>
  fp8attn.attention query(%query : memref<1x2x8x64xbf16>) key(%key : memref<1x2x24x64xbf16>)
      value(%key : memref<1x2x24x64xbf16>) out(%out : memref<1x2x8x64xbf16>) alibi(%slopes : memref<2xf32>)
  return
}

//--- twice.mlir
// What the first operation leaves in an argument is what the second one reads.
// TWICE: check of middle passed
// TWICE: check of out passed
func.func @twice(%query: memref<1x2x8x64xbf16>, %key: memref<1x2x24x64xbf16>,
                 %middle: memref<1x2x8x64xbf16>, %out: memref<1x2x8x64xbf16>) {
  fp8attn.attention query(%query : memref<1x2x8x64xbf16>) key(%key : memref<1x2x24x64xbf16>)
      value(%key : memref<1x2x24x64xbf16>) out(%middle : memref<1x2x8x64xbf16>)
  fp8attn.attention query(%middle : memref<1x2x8x64xbf16>) key(%key : memref<1x2x24x64xbf16>)
      value(%key : memref<1x2x24x64xbf16>) out(%out : memref<1x2x8x64xbf16>)
  return
}
