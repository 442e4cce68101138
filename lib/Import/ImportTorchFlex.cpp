//===- ImportTorchFlex.cpp - flex attention of the torch dialect ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// It reads functions beside the one that has the operation, and so is a pass of
// modules.
//
//===----------------------------------------------------------------------===//

#include "Support/Draft.h"
#include "Support/ForeignOps.h"
#include "Torch/TorchAttention.h"
#include "Torch/TorchScalars.h"
#include "Torch/TorchValues.h"
#include "fp8attn/Import/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <limits>

namespace mlir::fp8attn {
#define GEN_PASS_DEF_IMPORTTORCHFLEX
#include "fp8attn/Import/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Operands of torch.hop_flex_attention, and results.
enum { kQuery, kKey, kValue, kScale, kNumOperands = 6 };
enum { kOut, kLse, kMaxScores, kNumResults };

namespace {
/// The functions of an operation; null for those that it does not have.
struct Modifiers {
  func::FuncOp score, mask;
};
} // namespace

/// Reads the function that an attribute names: of `numIndices` positions,
/// behind a score if that is modified. Says why if it is none.
static LogicalResult readFunction(Operation *op, StringRef name, bool hasScore,
                                  func::FuncOp &function, std::string &why) {
  constexpr unsigned kNumPositions = 4;
  Attribute attribute = getForeignAttr(op, name);
  if (!attribute)
    return success();
  auto symbol = dyn_cast<SymbolRefAttr>(attribute);
  if (symbol)
    function = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(op, symbol);
  if (!function || function.isExternal()) {
    why = llvm::formatv("expects {0} to name a function with a body, got {1}",
                        name, attribute);
    return failure();
  }
  FunctionType type = function.getFunctionType();
  bool isRight = type.getNumResults() == 1 &&
                 type.getNumInputs() == kNumPositions + hasScore;
  for (auto [index, input] : llvm::enumerate(type.getInputs())) {
    Type scalar = getScalarType(input);
    const bool isScore = hasScore && index == 0;
    isRight &=
        scalar && (isScore ? isa<FloatType>(scalar)
                           : scalar.isInteger(32) || scalar.isInteger(64));
  }
  Type result = isRight ? getScalarType(type.getResult(0)) : Type();
  isRight &=
      result && (hasScore ? isa<FloatType>(result) : result.isInteger(1));
  if (!isRight)
    why = llvm::formatv("expects {0} to take {1}four integers and to return {2}"
                        ", each a !torch.vtensor without dimensions, got {3}",
                        name, hasScore ? "a float and " : "",
                        hasScore ? "a float" : "an i1", type);
  return success(isRight);
}

/// Whether the function says that a query sees the keys up to its own position.
static bool isCausal(func::FuncOp mask) {
  if (!mask.getBody().hasOneBlock())
    return false;
  Block &block = mask.getBody().front();
  Operation *op = block.getTerminator()->getOperand(0).getDefiningOp();
  if (!op || op->getNumOperands() != 2)
    return false;
  Value query = block.getArgument(2), key = block.getArgument(3);
  auto isOf = [&](StringRef name, Value left, Value right) {
    return isForeign(op, name) && op->getOperand(0) == left &&
           op->getOperand(1) == right;
  };
  return isOf("torch.aten.ge.Tensor", query, key) ||
         isOf("torch.aten.le.Tensor", key, query);
}

/// Builds what a function makes of (score, batch, head, query, key).
static Value inlineModifier(OpBuilder &builder, Location loc,
                            func::FuncOp function, ValueRange arguments,
                            std::string &why) {
  SmallVector<Value> scalars;
  for (auto [type, argument] :
       llvm::zip(function.getArgumentTypes(), arguments)) {
    Type scalar = getScalarType(type);
    scalars.push_back(
        argument.getType().isIndex()
            ? arith::IndexCastOp::create(builder, loc, scalar, argument)
            : convertScalar(builder, loc, argument, scalar));
  }
  return inlineTorchScalars(builder, function, scalars, why);
}

/// Builds the score that PyTorch has: modified first, and masked then.
static Value modifyScore(OpBuilder &builder, Location loc,
                         const Modifiers &modifiers, ValueRange arguments,
                         std::string &why) {
  Value score = arguments.front();
  if (modifiers.score) {
    score = inlineModifier(builder, loc, modifiers.score, arguments, why);
    if (!score)
      return nullptr;
    score = convertScalar(builder, loc, score, builder.getF32Type());
  }
  if (!modifiers.mask)
    return score;
  Value isSeen =
      inlineModifier(builder, loc, modifiers.mask, arguments.drop_front(), why);
  if (!isSeen || matchPattern(isSeen, m_One()))
    return isSeen ? score : isSeen;
  Value hidden = arith::ConstantOp::create(
      builder, loc,
      builder.getF32FloatAttr(-std::numeric_limits<float>::infinity()));
  return arith::SelectOp::create(builder, loc, isSeen, score, hidden);
}

/// Reads the operation; says why if it cannot be meant.
static LogicalResult readOperation(Operation *op, AttentionImport &import,
                                   Modifiers &modifiers, std::string &why) {
  if (op->getNumOperands() != kNumOperands || op->getNumResults() < 1 ||
      op->getNumResults() > kNumResults) {
    why =
        llvm::formatv("expects {0} operands and 1 to {1} results, got {2} and "
                      "{3}",
                      int(kNumOperands), int(kNumResults), op->getNumOperands(),
                      op->getNumResults());
    return failure();
  }
  if (op->getNumResults() > kMaxScores &&
      !op->getResult(kMaxScores).use_empty()) {
    why = "expects no use of the greatest scores";
    return failure();
  }
  import.query = op->getOperand(kQuery);
  import.key = op->getOperand(kKey);
  import.value = op->getOperand(kValue);
  auto enableGqa = getForeignAttr<BoolAttr>(op, "enable_gqa");
  const bool areGroups = !enableGqa || enableGqa.getValue();
  return success(
      succeeded(readTorchScale(op->getOperand(kScale), import, why)) &&
      succeeded(readTorchGroups(areGroups, import, why)) &&
      succeeded(readFunction(op, "score_mod_fn", /*hasScore=*/true,
                             modifiers.score, why)) &&
      succeeded(readFunction(op, "mask_mod_fn", /*hasScore=*/false,
                             modifiers.mask, why)));
}

/// Returns what makes logarithms natural: PyTorch's operation has those to base
/// 2, which its interface for users multiplies by ln 2 then. Says why if
/// something else uses them.
static LogicalResult findNaturalLogs(Operation *op,
                                     SmallVectorImpl<Operation *> &products,
                                     std::string &why) {
  constexpr double kTolerance = 1e-6;
  if (op->getNumResults() <= kLse)
    return success();
  for (Operation *user : op->getResult(kLse).getUsers()) {
    std::optional<double> factor;
    if (isForeign(user, "torch.aten.mul.Scalar") &&
        user->getNumOperands() == 2 && user->getNumResults() == 1)
      factor = getTorchFloat(user->getOperand(1));
    if (!factor || std::abs(*factor - llvm::numbers::ln2) > kTolerance) {
      why =
          llvm::formatv("expects each use of the log-sum-exp, whose base is 2, "
                        "to be torch.aten.mul.Scalar by ln 2, got {0}",
                        user->getName());
      return failure();
    }
    products.push_back(user);
  }
  return success();
}

/// Builds what stands for the result and the natural logarithms; says why if it
/// cannot.
static LogicalResult build(OpBuilder &builder, Operation *op,
                           AttentionImport &import,
                           ArrayRef<Operation *> products,
                           SmallVectorImpl<Value> &tensors, std::string &why) {
  Location loc = op->getLoc();
  if (failed(convertTorchOperands(builder, loc, import, why)))
    return failure();
  FailureOr<SmallVector<Value>> results =
      buildAttention(builder, loc, import, !products.empty(), why);
  if (failed(results))
    return failure();
  SmallVector<std::pair<Value, Value>> pairs = {
      {results->front(), op->getResult(kOut)}};
  for (Operation *product : products)
    pairs.push_back({results->back(), product->getResult(0)});
  for (auto [result, old] : pairs) {
    tensors.push_back(castTorchResult(builder, loc, result, old, why));
    if (!tensors.back())
      return failure();
  }
  return success();
}

/// Replaces the operation; returns the functions that it named, or nothing if
/// it was left alone.
static Modifiers importOperation(Operation *op) {
  OpBuilder builder(op);
  std::string why;
  Modifiers modifiers;
  AttentionImport import;
  SmallVector<Operation *> products;
  {
    Draft draft(builder);
    SmallVector<Value> tensors;
    if (failed(readOperation(op, import, modifiers, why)) ||
        failed(findNaturalLogs(op, products, why))) {
      remarkMissed(op, why);
      return {};
    }
    Modifiers inlined = modifiers;
    if (modifiers.mask && isCausal(modifiers.mask)) {
      import.isCausal = true;
      inlined.mask = nullptr;
    }
    if (modifiers.score || modifiers.mask)
      import.score = [&](OpBuilder &inner, Location loc, ValueRange arguments,
                         std::string &why) {
        return modifyScore(inner, loc, inlined, arguments, why);
      };
    if (failed(build(builder, op, import, products, tensors, why))) {
      remarkMissed(op, why);
      return {};
    }
    replaceByBuiltinTensor(builder, op->getResult(kOut), tensors.front());
    for (auto [product, tensor] :
         llvm::zip(products, llvm::drop_begin(tensors)))
      replaceByBuiltinTensor(builder, product->getResult(0), tensor);
    draft.keep();
  }
  SmallVector<Value> used(op->getOperands());
  for (Operation *product : products) {
    used.push_back(product->getOperand(1));
    product->erase();
  }
  op->erase();
  eraseUnusedMakers(used, {"torch.constant.", "torch_c."});
  return modifiers;
}

namespace {
struct ImportTorchFlexPass
    : public fp8attn::impl::ImportTorchFlexBase<ImportTorchFlexPass> {
  void runOnOperation() override {
    SmallVector<Operation *> found;
    getOperation().walk([&](Operation *op) {
      if (isForeign(op, "torch.hop_flex_attention"))
        found.push_back(op);
    });
    llvm::SmallSetVector<Operation *, 8> functions;
    for (Operation *op : found) {
      Modifiers modifiers = importOperation(op);
      for (func::FuncOp function : {modifiers.score, modifiers.mask})
        if (function)
          functions.insert(function);
    }
    for (Operation *function : functions)
      if (cast<func::FuncOp>(function).isPrivate() &&
          SymbolTable::symbolKnownUseEmpty(function, getOperation()))
        function->erase();
  }
};
} // namespace
