// RUN: not fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-select-kernels))' -split-input-file 2>&1 | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#tensor = affine_map<(page, head, token, channel) -> ()>

// Kernels have no place for scales between the operations.
// CHECK: error: 'fp8attn.tile.pv' op cannot be given a kernel: expects an operand made by fp8attn.tile.load_value
// CHECK: note: it is made by fp8attn.tile.scale, a scale that was not folded
func.func @unfolded(%query: memref<?x32x128xbf16>, %cache: !kv, %scale: memref<f32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
      key_scale(%scale : memref<f32>, #tensor) value_scale(%scale : memref<f32>, #tensor)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}

// -----

// Keys of a run and dense values cannot be one step.
// CHECK: error: 'fp8attn.tile.pv' op cannot be given a kernel: expects keys and values that are both in a run or both dense
func.func @mixed(%item: !fp8attn.work_item, %run: !fp8attn.key_run, %values: memref<?x64xbf16>,
    %query: memref<?x1x64xbf16>) {
  %q = fp8attn.tile.load_query %item, %query : memref<?x1x64xbf16> -> tensor<16x64xbf16>
  %max, %sum, %acc = fp8attn.tile.init : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>
  %first = fp8attn.tile.first_key %item
  %end = fp8attn.tile.num_keys %item
  %step = arith.constant 256 : index
  %state:3 = scf.for %k = %first to %end step %step iter_args(%m = %max, %s = %sum, %a = %acc)
      -> (tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>) {
    %key = fp8attn.tile.load_key %run[%k] : tensor<256x64xbf16>
    %scores = fp8attn.tile.qk %q, %key : tensor<16x64xbf16>, tensor<256x64xbf16> -> tensor<16x256xf32>
    %masked = fp8attn.tile.mask %scores, %item[%k] : tensor<16x256xf32>
    %p, %m1, %s1, %a1 = fp8attn.tile.softmax %masked, %m, %s, %a
        : tensor<16x256xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32> -> tensor<16x256xbf16>
    %value = fp8attn.tile.load_dense %values[%k] : memref<?x64xbf16> -> tensor<256x64xbf16>
    %sums = fp8attn.tile.pv %p, %value, %a1 : tensor<16x256xbf16>, tensor<256x64xbf16>, tensor<16x64xf32>
    scf.yield %m1, %s1, %sums : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>
  }
  fp8attn.tile.finish %item, %state#0, %state#1, %state#2 into %query
      : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>, memref<?x1x64xbf16>
  return
}

// -----

// Only rows of dense attention are taken block by block.
// CHECK: error: 'fp8attn.tile.finish' op has no kernel for keys of
// CHECK: takes at most 48 rows, but there are 192
func.func @rows(%item: !fp8attn.work_item, %run: !fp8attn.key_run, %query: memref<?x1x64xbf16>) {
  %q = fp8attn.tile.load_query %item, %query : memref<?x1x64xbf16> -> tensor<192x64xbf16>
  %max, %sum, %acc = fp8attn.tile.init : tensor<192xf32>, tensor<192xf32>, tensor<192x64xf32>
  %first = fp8attn.tile.first_key %item
  %end = fp8attn.tile.num_keys %item
  %step = arith.constant 256 : index
  %state:3 = scf.for %k = %first to %end step %step iter_args(%m = %max, %s = %sum, %a = %acc)
      -> (tensor<192xf32>, tensor<192xf32>, tensor<192x64xf32>) {
    %key = fp8attn.tile.load_key %run[%k] : tensor<256x64xbf16>
    %scores = fp8attn.tile.qk %q, %key : tensor<192x64xbf16>, tensor<256x64xbf16> -> tensor<192x256xf32>
    %masked = fp8attn.tile.mask %scores, %item[%k] : tensor<192x256xf32>
    %p, %m1, %s1, %a1 = fp8attn.tile.softmax %masked, %m, %s, %a
        : tensor<192x256xf32>, tensor<192xf32>, tensor<192xf32>, tensor<192x64xf32> -> tensor<192x256xbf16>
    %value = fp8attn.tile.load_value %run[%k] : tensor<256x64xbf16>
    %sums = fp8attn.tile.pv %p, %value, %a1 : tensor<192x256xbf16>, tensor<256x64xbf16>, tensor<192x64xf32>
    scf.yield %m1, %s1, %sums : tensor<192xf32>, tensor<192xf32>, tensor<192x64xf32>
  }
  fp8attn.tile.finish %item, %state#0, %state#1, %state#2 into %query
      : tensor<192xf32>, tensor<192xf32>, tensor<192x64xf32>, memref<?x1x64xbf16>
  return
}

// -----

// What stands before bf16 channels is multiplied one by one, in the step that appends them.
// CHECK: error: 'fp8attn.tile.qk' op cannot be given a kernel: expects keys before bf16 channels, and values, to have a factor for each key and channel
!rope = !fp8attn.cache<key, heads = 1, head_dim = 32, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @rope(%item: !fp8attn.work_item, %run: !fp8attn.key_run, %rope: !rope, %query: memref<?x1x96xbf16>,
    %out: memref<?x1x64xbf16>) {
  %q = fp8attn.tile.load_query %item, %query : memref<?x1x96xbf16> -> tensor<16x96xbf16>
  %max, %sum, %acc = fp8attn.tile.init : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>
  %first = fp8attn.tile.first_key %item
  %end = fp8attn.tile.num_keys %item
  %step = arith.constant 256 : index
  %state:3 = scf.for %k = %first to %end step %step iter_args(%m = %max, %s = %sum, %a = %acc)
      -> (tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>) {
    %words = fp8attn.tile.load_key %run[%k] : tensor<256x64xbf16>
    %key = fp8attn.tile.append_rope %words, %run[%k], %rope : tensor<256x64xbf16>, !rope -> tensor<256x96xbf16>
    %scores = fp8attn.tile.qk %q, %key : tensor<16x96xbf16>, tensor<256x96xbf16> -> tensor<16x256xf32>
    %masked = fp8attn.tile.mask %scores, %item[%k] : tensor<16x256xf32>
    %p, %m1, %s1, %a1 = fp8attn.tile.softmax %masked, %m, %s, %a
        : tensor<16x256xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32> -> tensor<16x256xbf16>
    %value = fp8attn.tile.load_value %run[%k] : tensor<256x64xbf16>
    %sums = fp8attn.tile.pv %p, %value, %a1 : tensor<16x256xbf16>, tensor<256x64xbf16>, tensor<16x64xf32>
    scf.yield %m1, %s1, %sums : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>
  }
  fp8attn.tile.finish %item, %state#0, %state#1, %state#2 into %out
      : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>, memref<?x1x64xbf16>
  return
}

// -----

// An ISA that no CPU of the target's architecture has.
// CHECK: error: expects fp8attn.isa to be generic, because the target is not x86-64, got avx512_bf16
!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>
module attributes {llvm.target = #llvm.target<triple = "aarch64-unknown-linux-gnu", chip = "neoverse-v2">} {
  func.func @other_architecture(%query: memref<?x32x128xbf16>, %cache: !kv, %starts: memref<?xi32>,
      %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x32x128xbf16>)
      attributes {fp8attn.isa = #fp8attn.isa<avx512_bf16>} {
    fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
        batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
        out(%out : memref<?x32x128xbf16>)
    return
  }
}
