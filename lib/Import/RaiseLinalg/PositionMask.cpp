//===- PositionMask.cpp - masks of the places of loops --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Conditions are comparisons of sums of one query, one key and numbers: their
// difference is a bound of the key's number less the query's.
//
//===----------------------------------------------------------------------===//

#include "PositionMask.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <limits>

using namespace mlir;
using namespace mlir::fp8attn;

/// Numbers that are added are far from what wraps around in 32 bits.
static constexpr int64_t kMostAdded = int64_t(1) << 30;
static constexpr unsigned kLeastBits = 32;

namespace {
/// A sum: so many queries, so many keys, and a number.
struct Sum {
  int64_t queries = 0, keys = 0, number = 0;
};

class Matcher {
public:
  explicit Matcher(Digit keys) : keys(keys) {}

  std::optional<Sum> readSum(const Element &element);
  bool addCondition(const Element &element);

  PositionMask window;

private:
  bool addBound(const Sum &less, const Sum &more, int64_t distance);

  Digit keys;
};
} // namespace

std::optional<Sum> Matcher::readSum(const Element &element) {
  if (element.kind == Element::Kind::Integer)
    return std::abs(element.integer) <= kMostAdded
               ? std::optional(Sum{0, 0, element.integer})
               : std::nullopt;
  if (element.kind == Element::Kind::Place) {
    const Index &index = element.indices[0];
    if (index == Index{keys})
      return Sum{0, 1, 0};
    if (index.empty() || (!window.queries.empty() && window.queries != index))
      return std::nullopt;
    window.queries = index;
    return Sum{1, 0, 0};
  }
  if (element.kind != Element::Kind::Call)
    return std::nullopt;
  Type type = element.operation->getResult(0).getType();
  if (!type.isIndex() &&
      !(type.isInteger() && type.getIntOrFloatBitWidth() >= kLeastBits))
    return std::nullopt;
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtSIOp>(
          element.operation))
    return readSum(*element.operands[0]);
  const bool isSum = element.isCall("arith.addi");
  if (!isSum && !element.isCall("arith.subi"))
    return std::nullopt;
  std::optional<Sum> one = readSum(*element.operands[0]),
                     other = readSum(*element.operands[1]);
  if (!one || !other)
    return std::nullopt;
  const int64_t sign = isSum ? 1 : -1;
  return Sum{one->queries + sign * other->queries,
             one->keys + sign * other->keys,
             one->number + sign * other->number};
}

/// Adds that a sum is less than another one by `distance` or more.
bool Matcher::addBound(const Sum &less, const Sum &more, int64_t distance) {
  const Sum rest = {more.queries - less.queries, more.keys - less.keys,
                    more.number - less.number - distance};
  // 0 <= rest.
  auto narrow = [](std::optional<int64_t> &side, int64_t number) {
    side = std::min(side.value_or(number), number);
    return number >= 0 && number <= kMostAdded;
  };
  if (rest.queries == 1 && rest.keys == -1)
    return narrow(window.right, rest.number);
  if (rest.queries == -1 && rest.keys == 1)
    return narrow(window.left, rest.number);
  return false;
}

bool Matcher::addCondition(const Element &element) {
  if (element.isCall("arith.andi"))
    return addCondition(*element.operands[0]) &&
           addCondition(*element.operands[1]);
  if (!element.isCall("arith.cmpi"))
    return false;
  std::optional<Sum> one = readSum(*element.operands[0]),
                     other = readSum(*element.operands[1]);
  if (!one || !other)
    return false;
  using Predicate = arith::CmpIPredicate;
  const Predicate predicate =
      cast<arith::CmpIOp>(element.operation).getPredicate();
  const bool isUnsigned =
      predicate == Predicate::ule || predicate == Predicate::ult ||
      predicate == Predicate::uge || predicate == Predicate::ugt;
  // Places alone are not negative.
  if (isUnsigned && (element.operands[0]->kind != Element::Kind::Place ||
                     element.operands[1]->kind != Element::Kind::Place))
    return false;
  switch (predicate) {
  case Predicate::sle:
  case Predicate::ule:
    return addBound(*one, *other, 0);
  case Predicate::slt:
  case Predicate::ult:
    return addBound(*one, *other, 1);
  case Predicate::sge:
  case Predicate::uge:
    return addBound(*other, *one, 0);
  case Predicate::sgt:
  case Predicate::ugt:
    return addBound(*other, *one, 1);
  default:
    return false;
  }
}

std::optional<PositionMask>
mlir::fp8attn::matchPositionMask(const Element &mask, Digit keys) {
  if (!mask.isCall("arith.select"))
    return std::nullopt;
  if (!mask.operands[2]->isNumber(-std::numeric_limits<double>::infinity()))
    return std::nullopt;
  Matcher matcher(keys);
  if (!matcher.addCondition(*mask.operands[0]) ||
      matcher.window.queries.empty())
    return std::nullopt;
  return matcher.window;
}
