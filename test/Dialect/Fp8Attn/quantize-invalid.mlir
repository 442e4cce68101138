// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// convert_c1: shapes differ.
func.func @quantize(
    // expected-note@below {{source is defined here}}
    %source: memref<?x8x128xbf16>,
    %scale: memref<8xf32>,
    %destination: memref<?x4x128xf8E4M3FN>) {
  // expected-error@below {{'fp8attn.quantize' op expects destination ('memref<?x4x128xf8E4M3FN>') to have the shape of source ('memref<?x8x128xbf16>')}}
  fp8attn.quantize %source scale(%scale, affine_map<(t, h, c) -> (h)>)
      into %destination : memref<?x8x128xbf16>, memref<8xf32>, memref<?x4x128xf8E4M3FN>
  return
}

// -----

// convert_c1: ranks differ.
func.func @quantize(
    // expected-note@below {{source is defined here}}
    %source: memref<?x8x128xbf16>,
    %scale: memref<8xf32>,
    %destination: memref<?x128xf8E4M3FN>) {
  // expected-error@below {{'fp8attn.quantize' op expects destination ('memref<?x128xf8E4M3FN>') to have the shape of source ('memref<?x8x128xbf16>')}}
  fp8attn.quantize %source scale(%scale, affine_map<(t, h, c) -> (h)>)
      into %destination : memref<?x8x128xbf16>, memref<8xf32>, memref<?x128xf8E4M3FN>
  return
}

// -----

// convert_c1: the other direction.
func.func @dequantize(
    // expected-note@below {{source is defined here}}
    %source: memref<?x8x128xf8E5M2>,
    %scale: memref<8xf32>,
    %destination: memref<?x4x128xf32>) {
  // expected-error@below {{'fp8attn.dequantize' op expects destination ('memref<?x4x128xf32>') to have the shape of source ('memref<?x8x128xf8E5M2>')}}
  fp8attn.dequantize %source scale(%scale, affine_map<(t, h, c) -> (h)>)
      into %destination : memref<?x8x128xf8E5M2>, memref<8xf32>, memref<?x4x128xf32>
  return
}

// -----

// tensor_scale_c1: the map lacks a dimension.
func.func @quantize(
    %source: memref<?x8x128xbf16>,
    %scale: memref<8xf32>,
    %destination: memref<?x8x128xf8E4M3FN>) {
  // expected-error@below {{'fp8attn.quantize' op expects a dimension for each of source (3) and no symbols in the map of scale, got affine_map<(d0, d1) -> (d1)>}}
  fp8attn.quantize %source scale(%scale, affine_map<(h, c) -> (c)>)
      into %destination : memref<?x8x128xbf16>, memref<8xf32>, memref<?x8x128xf8E4M3FN>
  return
}

// -----

// tensor_scale_c1: the map has a symbol.
func.func @quantize(
    %source: memref<?x8x128xbf16>,
    %scale: memref<8xf32>,
    %destination: memref<?x8x128xf8E4M3FN>) {
  // expected-error@below {{'fp8attn.quantize' op expects a dimension for each of source (3) and no symbols in the map of scale, got affine_map<(d0, d1, d2)[s0] -> (d1)>}}
  fp8attn.quantize %source scale(%scale, affine_map<(t, h, c)[s] -> (h)>)
      into %destination : memref<?x8x128xbf16>, memref<8xf32>, memref<?x8x128xf8E4M3FN>
  return
}

// -----

// tensor_scale_c2: a scale for each channel.
func.func @quantize(
    %source: memref<?x8x128xbf16>,
    %scale: memref<128xf32>,
    %destination: memref<?x8x128xf8E4M3FN>) {
  // expected-error@below {{'fp8attn.quantize' op expects results of the map of scale to be dimensions other than the last, got affine_map<(d0, d1, d2) -> (d2)>}}
  fp8attn.quantize %source scale(%scale, affine_map<(t, h, c) -> (c)>)
      into %destination : memref<?x8x128xbf16>, memref<128xf32>, memref<?x8x128xf8E4M3FN>
  return
}

// -----

// tensor_scale_c2: two heads share a scale.
func.func @quantize(
    %source: memref<?x8x128xbf16>,
    %scale: memref<4xf32>,
    %destination: memref<?x8x128xf8E4M3FN>) {
  // expected-error@below {{'fp8attn.quantize' op expects results of the map of scale to be dimensions other than the last, got affine_map<(d0, d1, d2) -> (d1 floordiv 2)>}}
  fp8attn.quantize %source scale(%scale, affine_map<(t, h, c) -> (h floordiv 2)>)
      into %destination : memref<?x8x128xbf16>, memref<4xf32>, memref<?x8x128xf8E4M3FN>
  return
}

// -----

// tensor_scale_c3: one scale, but the map names a head.
func.func @quantize(
    %source: memref<?x8x128xbf16>,
    %scale: memref<f32>,
    %destination: memref<?x8x128xf8E4M3FN>) {
  // expected-error@below {{'fp8attn.quantize' op expects scale to have a dimension for each result of its map (1), got 'memref<f32>'}}
  fp8attn.quantize %source scale(%scale, affine_map<(t, h, c) -> (h)>)
      into %destination : memref<?x8x128xbf16>, memref<f32>, memref<?x8x128xf8E4M3FN>
  return
}

// -----

// tensor_scale_c4: half of the heads have a scale.
func.func @quantize(
    // expected-note@below {{source is defined here}}
    %source: memref<?x8x128xbf16>,
    %scale: memref<4xf32>,
    %destination: memref<?x8x128xf8E4M3FN>) {
  // expected-error@below {{'fp8attn.quantize' op expects scaled size of scale (4) to equal scaled size of source (8)}}
  fp8attn.quantize %source scale(%scale, affine_map<(t, h, c) -> (h)>)
      into %destination : memref<?x8x128xbf16>, memref<4xf32>, memref<?x8x128xf8E4M3FN>
  return
}

// -----

// operand_c4: every other element.
func.func @quantize(
    %source: memref<?x8x128xbf16>,
    %scale: memref<8xf32>,
    %destination: memref<?x8x128xf8E4M3FN, strided<[2048, 256, 2]>>) {
  // expected-error@below {{'fp8attn.quantize' op expects innermost stride of destination to be 1, got 2}}
  fp8attn.quantize %source scale(%scale, affine_map<(t, h, c) -> (h)>)
      into %destination : memref<?x8x128xbf16>, memref<8xf32>, memref<?x8x128xf8E4M3FN, strided<[2048, 256, 2]>>
  return
}
