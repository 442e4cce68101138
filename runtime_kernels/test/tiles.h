//===- tiles.h - matrices and their packed form --------------- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Packs matrices into the tiles of Runtime/kernels.h and reads them back, with
// formulas of its own.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_TILES_H
#define FP8ATTN_TEST_TILES_H

#include "element_values.h"

#include <stdint.h>
#include <string.h>
#include <vector>

namespace fp8attn::test {

/// A row-major matrix.
template <typename T> struct Matrix {
  int64_t rows, columns;
  std::vector<T> elements;

  Matrix(int64_t rows, int64_t columns, T value = T())
      : rows(rows), columns(columns),
        elements(static_cast<size_t>(rows * columns), value) {}
  T &at(int64_t row, int64_t column) {
    return elements[static_cast<size_t>(row * columns + column)];
  }
  const T &at(int64_t row, int64_t column) const {
    return elements[static_cast<size_t>(row * columns + column)];
  }
};

/// Tiles of a matrix of f32: 16 rows of 64 bytes each, [row tile][column tile].
template <typename T> class Tiles {
public:
  Tiles(int64_t rows, int64_t columns, T padding)
      : rows(rows), columns(columns),
        buffer(static_cast<size_t>((rows + 15) / 16 * 16 * columns)) {
    std::fill(buffer.begin(), buffer.end(), padding);
  }
  /// Packs a matrix whose rows are at most `columns` long.
  Tiles(const Matrix<T> &matrix, int64_t columns, T padding)
      : Tiles(matrix.rows, columns, padding) {
    for (int64_t row = 0; row < matrix.rows; ++row)
      for (int64_t column = 0; column < matrix.columns; ++column)
        at(row, column) = matrix.at(row, column);
  }
  T &at(int64_t row, int64_t column) {
    constexpr int64_t width = 64 / static_cast<int64_t>(sizeof(T));
    const int64_t tile = row / 16 * (columns / width) + column / width;
    return buffer[static_cast<size_t>(tile * 16 * width + row % 16 * width +
                                      column % width)];
  }
  T *data() { return buffer.data(); }

private:
  int64_t rows, columns;
  GuardedBuffer<T> buffer;
};

/// Tiles of a query or of probabilities: 16 rows of 32 elements of a type each,
/// [row tile][column tile]. What is not set is NaN.
class ProductTiles {
public:
  ProductTiles(std::string_view type, int64_t rows, int64_t columns)
      : type(type), columns(columns),
        elements(type, (rows + 15) / 16 * 16 * columns) {
    memset(elements.data(), 0xff,
           static_cast<size_t>(elements.size() * elementBytes(type)));
  }
  /// Packs a matrix of elements of the type whose rows are at most `columns`
  /// long.
  ProductTiles(std::string_view type, const Matrix<float> &matrix,
               int64_t columns)
      : ProductTiles(type, matrix.rows, columns) {
    for (int64_t row = 0; row < matrix.rows; ++row)
      for (int64_t column = 0; column < matrix.columns; ++column)
        set(row, column, matrix.at(row, column));
  }
  float at(int64_t row, int64_t column) const {
    return elements.value(indexOf(row, column));
  }
  void set(int64_t row, int64_t column, float value) {
    elements.set(indexOf(row, column), nearestElement(type, value));
  }
  void *data() { return elements.data(); }

private:
  int64_t indexOf(int64_t row, int64_t column) const {
    constexpr int64_t width = 32;
    const int64_t tile = row / 16 * (columns / width) + column / width;
    return tile * 16 * width + row % 16 * width + column % width;
  }

  std::string type;
  int64_t columns;
  ElementBuffer elements;
};

} // namespace fp8attn::test

#endif // FP8ATTN_TEST_TILES_H
