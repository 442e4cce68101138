//===- TileInterpreter.h - the meaning of tile operations -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Evaluates what decomposition leaves, in double precision and without any
// rounding, by the words of each operation's description alone: no kernel and
// no lowering takes part. Two functions that are equal in real numbers give
// equal results, so that a rewrite is checked by evaluating what is before it
// and what is behind it.
//
// What an operation leaves unspecified is NaN here, and so is what no row sees:
// a result that is not NaN does not depend on it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_UNITTESTS_TRANSFORMS_TILEINTERPRETER_H
#define FP8ATTN_UNITTESTS_TRANSFORMS_TILEINTERPRETER_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <memory>
#include <variant>
#include <vector>

namespace mlir::fp8attn {

/// A tensor, or the memory of a memref or of a cache, dense and row-major. A
/// cache is [2, pages, heads, page tokens, channels]: keys, then values.
struct Array {
  explicit Array(ArrayRef<int64_t> sizes, double fill = 0)
      : sizes(sizes), elements(computeProduct(sizes), fill) {}

  double &at(ArrayRef<int64_t> indices) {
    int64_t element = 0;
    for (auto [index, size] : llvm::zip_equal(indices, sizes)) {
      if (index < 0 || index >= size)
        llvm::report_fatal_error("an index is out of bounds");
      element = element * size + index;
    }
    return elements[element];
  }

  /// Returns row `index` of an array of rank 2.
  double *row(int64_t index) { return &at({index, 0}); }

  SmallVector<int64_t> sizes;
  std::vector<double> elements;

private:
  static int64_t computeProduct(ArrayRef<int64_t> sizes) {
    int64_t product = 1;
    for (int64_t size : sizes)
      product *= size;
    return product;
  }
};
using ArrayPtr = std::shared_ptr<Array>;

/// The value of an SSA value: an integer (an index, a boolean, a work item or
/// its run), a float, or an array. Tensors are not changed once they are made.
using Datum = std::variant<std::monostate, int64_t, double, ArrayPtr>;

/// A work item, of which the operations read a member each. Row r is of token
/// firstToken + r / group and of query head kvHead * group + r % group.
struct InterpretedItem {
  int64_t rows, kvHead, firstToken;
  /// Where the steps begin, and the end of the keys.
  int64_t firstKey, numKeys;
  /// Row r sees `window` keys, the last of which is number numKeys - 1 for the
  /// last token of the item, and one less for each token before.
  int64_t window;
  /// The page numbers of the sequence.
  std::vector<int64_t> pages;
};

/// Evaluates functions of tile operations, arith, scf and memref.
class TileInterpreter {
public:
  TileInterpreter(std::vector<InterpretedItem> items, int64_t group)
      : items(std::move(items)), group(group) {}

  /// Evaluates a function of one block; arrays among the arguments are written
  /// to. An operation that is not known is an error at it.
  LogicalResult run(func::FuncOp function, ArrayRef<Datum> arguments);

private:
  LogicalResult runBlock(Block &block);
  LogicalResult runLoop(Operation *op);
  /// Each family of operations: failure if `op` is not one of it.
  LogicalResult runNumber(Operation *op);
  LogicalResult runMemory(Operation *op);
  LogicalResult runItem(Operation *op);
  LogicalResult runTile(Operation *op);

  ArrayPtr loadTile(Value run, Value firstKey, Value cache, int64_t part,
                    RankedTensorType type);
  ArrayPtr loadScale(LoadScaleOp op);
  ArrayPtr loadQuery(LoadQueryOp op);
  ArrayPtr loadRowScale(LoadRowScaleOp op);
  LogicalResult modify(ModifyOp op);
  void multiply(QkOp op);
  void accumulate(PvOp op);
  void softmax(SoftmaxOp op);
  void finish(FinishOp op);

  Datum get(Value value) const { return data.lookup(value); }
  int64_t integer(Value value) const { return std::get<int64_t>(get(value)); }
  double number(Value value) const { return std::get<double>(get(value)); }
  ArrayPtr array(Value value) const { return std::get<ArrayPtr>(get(value)); }
  double numberOr1(Value value) { return value ? number(value) : 1; }
  /// factors[index], 1 if there are none.
  double factorAt(Value factors, int64_t index) {
    return factors ? array(factors)->elements[index] : 1;
  }
  const InterpretedItem &item(Value value) { return items[integer(value)]; }
  int64_t token(const InterpretedItem &item, int64_t row) const {
    return item.firstToken + row / group;
  }
  int64_t head(const InterpretedItem &item, int64_t row) const {
    return item.kvHead * group + row % group;
  }
  bool sees(const InterpretedItem &item, int64_t row, int64_t key) const;

  std::vector<InterpretedItem> items;
  int64_t group;
  DenseMap<Value, Datum> data;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_UNITTESTS_TRANSFORMS_TILEINTERPRETER_H
