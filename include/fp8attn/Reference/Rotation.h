//===- Rotation.h - norms and rotary embedding ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What kv_write does to keys and queries before it writes them, in f32 and in
// the order of docs/Numerics.md, which every ISA has: results are equal, bit
// for bit.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_REFERENCE_ROTATION_H
#define FP8ATTN_REFERENCE_ROTATION_H

#include "fp8attn/Reference/Cache.h"

namespace fp8attn::reference {

/// A norm, a rotation, both or none.
struct Rotation {
  /// Weights of the norm, one for each of a row's first channels, those that it
  /// is of; empty if there is none.
  std::vector<float> norm;
  float eps = 0;
  /// Tables [positions, columns], row after row; empty if nothing is rotated.
  std::vector<float> cos, sin;
  int64_t columns = 0;
  /// The first of the 2 * columns channels that are rotated.
  int64_t firstRotated = 0;
  /// Row of the tables for each token.
  const int32_t *positions = nullptr;
  /// Whether channels 2 j and 2 j + 1 behind firstRotated are a pair, not j and
  /// j + columns.
  bool interleaved = false;
};

/// Normalises and rotates one row in place.
void rotateRow(const Rotation &rotation, int64_t token, float *row);

/// Returns [tokens, heads, channels] of `source`, normalised and rotated.
std::vector<float> rotate(const Rotation &rotation, const HeadTensor &source,
                          int64_t heads, int64_t channels);

/// Returns what rotate() returned as a tensor that lives as long as `rows`.
HeadTensor asHeadTensor(const std::vector<float> &rows, int64_t tokens,
                        int64_t heads, int64_t channels);

} // namespace fp8attn::reference

#endif // FP8ATTN_REFERENCE_ROTATION_H
