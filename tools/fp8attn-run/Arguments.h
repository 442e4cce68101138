//===- Arguments.h - arguments of an entry point ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Memory for the arguments of a run, in the form that the C ABI passes them,
// and for what the function allocates by itself, which the reference computes
// with.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_ARGUMENTS_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_ARGUMENTS_H

#include "Views.h"
#include "fp8attn/Reference/Cache.h"
#include "fp8attn/Reference/DenseAttention.h"
#include "fp8attn/Runtime/fp8attn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Value.h"

#include <map>
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

/// One argument, memory that the function allocates, or a view of either, which
/// has no storage of its own. Exactly one of `tensor`, `cache` and `number` is
/// in use.
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
  bool isAllocated() const { return isNumber || tensor.data || cache.data; }
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
  ArrayRef<int64_t> getSizes() const {
    return {tensor.sizes, static_cast<size_t>(tensor.rank)};
  }
};

/// Copies elements between memrefs of the same shape and type.
void copyElements(const Argument &from, const Argument &to);

/// All arguments of an entry point, and the memory that it allocates or that is
/// constant.
class Arguments {
public:
  explicit Arguments(func::FuncOp function);
  /// Copies the contents of all arguments.
  Arguments(const Arguments &other);
  Arguments(Arguments &&other) = default;

  /// Returns an argument, or the memory that a value is or views.
  Argument &operator[](Value value);
  const Argument &operator[](Value value) const {
    return const_cast<Arguments &>(*this)[value];
  }
  /// Returns the memory of which a value is a view.
  const Argument &getMemory(Value value) const { return list[getPlace(value)]; }
  /// Returns the number of that memory: those of arguments come first.
  size_t getPlace(Value value) const;
  /// Returns the numbers of the elements of a value, in row-major order, among
  /// those that its memory can hold.
  std::vector<int64_t> getStoredElements(Value value) const;
  /// Returns how many elements its memory can hold.
  int64_t getNumStored(Value value) const;
  /// Returns whether that memory is the caller's.
  bool isOfCaller(Value value) const { return getPlace(value) < numArguments; }

  /// Allocates a tensor of a memref's type, and what it is a view of; dynamic
  /// sizes are those of `sizes` and dynamic strides leave room between rows.
  /// Reports a static size, or one of memory that was allocated before, that is
  /// not the one wanted.
  LogicalResult allocateTensor(Value value, ArrayRef<int64_t> sizes);

  /// Allocates a cache, or the memory that `value` views as one.
  void allocateCache(Value value, int64_t numPages);

  /// Returns a number that the function computes from constants and sizes of
  /// what is allocated.
  std::optional<int64_t> evaluate(OpFoldResult number) const;

  /// Returns what the entry point takes, in order.
  std::vector<const void *> getAbiPointers() const;

private:
  LogicalResult allocateView(Operation *view, ArrayRef<int64_t> sizes);

  /// Arguments, then what the function allocates.
  std::vector<Argument> list;
  size_t numArguments;
  /// Where those of the second kind are in `list`.
  llvm::DenseMap<Value, size_t> places;
  /// What is described of views, by their values.
  std::map<const void *, Argument> views;
};

/// What an operation has of the numbers of codes; values are null where there
/// are none.
struct CodeOperands {
  Value scale;
  std::optional<AffineMap> map;
  Value outer = {};
  Value zeroPoint = {};
  std::optional<AffineMap> zeroPointMap = {};
};
template <typename Op> CodeOperands getKeyOperands(Op op) {
  return {op.getKeyScale(), op.getKeyScaleMap(), op.getKeyOuterScale(),
          op.getKeyZeroPoint(), op.getKeyZeroPointMap()};
}
template <typename Op> CodeOperands getValueOperands(Op op) {
  return {op.getValueScale(), op.getValueScaleMap(), op.getValueOuterScale(),
          op.getValueZeroPoint(), op.getValueZeroPointMap()};
}

/// Returns the scales and zero points for the reference.
reference::Scales getScales(const Arguments &arguments,
                            const CodeOperands &operands);

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
