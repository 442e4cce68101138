//===- Elements.h - what the elements of a tensor are -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention has many spellings: named operations and generic ones, maps,
// transposes, broadcasts and reshapes, one operation for a step or for many.
// Here one element of a tensor is followed to what it is made of, as an
// expression, in which all these are the same.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_RAISELINALG_ELEMENTS_H
#define FP8ATTN_LIB_IMPORT_RAISELINALG_ELEMENTS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace mlir::fp8attn {

/// A loop over elements, or a part of one that was split: from 0 to its size.
using Digit = unsigned;

/// The place in one dimension: digits, of which the last counts ones. None is
/// 0, the place in a dimension of size 1.
using Index = SmallVector<Digit, 2>;

/// The place in all dimensions of a tensor.
using Indices = SmallVector<Index, 4>;

/// An expression; equal ones are the same object.
struct Element {
  /// What it is; a place is the number of an iteration.
  enum class Kind { Number, Integer, Place, Tensor, Call };
  Kind kind;
  /// Of a number: its value.
  double number = 0;
  int64_t integer = 0;
  /// Of a tensor: the tensor and the place in it, or a scalar. Of a call: a
  /// tensor that holds the results, null if there is none. Of a place: the one
  /// index.
  Value tensor = {};
  Indices indices = {};
  /// Of a call: the operation on scalars, and its operands.
  Operation *operation = nullptr;
  SmallVector<Element *, 2> operands = {};

  /// Whether it is a constant of this value.
  bool isNumber(double value) const {
    return kind == Kind::Number && number == value;
  }
  /// Whether it is a call of an operation, "arith.addf".
  bool isCall(StringRef name) const {
    return kind == Kind::Call && operation->getName().getStringRef() == name;
  }
  /// Whether it is one number for all, but not a constant.
  bool isScalar() const {
    return kind == Kind::Tensor && indices.empty() &&
           isa<FloatType>(getElementTypeOrSelf(tensor.getType()));
  }
};

/// Returns an element without conversions to narrower numbers.
Element *strip(Element *element);

/// An element that a loop combines of terms.
struct Reduction {
  /// The operation that combines.
  Operation *combiner;
  /// What it begins with, and a term.
  Element *initial, *term;
};

/// Part of a digit that a reshape asks for.
struct Split {
  Digit digit;
  /// Size of the part that counts ones.
  int64_t size;
};

/// Splits a digit of `indices`, whose dimensions have digits of `sizes`.
void splitDigit(Split split, const Indices &indices,
                SmallVector<SmallVector<int64_t>> &sizes);

/// Reads elements, each once.
class ElementReader {
public:
  /// Adds a digit of a size, which may be ShapedType::kDynamic; one that can be
  /// split is one of the result.
  Digit addDigit(int64_t size, bool canBeSplit);
  int64_t getSize(Digit digit) const { return digits[digit].size; }

  /// Returns an element of a tensor. Conversions that widen are left out.
  Element *read(Value tensor, const Indices &indices);

  /// Returns the reduction that makes an element, with one loop, whose index is
  /// `digit`; nothing if another operation makes it.
  std::optional<Reduction> open(const Element &element, Digit digit);

  /// Returns the size of that loop, nothing if there is none.
  static std::optional<int64_t> getReducedSize(const Element &element);

  /// What a reshape asked for; with it, more can be read.
  std::optional<Split> getSplit() const { return split; }

private:
  struct DigitInfo {
    int64_t size;
    bool canBeSplit;
  };
  Element *getUnique(Element element);
  Element *getNumber(double number);
  Element *readInteger(Value scalar);
  Element *readMaker(Value tensor, const Indices &indices);
  Element *readLinalg(linalg::LinalgOp op, OpResult result,
                      const Indices &indices);
  Element *readReshape(Value source, ArrayRef<ReassociationIndices> groups,
                       const Indices &indices, bool collapses);
  Element *readBody(linalg::LinalgOp op, Value scalar, const Indices &loops,
                    Value excluded);
  std::optional<Indices> splitIndex(Index index, ArrayRef<int64_t> sizes);

  std::vector<DigitInfo> digits;
  std::optional<Split> split;
  std::map<std::vector<uintptr_t>, Element *> unique;
  std::map<Element *, Element *> meanings;
  std::deque<Element> elements;
  unsigned depth = 0;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_RAISELINALG_ELEMENTS_H
