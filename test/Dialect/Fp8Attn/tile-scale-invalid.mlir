// RUN: fp8attn-opt %s --split-input-file --verify-diagnostics

// tile_scale_c1: rows or columns?
func.func @no_side(%k: tensor<256x64xbf16>, %f: tensor<256xf32>) {
  // expected-error@below {{'fp8attn.tile.scale' op expects along = 0 or 1 for a factor of rank 1, and for no other, got 'tensor<256xf32>' and along absent}}
  %0 = fp8attn.tile.scale %k, %f : tensor<256x64xbf16>, tensor<256xf32>
  return
}

// -----

// tile_scale_c1: a side that tiles do not have.
func.func @third_side(%k: tensor<256x64xbf16>, %f: tensor<256xf32>) {
  // expected-error@below {{'fp8attn.tile.scale' op expects along = 0 or 1 for a factor of rank 1, and for no other, got 'tensor<256xf32>' and along 2}}
  %0 = fp8attn.tile.scale %k, %f along 2 : tensor<256x64xbf16>, tensor<256xf32>
  return
}

// -----

// tile_scale_c1: a number has no side.
func.func @number(%k: tensor<256x64xbf16>, %f: f32) {
  // expected-error@below {{'fp8attn.tile.scale' op expects along = 0 or 1 for a factor of rank 1, and for no other, got 'f32' and along 0}}
  %0 = fp8attn.tile.scale %k, %f along 0 : tensor<256x64xbf16>, f32
  return
}

// -----

// tile_scale_c2: factors of rows for columns.
func.func @wrong_side(%k: tensor<256x64xbf16>, %f: tensor<256xf32>) {
  // expected-error@below {{'fp8attn.tile.scale' op expects a factor for each column of the tile (64), got 'tensor<256xf32>'}}
  %0 = fp8attn.tile.scale %k, %f along 1 : tensor<256x64xbf16>, tensor<256xf32>
  return
}

// -----

// tile_scale_c3: blocks that do not divide the columns.
func.func @blocks(%k: tensor<256x64xbf16>, %f: tensor<256x3xf32>) {
  // expected-error@below {{'fp8attn.tile.scale' op expects factors of the rows of the tile (256), and for a divisor of its columns (64), got 'tensor<256x3xf32>'}}
  %0 = fp8attn.tile.scale %k, %f : tensor<256x64xbf16>, tensor<256x3xf32>
  return
}
