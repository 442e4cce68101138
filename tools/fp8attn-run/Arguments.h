//===- Arguments.h - arguments of an entry point ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Memory for the arguments of a run, in the form that the C ABI passes them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_ARGUMENTS_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_ARGUMENTS_H

#include "fp8attn/Reference/Cache.h"
#include "fp8attn/Reference/DenseAttention.h"
#include "fp8attn/Runtime/fp8attn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Value.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::fp8attn {

namespace reference = ::fp8attn::reference;

/// Memory aligned to FP8ATTN_ALIGNMENT.
class AlignedBuffer {
public:
  AlignedBuffer() = default;
  /// Fills with 0xFF: NaN in every floating-point type, -1 in integers, so that
  /// what is not written, or read by mistake, shows.
  explicit AlignedBuffer(int64_t size);
  AlignedBuffer(const AlignedBuffer &other);
  AlignedBuffer(AlignedBuffer &&other) = default;
  AlignedBuffer &operator=(AlignedBuffer &&other) = default;

  uint8_t *data() const { return bytes.get(); }
  int64_t size() const { return numBytes; }

private:
  struct Free {
    void operator()(uint8_t *bytes) const;
  };
  std::unique_ptr<uint8_t, Free> bytes;
  int64_t numBytes = 0;
};

/// One argument. Exactly one of `tensor`, `cache` and `number` is in use.
struct Argument {
  std::string name;
  bool isCache = false;
  bool isNumber = false;
  AlignedBuffer storage;
  fp8attn_tensor tensor = {};
  fp8attn_cache cache = {};
  /// A number that is passed by value: an f32, or the low bits of an integer.
  union {
    int64_t integer = 0;
    float real;
  } number;

  /// Returns whether it has a value.
  bool isAllocated() const { return isNumber || storage.data(); }
  /// Returns what the entry point takes, or where the number is.
  const void *getAbiPointer() const {
    if (isNumber)
      return &number;
    return isCache ? static_cast<const void *>(&cache) : &tensor;
  }
  /// Returns the address of element `index` in row-major order.
  void *getElement(int64_t index) const;
  /// Returns that element, which must be a `T`.
  template <typename T> T &at(int64_t index) const {
    return *static_cast<T *>(getElement(index));
  }
  int64_t getNumElements() const;
};

/// All arguments of an entry point.
class Arguments {
public:
  explicit Arguments(func::FuncOp function);
  /// Copies the contents of all arguments.
  Arguments(const Arguments &other);
  Arguments(Arguments &&other) = default;

  /// Returns an argument, also for a view of all of it.
  Argument &operator[](Value value) {
    return list[getArgument(value).getArgNumber()];
  }
  const Argument &operator[](Value value) const {
    return list[getArgument(value).getArgNumber()];
  }

  /// Allocates a tensor of a memref's type; dynamic sizes are those of `sizes`
  /// and dynamic strides leave room between rows. Reports a static size that is
  /// not the one wanted.
  LogicalResult allocateTensor(Value value, ArrayRef<int64_t> sizes);

  /// Allocates a cache, or the memory that `value` views as one.
  void allocateCache(Value value, int64_t numPages);

  /// Returns what the entry point takes, in order.
  std::vector<const void *> getAbiPointers() const;

private:
  static BlockArgument getArgument(Value value);

  std::vector<Argument> list;
};

/// Returns the scales of an optional operand of a cache for the reference.
reference::Scales getScales(const Arguments &arguments, Value scale,
                            std::optional<AffineMap> map);

/// Returns an argument [batch, heads, tokens, channels] for the reference.
reference::DenseTensor getDenseTensor(const Argument &argument);

/// Returns an argument [tokens, heads, channels] for the reference.
reference::HeadTensor getHeadTensor(const Argument &argument);

/// Returns the parts of the caches of an operation for the reference.
struct CacheParts {
  reference::CachePart keys;
  reference::CachePart values;
};
CacheParts getCacheParts(const Arguments &arguments, Value keyCache,
                         Value valueCache);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_ARGUMENTS_H
