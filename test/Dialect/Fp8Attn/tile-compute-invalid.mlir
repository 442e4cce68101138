// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// tile_decode_c1
func.func @decode(%codes: tensor<32x64xf8E4M3FN>) {
  // expected-error@below {{'fp8attn.tile.decode' op expects values of the shape of the codes ('tensor<32x64xf8E4M3FN>'), got 'tensor<64x32xbf16>'}}
  %0 = fp8attn.tile.decode %codes : tensor<32x64xf8E4M3FN> -> tensor<64x32xbf16>
  return
}

// -----

// tile_qk_c1
func.func @qk(%q: tensor<48x64xbf16>, %k: tensor<256x128xbf16>) {
  // expected-error@below {{'fp8attn.tile.qk' op expects channels of key (128) to equal channels of query (64)}}
  %0 = fp8attn.tile.qk %q, %k : tensor<48x64xbf16>, tensor<256x128xbf16> -> tensor<48x256xf32>
  return
}

// -----

// tile_qk_c2
func.func @qk(%q: tensor<48x64xbf16>, %k: tensor<256x64xbf16>) {
  // expected-error@below {{'fp8attn.tile.qk' op expects scores of query rows x keys (48x256), got 'tensor<256x48xf32>'}}
  %0 = fp8attn.tile.qk %q, %k : tensor<48x64xbf16>, tensor<256x64xbf16> -> tensor<256x48xf32>
  return
}

// -----

// tile_state_c1: a maximum for each row of acc.
func.func @init() {
  // expected-error@below {{'fp8attn.tile.init' op expects max and sum of the rows of acc (48), got 'tensor<16xf32>'}}
  %0:3 = fp8attn.tile.init : tensor<16xf32>, tensor<48xf32>, tensor<48x64xf32>
  return
}

// -----

// tile_softmax_c1
func.func @softmax(%s: tensor<48x256xf32>, %m: tensor<48xf32>, %a: tensor<48x64xf32>) {
  // expected-error@below {{'fp8attn.tile.softmax' op expects probs of the shape of scores ('tensor<48x256xf32>'), got 'tensor<48x128xbf16>'}}
  %0:4 = fp8attn.tile.softmax %s, %m, %m, %a : tensor<48x256xf32>, tensor<48xf32>, tensor<48xf32>, tensor<48x64xf32> -> tensor<48x128xbf16>
  return
}

// -----

// tile_softmax_c2
func.func @softmax(%s: tensor<48x256xf32>, %m: tensor<16xf32>, %a: tensor<16x64xf32>) {
  // expected-error@below {{'fp8attn.tile.softmax' op expects rows of acc (16) to equal rows of scores (48)}}
  %0:4 = fp8attn.tile.softmax %s, %m, %m, %a : tensor<48x256xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32> -> tensor<48x256xbf16>
  return
}

// -----

// tile_pv_c1
func.func @pv(%p: tensor<48x256xbf16>, %v: tensor<128x64xbf16>, %a: tensor<48x64xf32>) {
  // expected-error@below {{'fp8attn.tile.pv' op expects keys of value (128) to equal keys of probs (256)}}
  %0 = fp8attn.tile.pv %p, %v, %a : tensor<48x256xbf16>, tensor<128x64xbf16>, tensor<48x64xf32>
  return
}

// -----

// tile_pv_c2
func.func @pv(%p: tensor<48x256xbf16>, %v: tensor<256x64xbf16>, %a: tensor<48x128xf32>) {
  // expected-error@below {{'fp8attn.tile.pv' op expects accumulators of rows x channels (48x64), got 'tensor<48x128xf32>'}}
  %0 = fp8attn.tile.pv %p, %v, %a : tensor<48x256xbf16>, tensor<256x64xbf16>, tensor<48x128xf32>
  return
}

// -----

// tile_finish_c1
func.func @finish(%item: !fp8attn.work_item, %m: tensor<48xf32>, %a: tensor<48x64xf32>, %out: memref<?x32x128xbf16>) {
  // expected-error@below {{'fp8attn.tile.finish' op expects channels of out (128) to equal channels of acc (64)}}
  fp8attn.tile.finish %item, %m, %m, %a into %out : tensor<48xf32>, tensor<48xf32>, tensor<48x64xf32>, memref<?x32x128xbf16>
  return
}

// -----

// tile_finish_c2
func.func @finish(%item: !fp8attn.work_item, %m: tensor<48xf32>, %a: tensor<48x64xf32>, %sink: memref<8xf32>, %out: memref<?x32x64xbf16>) {
  // expected-error@below {{'fp8attn.tile.finish' op expects sink to have an element for each head of out (32), got 8}}
  fp8attn.tile.finish %item, %m, %m, %a sink %sink : memref<8xf32> into %out : tensor<48xf32>, tensor<48xf32>, tensor<48x64xf32>, memref<?x32x64xbf16>
  return
}

// -----

// tile_factor_c1: a factor for half of the keys.
func.func @qk(%q: tensor<16x64xbf16>, %k: tensor<256x64xbf16>, %f: tensor<128xf32>) {
  // expected-error@below {{'fp8attn.tile.qk' op expects key_factor to have an element for each key (256), got 'tensor<128xf32>'}}
  %0 = fp8attn.tile.qk %q, %k key_factor(%f : tensor<128xf32>)
      : tensor<16x64xbf16>, tensor<256x64xbf16> -> tensor<16x256xf32>
  return
}

// -----

// tile_factor_c1: factors of keys for the channels of a query.
func.func @query(%item: !fp8attn.work_item, %query: memref<?x4x64xbf16>, %f: tensor<256xf32>) {
  // expected-error@below {{'fp8attn.tile.load_query' op expects channel_factor to have an element for each channel (64), got 'tensor<256xf32>'}}
  %0 = fp8attn.tile.load_query %item, %query channel_factor(%f : tensor<256xf32>)
      : memref<?x4x64xbf16> -> tensor<16x64xbf16>
  return
}
