//===- OnlineResults.cpp - what is made of online attention ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An element of what is made is read, so that it does not matter which
// operations make it. A maximum is of scores, or of scores times log2(e).
//
//===----------------------------------------------------------------------===//

#include "ImportIree/OnlineResults.h"

#include "RaiseLinalg/Elements.h"
#include "Support/ForeignOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace mlir::fp8attn;

/// Places of the results.
enum Result { kOut, kMax, kSum, kNumResults };

/// Operations that one result goes through: a division and a conversion.
static constexpr unsigned kMostBehind = 3;

namespace {
/// Reads what is made of the results of one operation.
class ResultReader {
public:
  ResultReader(Operation *op, ArrayRef<AffineMap> maps,
               std::optional<bool> isExp2)
      : op(op), maps(maps.take_back(kNumResults)), isExp2(isExp2) {}

  /// Returns the loops of the result of `user` if that is the quotient, or the
  /// log-sum-exp; null if it is not.
  AffineMap matchOut(Operation *user);
  AffineMap matchLse(Operation *user);

private:
  Element *readResult(Operation *user, Indices &place);
  bool isResult(Element *element, unsigned result) const {
    return element->kind == Element::Kind::Tensor &&
           element->tensor == op->getResult(result);
  }
  AffineMap getLoops(ArrayRef<std::pair<Element *, unsigned>> read,
                     const Indices &place) const;
  bool isFactor(Element *element, Element *&rest, double expected) const;

  Operation *op;
  ArrayRef<AffineMap> maps;
  std::optional<bool> isExp2;
  ElementReader reader;
};
} // namespace

/// Reads the element of a result at the place that has a digit of its own in
/// each dimension.
Element *ResultReader::readResult(Operation *user, Indices &place) {
  auto type = dyn_cast<RankedTensorType>(user->getResult(0).getType());
  if (user->getNumResults() != 1 || !type)
    return nullptr;
  for (int64_t size : type.getShape())
    place.push_back({reader.addDigit(size, /*canBeSplit=*/false)});
  return strip(reader.read(user->getResult(0), place));
}

/// Returns the loops of a place, of which elements of results are read; null if
/// they do not agree.
AffineMap ResultReader::getLoops(ArrayRef<std::pair<Element *, unsigned>> read,
                                 const Indices &place) const {
  MLIRContext *context = op->getContext();
  SmallVector<AffineExpr> loops(place.size());
  for (auto [element, result] : read) {
    AffineMap map = maps[result];
    if (!map.isProjectedPermutation() ||
        map.getNumResults() != element->indices.size())
      return {};
    for (auto [expression, index] :
         llvm::zip(map.getResults(), element->indices)) {
      auto found = llvm::find(place, index);
      if (found == place.end())
        return {};
      AffineExpr &loop = loops[found - place.begin()];
      if (loop && loop != expression)
        return {};
      loop = expression;
    }
  }
  if (llvm::is_contained(loops, AffineExpr()))
    return {};
  return AffineMap::get(maps[kOut].getNumDims(), 0, loops, context);
}

AffineMap ResultReader::matchOut(Operation *user) {
  Indices place;
  Element *element = readResult(user, place);
  if (!element)
    return {};
  Element *values = nullptr, *sum = nullptr;
  if (element->isCall("arith.divf")) {
    values = strip(element->operands[0]);
    sum = strip(element->operands[1]);
  } else if (element->isCall("arith.mulf")) {
    for (bool isSecond : {false, true}) {
      Element *inverse = strip(element->operands[isSecond]);
      if (!inverse->isCall("arith.divf") ||
          !strip(inverse->operands[0])->isNumber(1))
        continue;
      values = strip(element->operands[!isSecond]);
      sum = strip(inverse->operands[1]);
    }
  }
  if (!values || !isResult(values, kOut) || !isResult(sum, kSum))
    return {};
  return getLoops({{values, kOut}, {sum, kSum}}, place);
}

/// Whether an element is a number, about `expected`, times the rest.
bool ResultReader::isFactor(Element *element, Element *&rest,
                            double expected) const {
  if (!element->isCall("arith.mulf"))
    return false;
  for (bool isSecond : {false, true}) {
    Element *factor = strip(element->operands[isSecond]);
    if (factor->kind == Element::Kind::Number &&
        std::abs(factor->number - expected) < 1e-6) {
      rest = strip(element->operands[!isSecond]);
      return true;
    }
  }
  return false;
}

AffineMap ResultReader::matchLse(Operation *user) {
  Indices place;
  Element *element = readResult(user, place);
  if (!element || !isExp2)
    return {};
  // ln 2 times all, or times the maximum alone, if that is of base 2.
  Element *rest = nullptr;
  const bool isWholeScaled =
      *isExp2 && isFactor(element, rest, llvm::numbers::ln2);
  if (isWholeScaled)
    element = rest;
  if (!element->isCall("arith.addf"))
    return {};
  for (bool isSecond : {false, true}) {
    Element *log = strip(element->operands[isSecond]);
    Element *max = strip(element->operands[!isSecond]);
    if (!log->isCall(isWholeScaled ? "math.log2" : "math.log"))
      continue;
    if (*isExp2 && !isWholeScaled) {
      if (!isFactor(max, rest, llvm::numbers::ln2))
        continue;
      max = rest;
    }
    Element *sum = strip(log->operands[0]);
    if (isResult(max, kMax) && isResult(sum, kSum))
      return getLoops({{max, kMax}, {sum, kSum}}, place);
  }
  return {};
}

/// Returns what uses the results and leads to none of `ends`; null if there is
/// nothing.
static Operation *findOtherUser(Operation *op, ArrayRef<Operation *> ends) {
  llvm::SetVector<Operation *> dependent;
  dependent.insert(op);
  for (size_t i = 0; i < dependent.size(); ++i) {
    if (llvm::is_contained(ends, dependent[i]))
      continue;
    for (Operation *user : dependent[i]->getUsers())
      if (!isa<linalg::LinalgOp>(user) || !isMemoryEffectFree(user))
        return user;
      else
        dependent.insert(user);
  }
  return nullptr;
}

/// Returns what a result goes through, the last first.
static SmallVector<Operation *> getBehind(Value result) {
  SmallVector<Operation *> behind;
  for (Operation *user : result.getUsers()) {
    behind.push_back(user);
    while (behind.size() < kMostBehind && behind.back()->hasOneUse() &&
           isa<linalg::LinalgOp>(*behind.back()->user_begin()))
      behind.push_back(*behind.back()->user_begin());
  }
  std::reverse(behind.begin(), behind.end());
  llvm::erase_if(behind, [&](Operation *user) {
    return !isa<linalg::LinalgOp>(user) ||
           user->getBlock() != result.getDefiningOp()->getBlock();
  });
  return behind;
}

std::optional<OnlineResults>
mlir::fp8attn::matchOnlineResults(Operation *op, ArrayRef<AffineMap> maps,
                                  std::optional<bool> isExp2,
                                  std::string &why) {
  if (maps.size() < kNumResults) {
    why = "expects indexing_maps, a map for each operand";
    return std::nullopt;
  }
  OnlineResults results;
  for (Operation *user : getBehind(op->getResult(kOut)))
    if (AffineMap map = ResultReader(op, maps, isExp2).matchOut(user)) {
      results.out = {user, map};
      break;
    }
  if (!results.out.op) {
    why = "expects the first result to be divided by the sum";
    return std::nullopt;
  }
  for (Operation *user : getBehind(op->getResult(kMax)))
    if (AffineMap map = ResultReader(op, maps, isExp2).matchLse(user)) {
      results.lse = {user, map};
      break;
    }
  SmallVector<Operation *> ends = {results.out.op};
  if (results.lse.op)
    ends.push_back(results.lse.op);
  else if (!op->getResult(kMax).use_empty()) {
    why = isExp2 ? "expects the maximum to become a log-sum-exp, of base e"
                 : "expects decomposition_config to say use_exp2 where the "
                   "maximum is used, whose base that decides";
    return std::nullopt;
  }
  if (Operation *user = findOtherUser(op, ends)) {
    why = llvm::formatv("expects nothing else of the results to be used, got "
                        "{0}",
                        user->getName());
    return std::nullopt;
  }
  return results;
}

void mlir::fp8attn::eraseOnline(Operation *op) {
  llvm::SetVector<Operation *> dependent;
  dependent.insert(op);
  for (size_t i = 0; i < dependent.size(); ++i)
    dependent.insert_range(dependent[i]->getUsers());
  eraseUnused(std::move(dependent));
}
