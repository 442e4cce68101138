// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// kv_write_c8: nothing to write the query to.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects query and query_out together, got only query}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      query(%query : memref<5x4x64xbf16>) rotary(%positions, %cos, %cos : memref<5xi32>, memref<100x32xf32>, memref<100x32xf32>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c8: no query to write.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects query and query_out together, got only query_out}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      query_out(%query : memref<5x4x64xbf16>) rotary(%positions, %cos, %cos : memref<5xi32>, memref<100x32xf32>, memref<100x32xf32>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c8: a norm of no query.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects a query beside query_norm, got none}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      query_norm(%norm : memref<64xbf16>) {norm_eps = 1.0e-06 : f32}
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c8: a query that nothing is done to.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects query_norm or rotary beside query, got neither}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      query(%query : memref<5x4x64xbf16>) query_out(%query : memref<5x4x64xbf16>) key_norm(%norm : memref<64xbf16>) {norm_eps = 1.0e-06 : f32}
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c9: nothing is rotated.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects rotary beside interleaved, got none}}
  fp8attn.kv_write interleaved key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      key_norm(%norm : memref<64xbf16>) {norm_eps = 1.0e-06 : f32}
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c10: no number.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects norm_eps, as in {norm_eps = 1.0e-06 : f32}, beside key_norm and query_norm, got none}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      key_norm(%norm : memref<64xbf16>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c10: a number of no norm.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects no norm_eps without key_norm and query_norm, got 9.99999997E-7 : f32}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      rotary(%positions, %cos, %cos : memref<5xi32>, memref<100x32xf32>, memref<100x32xf32>) {norm_eps = 1.0e-06 : f32}
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c10: a row of zeros would be NaN.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects norm_eps to be finite and greater than 0, got 0.000000e+00 : f32}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      key_norm(%norm : memref<64xbf16>) {norm_eps = 0.0 : f32}
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c11: heads that are not known.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %any: memref<5x?x64xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects heads of query to be static, got ? in}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      query(%any : memref<5x?x64xbf16>) query_out(%query : memref<5x4x64xbf16>) rotary(%positions, %cos, %cos : memref<5xi32>, memref<100x32xf32>, memref<100x32xf32>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c11: no heads.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %none: memref<5x0x64xbf16>,
    // expected-note@below {{cache is defined here}}
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects heads of query (0) to be a multiple of heads of the cache (2)}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      query(%none : memref<5x0x64xbf16>) query_out(%none : memref<5x0x64xbf16>) rotary(%positions, %cos, %cos : memref<5xi32>, memref<100x32xf32>, memref<100x32xf32>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c11: one head and a half for each of the cache.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %three: memref<5x3x64xbf16>,
    // expected-note@below {{cache is defined here}}
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects heads of query (3) to be a multiple of heads of the cache (2)}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      query(%three : memref<5x3x64xbf16>) query_out(%three : memref<5x3x64xbf16>) rotary(%positions, %cos, %cos : memref<5xi32>, memref<100x32xf32>, memref<100x32xf32>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c11: another head size.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %other: memref<5x4x72xbf16>,
    // expected-note@below {{the cache is defined here}}
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects head dim of query (72) to equal head_dim of the cache (64)}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      query(%other : memref<5x4x72xbf16>) query_out(%other : memref<5x4x72xbf16>) rotary(%positions, %cos, %cos : memref<5xi32>, memref<100x32xf32>, memref<100x32xf32>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c11: fewer heads are written.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    // expected-note@below {{query is defined here}}
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %out: memref<5x2x64xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects heads of query_out (2) to equal heads of query (4)}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      query(%query : memref<5x4x64xbf16>) query_out(%out : memref<5x2x64xbf16>) rotary(%positions, %cos, %cos : memref<5xi32>, memref<100x32xf32>, memref<100x32xf32>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c11: nor are the channels known that are written.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %out: memref<5x4x?xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects head dim of query_out to be static, got ? in}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      query(%query : memref<5x4x64xbf16>) query_out(%out : memref<5x4x?xbf16>) rotary(%positions, %cos, %cos : memref<5xi32>, memref<100x32xf32>, memref<100x32xf32>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c12: weights of other heads.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %other: memref<128xbf16>,
    // expected-note@below {{the cache is defined here}}
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects the size of key_norm (128) to equal head_dim of the cache (64)}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      key_norm(%other : memref<128xbf16>) {norm_eps = 1.0e-06 : f32}
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c12: any number of weights.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %any: memref<?xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects the size of query_norm to be static, got ? in}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      query(%query : memref<5x4x64xbf16>) query_out(%query : memref<5x4x64xbf16>) query_norm(%any : memref<?xbf16>) {norm_eps = 1.0e-06 : f32}
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c13: any number of channels.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %any: memref<100x?xf32>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects columns of sin to be static, got ? in}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      rotary(%positions, %cos, %any : memref<5xi32>, memref<100x32xf32>, memref<100x?xf32>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c13: more channels than there are.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %other: memref<100x40xf32>,
    // expected-note@below {{cache is defined here}}
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects columns of cos (40) to be 1 to half of head_dim of the cache (64)}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      rotary(%positions, %other, %other : memref<5xi32>, memref<100x40xf32>, memref<100x40xf32>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c13: tables of nothing.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %other: memref<100x0xf32>,
    // expected-note@below {{cache is defined here}}
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects columns of cos (0) to be 1 to half of head_dim of the cache (64)}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      rotary(%positions, %other, %other : memref<5xi32>, memref<100x0xf32>, memref<100x0xf32>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c13: tables that differ.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    // expected-note@below {{cos is defined here}}
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %other: memref<100x16xf32>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects columns of sin (16) to equal columns of cos (32)}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      rotary(%positions, %cos, %other : memref<5xi32>, memref<100x32xf32>, memref<100x16xf32>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c13: tables of two types.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %other: memref<100x32xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects cos and sin of one element type, got 'f32' and 'bf16'}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      rotary(%positions, %cos, %other : memref<5xi32>, memref<100x32xf32>, memref<100x32xbf16>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c14: tokens of another batch.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    // expected-note@below {{key is defined here}}
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %four: memref<4xi32>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects tokens of positions (4) to equal tokens of key (5)}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      rotary(%four, %cos, %cos : memref<4xi32>, memref<100x32xf32>, memref<100x32xf32>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c14: queries of another batch.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    // expected-note@below {{key is defined here}}
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %four: memref<4x4x64xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects tokens of query (4) to equal tokens of key (5)}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      query(%four : memref<4x4x64xbf16>) query_out(%four : memref<4x4x64xbf16>) rotary(%positions, %cos, %cos : memref<5xi32>, memref<100x32xf32>, memref<100x32xf32>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c15: sines of fewer positions.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    // expected-note@below {{cos is defined here}}
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %other: memref<99x32xf32>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects rows of sin (99) to equal rows of cos (100)}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      rotary(%positions, %cos, %other : memref<5xi32>, memref<100x32xf32>, memref<99x32xf32>)
      cache(%cache : !cache)
  return
}

// -----

// operand_c5: what is read by other heads.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %other: memref<5x2x64xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects query_out, which is written, to be memory of its own, got the value of key}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      query(%other : memref<5x2x64xbf16>) query_out(%key : memref<5x2x64xbf16>) rotary(%positions, %cos, %cos : memref<5xi32>, memref<100x32xf32>, memref<100x32xf32>)
      cache(%cache : !cache)
  return
}

// -----

// operand_c4: weights that are apart.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    %query: memref<5x4x64xbf16>,
    %norm: memref<64xbf16>, %other: memref<64xbf16, strided<[2]>>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects innermost stride of key_norm to be 1, got 2}}
  fp8attn.kv_write key(%key : memref<5x2x64xbf16>) value(%key : memref<5x2x64xbf16>) slots(%slots : memref<5xi64>)
      key_norm(%other : memref<64xbf16, strided<[2]>>) {norm_eps = 1.0e-06 : f32}
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c9: no sines.
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(%key: memref<5x2x64xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>, %cos: memref<100x32xf32>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects all of positions, cos and sin, or none of them}}
  "fp8attn.kv_write"(%key, %key, %slots, %positions, %cos, %cache)
      <{operandSegmentSizes = array<i32: 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0>}>
      : (memref<5x2x64xbf16>, memref<5x2x64xbf16>, memref<5xi64>, memref<5xi32>, memref<100x32xf32>, !cache) -> ()
  return
}
