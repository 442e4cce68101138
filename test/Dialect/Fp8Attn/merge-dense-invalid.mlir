// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// merge_c7: the lse of a dense part has three dimensions.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %out: memref<?x4x?x64xbf16>, %lse: memref<?x4x?xf32>, %short: memref<?x4xf32>) {
  // expected-error@below {{'fp8attn.merge' op expects first_lse to have rank 3, one less than first_out, got 'memref<?x4xf32>'}}
  fp8attn.merge first(%out, %short : memref<?x4x?x64xbf16>, memref<?x4xf32>)
      second(%out, %lse : memref<?x4x?x64xbf16>, memref<?x4x?xf32>)
      into(%out, %lse : memref<?x4x?x64xbf16>, memref<?x4x?xf32>)
  return
}

// -----

// merge_c7: a dense part and one of a ragged batch.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %out: memref<?x4x?x64xbf16>, %lse: memref<?x4x?xf32>,
    %ragged: memref<?x4x64xbf16>, %ragged_lse: memref<?x4xf32>) {
  // expected-error@below {{'fp8attn.merge' op expects second_out to have rank 4, as first_out, got 'memref<?x4x64xbf16>'}}
  fp8attn.merge first(%out, %lse : memref<?x4x?x64xbf16>, memref<?x4x?xf32>)
      second(%ragged, %ragged_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      into(%out, %lse : memref<?x4x?x64xbf16>, memref<?x4x?xf32>)
  return
}

// -----

// merge_c1: dynamic channels.
func.func @merge(%out: memref<?x4x?x?xbf16>, %lse: memref<?x4x?xf32>) {
  // expected-error@below {{'fp8attn.merge' op expects heads and channels of first_out to be static and at least 1, got 'memref<?x4x?x?xbf16>'}}
  fp8attn.merge first(%out, %lse : memref<?x4x?x?xbf16>, memref<?x4x?xf32>)
      second(%out, %lse : memref<?x4x?x?xbf16>, memref<?x4x?xf32>)
      into(%out, %lse : memref<?x4x?x?xbf16>, memref<?x4x?xf32>)
  return
}

// -----

// merge_c3: the channels are the last dimension, whatever the queries are.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %out: memref<?x4x64x64xbf16>, %lse: memref<?x4x64xf32>, %wide: memref<?x4x64x72xbf16>) {
  // expected-error@below {{'fp8attn.merge' op expects heads and channels of second_out to equal those of first_out (4 x 64), got 'memref<?x4x64x72xbf16>'}}
  fp8attn.merge first(%out, %lse : memref<?x4x64x64xbf16>, memref<?x4x64xf32>)
      second(%wide, %lse : memref<?x4x64x72xbf16>, memref<?x4x64xf32>)
      into(%out, %lse : memref<?x4x64x64xbf16>, memref<?x4x64xf32>)
  return
}

// -----

// merge_c4: the batches differ.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %out: memref<2x4x?x64xbf16>, %lse: memref<?x4x?xf32>, %other: memref<3x4x?x64xbf16>) {
  // expected-error@below {{'fp8attn.merge' op expects batch of second_out (3) to equal batch of first_out (2)}}
  fp8attn.merge first(%out, %lse : memref<2x4x?x64xbf16>, memref<?x4x?xf32>)
      second(%other, %lse : memref<3x4x?x64xbf16>, memref<?x4x?xf32>)
      into(%out, %lse : memref<2x4x?x64xbf16>, memref<?x4x?xf32>)
  return
}

// -----

// merge_c4: the queries differ.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %out: memref<?x4x5x64xbf16>, %lse: memref<?x4x?xf32>, %other: memref<?x4x6xf32>) {
  // expected-error@below {{'fp8attn.merge' op expects queries of lse (6) to equal queries of first_out (5)}}
  fp8attn.merge first(%out, %lse : memref<?x4x5x64xbf16>, memref<?x4x?xf32>)
      second(%out, %lse : memref<?x4x5x64xbf16>, memref<?x4x?xf32>)
      into(%out, %other : memref<?x4x5x64xbf16>, memref<?x4x6xf32>)
  return
}

// -----

// operand_c4: an lse with the queries before the heads in memory.
!lse = memref<?x4x?xf32, strided<[?, 1, 4]>>
func.func @merge(%out: memref<?x4x?x64xbf16>, %lse: !lse) {
  // expected-error@below {{'fp8attn.merge' op expects innermost stride of first_lse to be 1, got 4}}
  fp8attn.merge first(%out, %lse : memref<?x4x?x64xbf16>, !lse)
      second(%out, %lse : memref<?x4x?x64xbf16>, !lse)
      into(%out, %lse : memref<?x4x?x64xbf16>, !lse)
  return
}
