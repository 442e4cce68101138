//===- Checkpoint.h - the tensors of a weights file -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The format is safetensors: 8 bytes with the size of a header (little endian),
// the header, which is a JSON object with type, shape and place of each tensor,
// and the tensors' bytes. Types are BF16; and U8 for a matrix of four bits,
// which is two tensors: NAME.codes, U8 [rows, columns / 2], the lower half of a
// byte first, and NAME.scales, BF16 [rows, columns / group]. An element of NAME
// is (code - 8) * the scale of its group.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_CHECKPOINT_H
#define FP8ATTN_EXAMPLES_SERVING_CHECKPOINT_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace serving {

class Checkpoint {
public:
  /// Reads a file. Throws std::runtime_error with the path and what is wrong
  /// if it cannot be read, or is not of the format.
  explicit Checkpoint(const std::string &path);

  /// Returns a vector of `columns` numbers or a matrix [rows, columns] in row-
  /// major order, exact in float. Throws std::runtime_error with the name if
  /// the file has no such tensor, or one of another shape or type.
  std::vector<float> readVector(const std::string &name, int64_t columns) const;
  std::vector<float> readMatrix(const std::string &name, int64_t rows,
                                int64_t columns) const;

  /// Whether there is a matrix, of either type.
  bool hasMatrix(const std::string &name) const {
    return tensors.contains(name) || tensors.contains(name + ".codes");
  }

private:
  struct Tensor {
    std::string type;
    std::vector<int64_t> shape;
    /// Bytes of the file.
    std::string bytes;
  };
  void readHeader(const std::string &header, const std::string &data);
  const Tensor &find(const std::string &name, const std::string &type,
                     const std::vector<int64_t> &shape) const;
  [[noreturn]] void fail(const std::string &reason) const;

  std::string path;
  std::map<std::string, Tensor> tensors;
};

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_CHECKPOINT_H
