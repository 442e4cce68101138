//===- RowRotation.cpp - norms and rotary embedding -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vectors of 16 channels on every ISA, and no fused products: the order of all
// operations is that of docs/Numerics.md, so that all bodies give the same
// bits.
//
//===----------------------------------------------------------------------===//

#include "DecomposeQuantization/RowRotation.h"
#include "Support/Constants.h"
#include "Support/Views.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/Sequence.h"

#include <numeric>

using namespace mlir;
using namespace mlir::fp8attn;

/// Channels of a vector, and sums of a row's squares.
static constexpr int64_t kLanes = 16;

namespace {
/// Emits the code for one row.
class RowEmitter {
public:
  /// `row` and `destination` are memref<head_dim>, `norm` the weights of its
  /// first channels or null.
  RowEmitter(Value row, Value destination, Value norm)
      : row(row), destination(destination), norm(norm),
        normDim(norm ? cast<MemRefType>(norm.getType()).getDimSize(0) : 0) {}

  /// Emits what all channels of a norm are multiplied with.
  void emitNorm(ImplicitLocOpBuilder &b, FloatAttr eps);
  /// Emits channels [first, first + R), rotated by rows of R / 2 cosines and
  /// sines.
  void emitRotated(ImplicitLocOpBuilder &b, int64_t first, Value cos, Value sin,
                   bool isInterleaved);
  /// Emits channels [begin, end), which are not rotated.
  void emitOthers(ImplicitLocOpBuilder &b, int64_t begin, int64_t end);

private:
  using Body = function_ref<void(ImplicitLocOpBuilder &, Value, int64_t)>;

  /// Emits code for [begin, end) in vectors; `build` gets the first index of
  /// one and its size.
  static void forEachVector(ImplicitLocOpBuilder &b, int64_t begin, int64_t end,
                            Body build);
  /// Loads elements of memref<?> as f32.
  static Value load(ImplicitLocOpBuilder &b, Value memref, Value first,
                    int64_t size);
  /// Loads channels of the row, normalised or not.
  Value loadRow(ImplicitLocOpBuilder &b, Value first, int64_t size,
                bool isNormalised) const;
  void store(ImplicitLocOpBuilder &b, Value vector, Value first) const;
  Value sumSquares(ImplicitLocOpBuilder &b) const;

  Value row, destination, norm;
  /// 1 / sqrt(mean of squares + eps), if there is a norm.
  Value factor;
  /// How many channels, from the first one on, the norm is of.
  int64_t normDim;
};
} // namespace

static VectorType floats(ImplicitLocOpBuilder &b, int64_t size) {
  return VectorType::get({size}, b.getF32Type());
}

static Value zeros(ImplicitLocOpBuilder &b, int64_t size) {
  return arith::ConstantOp::create(b, b.getZeroAttr(floats(b, size)));
}

static Value add(ImplicitLocOpBuilder &b, Value x, Value y) {
  return arith::AddFOp::create(b, x, y);
}

static Value multiply(ImplicitLocOpBuilder &b, Value x, Value y) {
  return arith::MulFOp::create(b, x, y);
}

static Value addIndex(ImplicitLocOpBuilder &b, Value index, int64_t offset) {
  return arith::AddIOp::create(b, index, constantIndex(b, b.getLoc(), offset));
}

void RowEmitter::forEachVector(ImplicitLocOpBuilder &b, int64_t begin,
                               int64_t end, Body build) {
  const int64_t rest = (end - begin) % kLanes;
  if (begin < end - rest)
    scf::ForOp::create(
        b, constantIndex(b, b.getLoc(), begin),
        constantIndex(b, b.getLoc(), end - rest),
        constantIndex(b, b.getLoc(), kLanes), ValueRange(),
        [&](OpBuilder &inner, Location loc, Value first, ValueRange) {
          ImplicitLocOpBuilder body(loc, inner);
          build(body, first, kLanes);
          scf::YieldOp::create(body);
        });
  if (rest > 0)
    build(b, constantIndex(b, b.getLoc(), end - rest), rest);
}

Value RowEmitter::load(ImplicitLocOpBuilder &b, Value memref, Value first,
                       int64_t size) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  Value loaded = vector::LoadOp::create(b, VectorType::get({size}, element),
                                        memref, first);
  return element.isF32()
             ? loaded
             : arith::ExtFOp::create(b, floats(b, size), loaded).getResult();
}

Value RowEmitter::loadRow(ImplicitLocOpBuilder &b, Value first, int64_t size,
                          bool isNormalised) const {
  Value loaded = load(b, row, first, size);
  if (!isNormalised)
    return loaded;
  loaded = multiply(b, loaded,
                    vector::BroadcastOp::create(b, floats(b, size), factor));
  return multiply(b, loaded, load(b, norm, first, size));
}

void RowEmitter::store(ImplicitLocOpBuilder &b, Value vector,
                       Value first) const {
  Type element = cast<MemRefType>(destination.getType()).getElementType();
  if (!element.isF32())
    vector = arith::TruncFOp::create(
        b, cast<VectorType>(vector.getType()).clone(element), vector);
  vector::StoreOp::create(b, vector, destination, first);
}

/// Lane i is the sum of channels i, i + 16, ...; then halves are added to each
/// other.
Value RowEmitter::sumSquares(ImplicitLocOpBuilder &b) const {
  const int64_t rest = normDim % kLanes;
  Value sums = zeros(b, kLanes);
  auto loadSquares = [&](ImplicitLocOpBuilder &at, Value first, int64_t size) {
    Value elements = load(at, row, first, size);
    return multiply(at, elements, elements);
  };
  if (normDim > rest)
    sums = scf::ForOp::create(
               b, constantIndex(b, b.getLoc(), 0),
               constantIndex(b, b.getLoc(), normDim - rest),
               constantIndex(b, b.getLoc(), kLanes), ValueRange(sums),
               [&](OpBuilder &inner, Location loc, Value first,
                   ValueRange before) {
                 ImplicitLocOpBuilder body(loc, inner);
                 Value squares = loadSquares(body, first, kLanes);
                 scf::YieldOp::create(body, add(body, before.front(), squares));
               })
               .getResult(0);
  if (rest > 0) {
    Value squares =
        loadSquares(b, constantIndex(b, b.getLoc(), normDim - rest), rest);
    // The first element of the second vector, a zero, stands in other lanes.
    SmallVector<int64_t> lanes(kLanes, rest);
    std::iota(lanes.begin(), lanes.begin() + rest, 0);
    sums = add(b, sums,
               vector::ShuffleOp::create(b, squares, zeros(b, rest), lanes));
  }
  for (int64_t half = kLanes / 2; half > 0; half /= 2) {
    auto take = [&](int64_t first) {
      return vector::ShuffleOp::create(
          b, sums, sums, llvm::to_vector(llvm::seq(first, first + half)));
    };
    sums = add(b, take(0), take(half));
  }
  return vector::ExtractOp::create(b, sums, int64_t(0));
}

void RowEmitter::emitNorm(ImplicitLocOpBuilder &b, FloatAttr eps) {
  Location loc = b.getLoc();
  Value mean = arith::DivFOp::create(
      b, sumSquares(b), constantF32(b, loc, static_cast<float>(normDim)));
  Value root = math::SqrtOp::create(
      b, add(b, mean, constantF32(b, loc, eps.getValue().convertToFloat())));
  factor = arith::DivFOp::create(b, constantF32(b, loc, 1), root);
}

void RowEmitter::emitRotated(ImplicitLocOpBuilder &b, int64_t first, Value cos,
                             Value sin, bool isInterleaved) {
  const bool isNormalised = first < normDim;
  const int64_t columns = cast<MemRefType>(cos.getType()).getDimSize(0);
  auto rotate = [&](ImplicitLocOpBuilder &body, Value column, int64_t size,
                    Value &x, Value &y) {
    Value c = load(body, cos, column, size), s = load(body, sin, column, size);
    Value turned =
        arith::SubFOp::create(body, multiply(body, x, c), multiply(body, y, s));
    y = add(body, multiply(body, y, c), multiply(body, x, s));
    x = turned;
  };
  auto emitHalves = [&](ImplicitLocOpBuilder &body, Value column,
                        int64_t size) {
    Value channel = addIndex(body, column, first);
    Value other = addIndex(body, column, first + columns);
    Value x = loadRow(body, channel, size, isNormalised);
    Value y = loadRow(body, other, size, isNormalised);
    rotate(body, column, size, x, y);
    store(body, x, channel);
    store(body, y, other);
  };
  auto emitPairs = [&](ImplicitLocOpBuilder &body, Value column, int64_t size) {
    Value channel =
        addIndex(body, arith::AddIOp::create(body, column, column), first);
    Value pairs = loadRow(body, channel, 2 * size, isNormalised);
    SmallVector<int64_t> even, odd, both;
    for (int64_t i : llvm::seq(size)) {
      even.push_back(2 * i);
      odd.push_back(2 * i + 1);
      both.append({i, size + i});
    }
    Value x = vector::ShuffleOp::create(body, pairs, pairs, even);
    Value y = vector::ShuffleOp::create(body, pairs, pairs, odd);
    rotate(body, column, size, x, y);
    store(body, vector::ShuffleOp::create(body, x, y, both), channel);
  };
  if (isInterleaved)
    forEachVector(b, 0, columns, emitPairs);
  else
    forEachVector(b, 0, columns, emitHalves);
}

void RowEmitter::emitOthers(ImplicitLocOpBuilder &b, int64_t begin,
                            int64_t end) {
  const bool isNormalised = begin < normDim;
  forEachVector(b, begin, end,
                [&](ImplicitLocOpBuilder &body, Value at, int64_t size) {
                  store(body, loadRow(body, at, size, isNormalised), at);
                });
}

RowRotation::RowRotation(KvWriteOp op, Value norm) : op(op), norm(norm) {}

void RowRotation::emit(OpBuilder &builder, Location loc, Value source,
                       Value token, Value head, Value destination) {
  ImplicitLocOpBuilder b(loc, builder);
  const OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  const int64_t channels = op.getKeyCacheType().getHeadDim();
  Value row = viewOf(b, loc, source, {token, head, zero},
                     {one, one, b.getIndexAttr(channels)}, channels);
  RowEmitter emitter(row, destination, norm);
  if (norm)
    emitter.emitNorm(b, op.getNormEpsAttr());
  const int64_t first = op.getFirstRotated();
  int64_t end = first;
  if (op.getPositions()) {
    Value position = memref::LoadOp::create(b, op.getPositions(), token);
    position = arith::IndexCastOp::create(b, b.getIndexType(), position);
    const int64_t columns =
        cast<MemRefType>(op.getCos().getType()).getDimSize(1);
    auto tableRow = [&](Value table) {
      return viewOf(b, loc, table, {position, zero},
                    {one, b.getIndexAttr(columns)}, columns);
    };
    emitter.emitRotated(b, first, tableRow(op.getCos()), tableRow(op.getSin()),
                        op.getInterleaved());
    end += 2 * columns;
  }
  // Channels of a row in place that nothing is done to stay as they are.
  if (!norm && source == op.getQueryOut())
    return;
  emitter.emitOthers(b, 0, first);
  emitter.emitOthers(b, end, channels);
}
