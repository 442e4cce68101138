// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// attention_c10: lengths of another batch.
// expected-note@below {{query is defined here}}
func.func @f(%x: memref<3x4x?x64xbf16>, %out: memref<3x4x?x64xbf16>, %n: memref<2xi32>) {
  // expected-error@below {{'fp8attn.attention' op expects batch of key_lens (2) to equal batch of query (3)}}
  fp8attn.attention query(%x : memref<3x4x?x64xbf16>) key(%x : memref<3x4x?x64xbf16>)
      value(%x : memref<3x4x?x64xbf16>) out(%out : memref<3x4x?x64xbf16>) key_lens(%n : memref<2xi32>)
  return
}

// -----

// attention_c10: offsets of another batch.
// expected-note@below {{query is defined here}}
func.func @f(%x: memref<3x4x?x64xbf16>, %out: memref<3x4x?x64xbf16>, %n: memref<4xi32>) {
  // expected-error@below {{'fp8attn.attention' op expects batch of query_offsets (4) to equal batch of query (3)}}
  fp8attn.attention query(%x : memref<3x4x?x64xbf16>) key(%x : memref<3x4x?x64xbf16>)
      value(%x : memref<3x4x?x64xbf16>) out(%out : memref<3x4x?x64xbf16>) query_offsets(%n : memref<4xi32>)
  return
}

// -----

// attention_c11
func.func @f(%x: memref<3x4x?x64xbf16>, %out: memref<3x4x?x64xbf16>, %n: memref<3xi32>) {
  // expected-error@below {{'fp8attn.attention' op expects no alignment beside query_offsets, which say where queries stand, got top_left}}
  fp8attn.attention causal alignment = top_left query(%x : memref<3x4x?x64xbf16>) key(%x : memref<3x4x?x64xbf16>)
      value(%x : memref<3x4x?x64xbf16>) out(%out : memref<3x4x?x64xbf16>) query_offsets(%n : memref<3xi32>)
  return
}

// -----

// operand_c6
func.func @f(%x: memref<3x4x?x64xbf16>, %out: memref<3x4x?x64xbf16>, %n: memref<3xi64>) {
  // expected-error@below {{'fp8attn.attention' op expects key_lens to be a memref or tensor of 1 dimension and i32, got 'memref<3xi64>'}}
  fp8attn.attention query(%x : memref<3x4x?x64xbf16>) key(%x : memref<3x4x?x64xbf16>)
      value(%x : memref<3x4x?x64xbf16>) out(%out : memref<3x4x?x64xbf16>) key_lens(%n : memref<3xi64>)
  return
}
