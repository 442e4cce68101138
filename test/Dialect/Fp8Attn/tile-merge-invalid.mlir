// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// tile_merge_c1: a dynamic number of channels.
func.func @merge(
    %a: memref<4x?xbf16>, %a_lse: memref<4xf32>,
    %b: memref<4x64xbf16>, %lse: memref<4xf32>) {
  // expected-error@below {{'fp8attn.tile.merge' op expects a static number of channels of first_out, got 'memref<4x?xbf16>'}}
  fp8attn.tile.merge %a, %a_lse, %b, %lse into %b, %lse
      : memref<4x?xbf16>, memref<4xf32>, memref<4x64xbf16>, memref<4xf32>, memref<4x64xbf16>, memref<4xf32>
  return
}

// -----

// tile_merge_c2: other rows.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %a: memref<4x64xbf16>, %a_lse: memref<4xf32>,
    %b: memref<5x64xbf16>, %lse: memref<4xf32>) {
  // expected-error@below {{'fp8attn.tile.merge' op expects rows of second_out (5) to equal rows of first_out (4)}}
  fp8attn.tile.merge %a, %a_lse, %b, %lse into %b, %lse
      : memref<4x64xbf16>, memref<4xf32>, memref<5x64xbf16>, memref<4xf32>, memref<5x64xbf16>, memref<4xf32>
  return
}

// -----

// tile_merge_c2: other channels.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %a: memref<4x64xbf16>, %a_lse: memref<4xf32>,
    %b: memref<4x32xbf16>, %lse: memref<4xf32>) {
  // expected-error@below {{'fp8attn.tile.merge' op expects channels of second_out (32) to equal channels of first_out (64)}}
  fp8attn.tile.merge %a, %a_lse, %b, %lse into %b, %lse
      : memref<4x64xbf16>, memref<4xf32>, memref<4x32xbf16>, memref<4xf32>, memref<4x32xbf16>, memref<4xf32>
  return
}

// -----

// tile_merge_c3: a log-sum-exp too many.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %a: memref<4x64xbf16>, %a_lse: memref<5xf32>,
    %b: memref<4x64xbf16>, %lse: memref<4xf32>) {
  // expected-error@below {{'fp8attn.tile.merge' op expects rows of first_lse (5) to equal rows of first_out (4)}}
  fp8attn.tile.merge %a, %a_lse, %b, %lse into %b, %lse
      : memref<4x64xbf16>, memref<5xf32>, memref<4x64xbf16>, memref<4xf32>, memref<4x64xbf16>, memref<4xf32>
  return
}
