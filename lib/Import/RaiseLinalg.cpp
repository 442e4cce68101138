//===- RaiseLinalg.cpp - attention of the linalg dialect ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Begins at the product of probabilities and values, and reads what its
// elements are.
//
//===----------------------------------------------------------------------===//

#include "RaiseLinalg/AttentionShape.h"
#include "Support/AttentionImport.h"
#include "Support/Draft.h"
#include "Support/SizeChecks.h"
#include "fp8attn/Import/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_RAISELINALG
#include "fp8attn/Import/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Operations behind the product that may be part of it: a division by the sum
/// of exponentials, and a conversion.
static constexpr size_t kMostBehind = 3;

/// Splits of loops: more than a shape has dimensions.
static constexpr unsigned kMostSplits = 8;

namespace {
/// What is made of a result, and how it is read.
struct Candidate {
  ElementReader reader;
  Indices out;
  AttentionPattern pattern;
  AttentionShape shape;
};
} // namespace

/// Matches a result of which a loop was split into digits of `sizes`, in each
/// dimension.
static LogicalResult match(Value result, ArrayRef<SmallVector<int64_t>> sizes,
                           Candidate &candidate, std::string &why) {
  for (ArrayRef<int64_t> dimension : sizes) {
    Index &index = candidate.out.emplace_back();
    for (int64_t size : dimension)
      index.push_back(candidate.reader.addDigit(size, /*canBeSplit=*/true));
  }
  std::optional<AttentionPattern> pattern = matchAttention(
      candidate.reader, candidate.reader.read(result, candidate.out), why);
  if (!pattern)
    return failure();
  candidate.pattern = *pattern;
  std::optional<AttentionShape> shape =
      getShape(*pattern, candidate.out, candidate.reader, why);
  if (!shape)
    return failure();
  candidate.shape = *shape;
  return success();
}

/// Matches a result, whose loops are split as reshapes demand.
static std::unique_ptr<Candidate> match(Value result, std::string &why) {
  auto type = cast<RankedTensorType>(result.getType());
  SmallVector<SmallVector<int64_t>> sizes;
  // The place in a dimension of size 1 has no digit.
  for (int64_t size : type.getShape())
    sizes.push_back(size == 1 ? SmallVector<int64_t>()
                              : SmallVector<int64_t>{size});
  for (unsigned i = 0;; ++i) {
    auto candidate = std::make_unique<Candidate>();
    why.clear();
    const bool isMatch = succeeded(match(result, sizes, *candidate, why));
    std::optional<Split> split = candidate->reader.getSplit();
    if (!split || i == kMostSplits)
      return isMatch ? std::move(candidate) : nullptr;
    splitDigit(*split, candidate->out, sizes);
  }
}

/// Returns an operation, apart from sizes, that uses what would not be computed
/// any more, beside those that make the result; null if there is none.
static Operation *findOtherUser(Operation *products, Operation *result) {
  // What the result is made of, up to the products.
  llvm::SetVector<Operation *> makers, dependent;
  makers.insert(result);
  for (size_t i = 0; i < makers.size(); ++i)
    if (makers[i] != products)
      for (Value operand : makers[i]->getOperands())
        if (Operation *maker = operand.getDefiningOp())
          makers.insert(maker);
  dependent.insert(products);
  for (size_t i = 0; i < dependent.size(); ++i) {
    if (dependent[i] == result)
      continue;
    for (Operation *user : dependent[i]->getUsers())
      if (makers.contains(user))
        dependent.insert(user);
      else if (!isa<tensor::DimOp>(user))
        return user;
  }
  return nullptr;
}

/// Erases an operation that nothing uses, and those that only it used; those of
/// `pending` become null.
static void eraseDead(Operation *op, MutableArrayRef<Operation *> pending) {
  llvm::SetVector<Operation *> dead;
  dead.insert(op);
  while (!dead.empty()) {
    Operation *next = dead.pop_back_val();
    if (!isOpTriviallyDead(next))
      continue;
    for (Value operand : next->getOperands())
      if (Operation *maker = operand.getDefiningOp())
        dead.insert(maker);
    dead.remove(next);
    std::replace(pending.begin(), pending.end(), next,
                 static_cast<Operation *>(nullptr));
    next->erase();
  }
}

/// Returns the tensor that an operation writes its result to, without what is
/// written there before.
static Value getDestination(Operation *op) {
  Value init = cast<linalg::LinalgOp>(op).getDpsInits()[0];
  auto fill = init.getDefiningOp<linalg::FillOp>();
  return fill ? fill.getDpsInits()[0] : init;
}

/// Builds the scale, f32, of a constant and of scalars.
static Value buildScale(OpBuilder &builder, Location loc,
                        const AttentionPattern &pattern) {
  Type f32 = builder.getF32Type();
  Value scale;
  if (pattern.scale != 1)
    scale = arith::ConstantOp::create(builder, loc,
                                      builder.getF32FloatAttr(pattern.scale));
  for (auto [element, isDivisor] : pattern.scalars) {
    Value scalar = element->tensor;
    if (isa<RankedTensorType>(scalar.getType()))
      scalar = tensor::ExtractOp::create(builder, loc, scalar, ValueRange());
    if (scalar.getType().isF64())
      scalar = arith::TruncFOp::create(builder, loc, f32, scalar);
    else if (!scalar.getType().isF32())
      scalar = arith::ExtFOp::create(builder, loc, f32, scalar);
    if (!isDivisor && !scale) {
      scale = scalar;
      continue;
    }
    if (!scale)
      scale =
          arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(1));
    if (isDivisor)
      scale = arith::DivFOp::create(builder, loc, scale, scalar);
    else
      scale = arith::MulFOp::create(builder, loc, scale, scalar);
  }
  return scale;
}

/// Adds a mask [batch or 1, KV heads, queries or 1, keys or 1], whose element
/// is one for the heads of a group: no copies of it are made. Its sizes are
/// checked.
static LogicalResult addMaskOfKvHeads(OpBuilder &builder, Location loc,
                                      Value mask, AttentionImport &import,
                                      std::string &why) {
  auto size = [&](Value tensor, int64_t dimension) {
    return tensor::getMixedSize(builder, loc, tensor, dimension);
  };
  auto type = cast<RankedTensorType>(mask.getType());
  for (auto [dimension, name, other, otherDimension] :
       {std::tuple(0, "batch", import.query, 0),
        std::tuple(2, "queries", import.query, 2),
        std::tuple(3, "keys", import.key, 2)})
    if (type.getDimSize(dimension) != 1 &&
        failed(demandSame(builder, loc, (Twine(name) + " of mask").str(),
                          size(mask, dimension),
                          (Twine(name) + " of attention").str(),
                          size(other, otherDimension), why)))
      return failure();
  const int64_t group =
      cast<RankedTensorType>(import.query.getType()).getDimSize(1) /
      type.getDimSize(1);
  import.score = [=](OpBuilder &builder, Location loc, ValueRange arguments,
                     std::string &) {
    SmallVector<Value> place(arguments.drop_front());
    Value divisor = arith::ConstantIndexOp::create(builder, loc, group);
    place[1] = arith::DivUIOp::create(builder, loc, place[1], divisor);
    for (int64_t dimension : {0, 2, 3})
      if (type.getDimSize(dimension) == 1)
        place[dimension] = arith::ConstantIndexOp::create(builder, loc, 0);
    Value element = tensor::ExtractOp::create(builder, loc, mask, place);
    Value score = arguments[0];
    if (!type.getElementType().isInteger()) {
      if (!type.getElementType().isF32())
        element =
            arith::ExtFOp::create(builder, loc, builder.getF32Type(), element);
      return arith::AddFOp::create(builder, loc, score, element).getResult();
    }
    Value hidden = arith::ConstantOp::create(
        builder, loc,
        builder.getF32FloatAttr(-std::numeric_limits<float>::infinity()));
    return arith::SelectOp::create(builder, loc, element, score, hidden)
        .getResult();
  };
  return success();
}

/// Builds what stands for a result; null, and why, if it cannot.
static Value build(OpBuilder &builder, Operation *op,
                   const Candidate &candidate, std::string &why) {
  Location loc = op->getLoc();
  const AttentionPattern &pattern = candidate.pattern;
  const AttentionShape &shape = candidate.shape;
  if (Operation *user = findOtherUser(pattern.products, op)) {
    why = llvm::formatv("expects scores and probabilities that nothing else "
                        "uses, got {0}",
                        user->getName());
    return nullptr;
  }
  auto take = [&](Element *element, const Indices &to) {
    return arrange(builder, loc, element->tensor, element->indices, to,
                   candidate.reader);
  };
  AttentionImport import;
  import.query = take(pattern.query, shape.query);
  import.key = take(pattern.key, shape.key);
  import.value = take(pattern.value, shape.value);
  if (pattern.mask && shape.isMaskOfKvHeads) {
    if (failed(addMaskOfKvHeads(builder, loc, take(pattern.mask, shape.mask),
                                import, why)))
      return nullptr;
  } else if (pattern.mask) {
    import.mask = take(pattern.mask, shape.mask);
  }
  import.windowLeft = pattern.windowLeft;
  if (pattern.windowRight == 0)
    import.isCausal = true;
  else
    import.windowRight = pattern.windowRight;
  if (pattern.scalars.empty())
    import.scale = pattern.scale;
  else
    import.scaleValue = buildScale(builder, loc, pattern);
  import.softcap = pattern.softcap;
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  import.outType = type.getElementType();
  if (isInOrder(candidate.out, shape.out))
    import.out = arrange(builder, loc, getDestination(op), candidate.out,
                         shape.out, candidate.reader);
  FailureOr<SmallVector<Value>> results =
      buildAttention(builder, loc, import, /*wantsLse=*/false, why);
  if (failed(results))
    return nullptr;
  return castResult(builder, loc,
                    arrange(builder, loc, results->front(), shape.out,
                            candidate.out, candidate.reader),
                    type, why);
}

/// Replaces the result of an operation if it is attention; says why if it is
/// like it.
static LogicalResult raise(Operation *op, std::string &why) {
  std::unique_ptr<Candidate> candidate = match(op->getResult(0), why);
  if (!candidate)
    return failure();
  OpBuilder builder(op);
  Draft draft(builder);
  Value result = build(builder, op, *candidate, why);
  if (!result)
    return failure();
  draft.keep();
  op->getResult(0).replaceAllUsesWith(result);
  return success();
}

/// Whether an operation makes one tensor.
static bool isCandidate(Operation *op) {
  return isa<linalg::LinalgOp>(op) && op->getNumResults() == 1 &&
         isa<RankedTensorType>(op->getResult(0).getType());
}

/// Tries what is made of a product alone first, and then less of it.
static void raiseProduct(Operation *product,
                         MutableArrayRef<Operation *> pending) {
  SmallVector<Operation *> results = {product};
  while (results.size() <= kMostBehind && results.back()->hasOneUse()) {
    Operation *user = *results.back()->user_begin();
    if (!isCandidate(user) ||
        cast<linalg::LinalgOp>(user).getNumLoops() !=
            cast<linalg::LinalgOp>(user).getNumParallelLoops())
      break;
    results.push_back(user);
  }
  std::string firstWhy;
  for (Operation *op : llvm::reverse(results)) {
    std::string why;
    if (succeeded(raise(op, why)))
      return eraseDead(op, pending);
    if (firstWhy.empty())
      firstWhy = why;
  }
  if (!firstWhy.empty())
    remarkMissed(product, firstWhy);
}

namespace {
struct RaiseLinalgPass
    : public fp8attn::impl::RaiseLinalgBase<RaiseLinalgPass> {
  void runOnOperation() override {
    SmallVector<Operation *> products;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (isCandidate(op) && linalg::isaContractionOpInterface(op))
        products.push_back(op);
    });
    for (size_t i = 0; i < products.size(); ++i)
      if (products[i])
        raiseProduct(products[i], products);
  }
};
} // namespace
