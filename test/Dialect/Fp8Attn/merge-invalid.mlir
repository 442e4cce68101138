// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// merge_c1: a dynamic number of heads.
func.func @merge(
    %first: memref<?x?x64xbf16>,
    %first_lse: memref<?x4xf32>, %second: memref<?x4x64xbf16>, %second_lse: memref<?x4xf32>,
    %out: memref<?x4x64xbf16>, %lse: memref<?x4xf32>) {
  // expected-error@below {{'fp8attn.merge' op expects heads and channels of first_out to be static and at least 1, got 'memref<?x?x64xbf16>'}}
  fp8attn.merge first(%first, %first_lse : memref<?x?x64xbf16>, memref<?x4xf32>)
      second(%second, %second_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      into(%out, %lse : memref<?x4x64xbf16>, memref<?x4xf32>)
  return
}

// -----

// merge_c1: no heads.
func.func @merge(
    %first: memref<?x0x64xbf16>,
    %first_lse: memref<?x4xf32>, %second: memref<?x4x64xbf16>, %second_lse: memref<?x4xf32>,
    %out: memref<?x4x64xbf16>, %lse: memref<?x4xf32>) {
  // expected-error@below {{'fp8attn.merge' op expects heads and channels of first_out to be static and at least 1, got 'memref<?x0x64xbf16>'}}
  fp8attn.merge first(%first, %first_lse : memref<?x0x64xbf16>, memref<?x4xf32>)
      second(%second, %second_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      into(%out, %lse : memref<?x4x64xbf16>, memref<?x4xf32>)
  return
}

// -----

// merge_c2: kernels take eight channels at a time.
func.func @merge(
    %first: memref<?x4x60xbf16>,
    %first_lse: memref<?x4xf32>, %second: memref<?x4x64xbf16>, %second_lse: memref<?x4xf32>,
    %out: memref<?x4x64xbf16>, %lse: memref<?x4xf32>) {
  // expected-error@below {{'fp8attn.merge' op expects channels of first_out to be a multiple of 8, got 60}}
  fp8attn.merge first(%first, %first_lse : memref<?x4x60xbf16>, memref<?x4xf32>)
      second(%second, %second_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      into(%out, %lse : memref<?x4x64xbf16>, memref<?x4xf32>)
  return
}

// -----

// merge_c3: heads differ.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %first: memref<?x4x64xbf16>,
    %first_lse: memref<?x4xf32>, %second: memref<?x8x64xbf16>, %second_lse: memref<?x4xf32>,
    %out: memref<?x4x64xbf16>, %lse: memref<?x4xf32>) {
  // expected-error@below {{'fp8attn.merge' op expects heads and channels of second_out to equal those of first_out (4 x 64), got 'memref<?x8x64xbf16>'}}
  fp8attn.merge first(%first, %first_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      second(%second, %second_lse : memref<?x8x64xbf16>, memref<?x4xf32>)
      into(%out, %lse : memref<?x4x64xbf16>, memref<?x4xf32>)
  return
}

// -----

// merge_c3: channels differ.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %first: memref<?x4x64xbf16>,
    %first_lse: memref<?x4xf32>, %second: memref<?x4x64xbf16>, %second_lse: memref<?x4xf32>,
    %out: memref<?x4x128xbf16>, %lse: memref<?x4xf32>) {
  // expected-error@below {{'fp8attn.merge' op expects heads and channels of out to equal those of first_out (4 x 64), got 'memref<?x4x128xbf16>'}}
  fp8attn.merge first(%first, %first_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      second(%second, %second_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      into(%out, %lse : memref<?x4x128xbf16>, memref<?x4xf32>)
  return
}

// -----

// merge_c3: heads of lse are dynamic.
func.func @merge(
    %first: memref<?x4x64xbf16>,
    %first_lse: memref<?x4xf32>, %second: memref<?x4x64xbf16>, %second_lse: memref<?x4xf32>,
    %out: memref<?x4x64xbf16>, %lse: memref<?x?xf32>) {
  // expected-error@below {{'fp8attn.merge' op expects heads of lse to be static, got ? in 'memref<?x?xf32>'}}
  fp8attn.merge first(%first, %first_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      second(%second, %second_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      into(%out, %lse : memref<?x4x64xbf16>, memref<?x?xf32>)
  return
}

// -----

// merge_c4: tokens differ.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %first: memref<5x4x64xbf16>,
    %first_lse: memref<?x4xf32>, %second: memref<?x4x64xbf16>, %second_lse: memref<6x4xf32>,
    %out: memref<?x4x64xbf16>, %lse: memref<?x4xf32>) {
  // expected-error@below {{'fp8attn.merge' op expects tokens of second_lse (6) to equal tokens of first_out (5)}}
  fp8attn.merge first(%first, %first_lse : memref<5x4x64xbf16>, memref<?x4xf32>)
      second(%second, %second_lse : memref<?x4x64xbf16>, memref<6x4xf32>)
      into(%out, %lse : memref<?x4x64xbf16>, memref<?x4xf32>)
  return
}

// -----

// operand_c4: every other head.
func.func @merge(
    %first: memref<?x4x64xbf16>,
    %first_lse: memref<?x4xf32, strided<[8, 2]>>, %second: memref<?x4x64xbf16>, %second_lse: memref<?x4xf32>,
    %out: memref<?x4x64xbf16>, %lse: memref<?x4xf32>) {
  // expected-error@below {{'fp8attn.merge' op expects innermost stride of first_lse to be 1, got 2}}
  fp8attn.merge first(%first, %first_lse : memref<?x4x64xbf16>, memref<?x4xf32, strided<[8, 2]>>)
      second(%second, %second_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      into(%out, %lse : memref<?x4x64xbf16>, memref<?x4xf32>)
  return
}

// -----

// merge_c5: parts of two types.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %first: memref<?x4x64xbf16>,
    %first_lse: memref<?x4xf32>, %second: memref<?x4x64xf32>, %second_lse: memref<?x4xf32>,
    %out: memref<?x4x64xbf16>, %lse: memref<?x4xf32>) {
  // expected-error@below {{'fp8attn.merge' op expects elements of second_out to be those of first_out ('bf16'), got 'memref<?x4x64xf32>'}}
  fp8attn.merge first(%first, %first_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      second(%second, %second_lse : memref<?x4x64xf32>, memref<?x4xf32>)
      into(%out, %lse : memref<?x4x64xbf16>, memref<?x4xf32>)
  return
}

// -----

// merge_c6: a result of more bits than the parts.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %first: memref<?x4x64xbf16>,
    %first_lse: memref<?x4xf32>, %second: memref<?x4x64xbf16>, %second_lse: memref<?x4xf32>,
    %out: memref<?x4x64xf32>, %lse: memref<?x4xf32>) {
  // expected-error@below {{'fp8attn.merge' op expects elements of out to be those of first_out ('bf16'), or these to be f32, got 'memref<?x4x64xf32>'}}
  fp8attn.merge first(%first, %first_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      second(%second, %second_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      into(%out, %lse : memref<?x4x64xf32>, memref<?x4xf32>)
  return
}
