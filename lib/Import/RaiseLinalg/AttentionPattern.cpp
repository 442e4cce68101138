//===- AttentionPattern.cpp - attention in elements -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Conversions to narrower numbers between the steps are left out: attention
// keeps sums in f32, which has more bits, and rounds probabilities by its own
// rules (docs/Numerics.md). Those of queries, keys and values stay.
//
//===----------------------------------------------------------------------===//

#include "AttentionPattern.h"

#include "PositionMask.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::fp8attn;

/// More factors than attention has; a body may have exponentially many.
static constexpr size_t kMostFactors = 8;

bool mlir::fp8attn::hasDigit(const Element &element, Digit digit) {
  return llvm::any_of(element.indices, [&](const Index &index) {
    return llvm::is_contained(index, digit);
  });
}

static bool isNumber(Element *element) {
  return strip(element)->kind == Element::Kind::Number ||
         strip(element)->isScalar();
}

/// Whether a tensor has no more bits than sums of attention have.
static bool isNarrow(const Element &element) {
  return !getElementTypeOrSelf(element.tensor.getType()).isF64();
}

/// What an element is, for a remark.
static std::string describe(const Element &element) {
  if (element.kind == Element::Kind::Number)
    return llvm::formatv("{0}", element.number);
  if (element.kind == Element::Kind::Call)
    return element.operation->getName().getStringRef().str();
  if (element.kind == Element::Kind::Integer)
    return std::to_string(element.integer);
  if (element.kind == Element::Kind::Place)
    return linalg::IndexOp::getOperationName().str();
  Operation *maker = element.tensor.getDefiningOp();
  return maker ? maker->getName().getStringRef().str() : "an argument";
}

namespace {
/// A product: a number, scalars, which may be divisors, and elements.
struct Factors {
  double number = 1;
  SmallVector<std::pair<Element *, bool>, 1> scalars;
  SmallVector<Element *> elements;
};

class Matcher {
public:
  Matcher(ElementReader &reader, std::string &why) : reader(reader), why(why) {}

  std::optional<AttentionPattern> match(Element *element);

private:
  /// Says what was not as expected.
  template <typename... Args>
  bool refuse(const char *format, const Args &...args) {
    why = llvm::formatv(format, args...);
    return false;
  }
  void addFactors(Element *element, Factors &factors, bool isTerm);
  Factors getFactors(Element *element, bool isTerm) {
    Factors factors;
    addFactors(element, factors, isTerm);
    return factors;
  }
  Element *openSum(Element *element, Digit digit);
  bool isOverKeys(Element *element, StringRef combiner, Element *term);
  Element *matchSoftmax(Element *probability, Element *divisor);
  Element *matchSpelledSoftmax(Element *numerator, Element *divisor);
  bool leadsToProduct(Element *element);
  bool matchScore(Element *score);
  bool setMask(Element *mask);
  bool setWindow(Element *mask);
  bool matchCapped(Element *score);
  bool matchProduct(Element *product);

  ElementReader &reader;
  std::string &why;
  AttentionPattern found;
};
} // namespace

/// Takes a product apart, but for what is a tensor of its own and has no
/// constant factor.
void Matcher::addFactors(Element *element, Factors &factors, bool isTerm) {
  if (factors.elements.size() > kMostFactors)
    return;
  Element *inner = strip(element);
  if (inner->kind == Element::Kind::Number) {
    factors.number *= inner->number;
  } else if (inner->isScalar()) {
    factors.scalars.push_back({inner, false});
  } else if (inner->isCall("arith.mulf") &&
             (isTerm || !inner->tensor ||
              llvm::any_of(inner->operands, isNumber))) {
    for (Element *operand : inner->operands)
      addFactors(operand, factors, /*isTerm=*/false);
  } else if (inner->isCall("arith.divf") && isNumber(inner->operands[1])) {
    Element *divisor = strip(inner->operands[1]);
    if (divisor->isScalar())
      factors.scalars.push_back({divisor, true});
    else
      factors.number /= divisor->number;
    addFactors(inner->operands[0], factors, /*isTerm=*/false);
  } else {
    // A conversion that is no tensor is one within an operation.
    while (!element->tensor && element != inner)
      element = element->operands[0];
    factors.elements.push_back(element);
  }
}

/// Returns the term of a sum with a loop; null if it is none, or does not begin
/// at 0.
Element *Matcher::openSum(Element *element, Digit digit) {
  std::optional<Reduction> sum = reader.open(*element, digit);
  if (!sum || !isa<arith::AddFOp>(sum->combiner) || !sum->initial->isNumber(0))
    return nullptr;
  return sum->term;
}

/// Whether the numbers that a maximum may begin with have it.
static bool isLeast(const Reduction &maximum) {
  if (maximum.initial->kind != Element::Kind::Number)
    return false;
  const double number = maximum.initial->number;
  if (std::isnan(number))
    return isa<arith::MaxNumFOp>(maximum.combiner);
  auto type = dyn_cast<FloatType>(maximum.combiner->getResult(0).getType());
  return type && number <= APFloat::getLargest(type.getFloatSemantics(),
                                               /*Negative=*/true)
                               .convertToDouble();
}

/// Whether an element is the sum or the maximum of terms, over all keys.
bool Matcher::isOverKeys(Element *element, StringRef combiner, Element *term) {
  if (combiner == "sum") {
    Element *summed = openSum(element, found.keys);
    return summed && strip(summed) == term;
  }
  std::optional<Reduction> maximum = reader.open(*element, found.keys);
  return maximum &&
         isa<arith::MaximumFOp, arith::MaxNumFOp>(maximum->combiner) &&
         isLeast(*maximum) && strip(maximum->term) == term;
}

/// Whether there is an exponential in what may be a probability.
static bool isLikeProbability(Element *element) {
  Element *inner = strip(element);
  if (inner->kind == Element::Kind::Tensor)
    return inner->tensor.getDefiningOp<linalg::SoftmaxOp>() != nullptr;
  auto isExponential = [](Element *operand) {
    return strip(operand)->isCall("math.exp");
  };
  return isExponential(inner) ||
         ((inner->isCall("arith.divf") || inner->isCall("arith.mulf")) &&
          llvm::any_of(inner->operands, isExponential));
}

/// Returns the score of a softmax that is spelled out; null, and why, if it is
/// none.
Element *Matcher::matchSpelledSoftmax(Element *numerator, Element *divisor) {
  if (!numerator->isCall("math.exp") ||
      !isOverKeys(divisor, "sum", numerator)) {
    refuse("expects exponentials to be divided by their sum over keys, got {0} "
           "and {1}",
           describe(*numerator), describe(*divisor));
    return nullptr;
  }
  Element *difference = strip(numerator->operands[0]);
  Element *score = difference->isCall("arith.subf")
                       ? strip(difference->operands[0])
                       : nullptr;
  if (!score || !isOverKeys(strip(difference->operands[1]), "maximum", score)) {
    refuse("expects exponentials of scores less their maximum over keys, got "
           "those of {0}",
           describe(*difference));
    return nullptr;
  }
  return score;
}

/// Returns the score of a probability, which may be divided by `divisor` later;
/// null, and why, if it is none.
Element *Matcher::matchSoftmax(Element *probability, Element *divisor) {
  if (divisor)
    return matchSpelledSoftmax(probability, divisor);
  if (probability->kind == Element::Kind::Tensor) {
    auto op = probability->tensor.getDefiningOp<linalg::SoftmaxOp>();
    const uint64_t dimension = op.getDimension();
    if (probability->indices[dimension] == Index{found.keys})
      return strip(reader.read(op.getInput(), probability->indices));
    refuse("expects a softmax over keys, got one over dimension {0}",
           dimension);
    return nullptr;
  }
  if (probability->isCall("arith.divf"))
    return matchSpelledSoftmax(strip(probability->operands[0]),
                               strip(probability->operands[1]));
  if (probability->isCall("arith.mulf"))
    for (bool isSecond : {false, true}) {
      Element *inverse = strip(probability->operands[isSecond]);
      if (inverse->isCall("arith.divf") &&
          strip(inverse->operands[0])->isNumber(1))
        return matchSpelledSoftmax(strip(probability->operands[!isSecond]),
                                   strip(inverse->operands[1]));
    }
  refuse("expects exponentials to be divided by their sum over keys, got {0}",
         describe(*probability));
  return nullptr;
}

/// Whether an element is one that is a sum of products, behind what modifies
/// scores.
bool Matcher::leadsToProduct(Element *element) {
  SmallVector<Element *> stack = {element};
  llvm::SmallPtrSet<Element *, 8> seen;
  while (!stack.empty()) {
    Element *next = stack.pop_back_val();
    if (!seen.insert(next).second)
      continue;
    if (next->kind == Element::Kind::Tensor && reader.getReducedSize(*next) &&
        hasDigit(*next, found.keys))
      return true;
    if (next->kind == Element::Kind::Call)
      llvm::append_range(stack, next->operands);
  }
  return false;
}

bool Matcher::setMask(Element *mask) {
  if (found.mask)
    return refuse("expects one mask, got two");
  if (!mask->tensor || mask->indices.empty())
    return refuse("expects a mask that is a tensor, got {0}", describe(*mask));
  found.mask = mask;
  return true;
}

/// Takes a mask that compares places of queries and keys.
bool Matcher::setWindow(Element *mask) {
  std::optional<PositionMask> window = matchPositionMask(*mask, found.keys);
  if (!window || (found.queries && *found.queries != window->queries))
    return false;
  auto narrow = [](std::optional<int64_t> &side, std::optional<int64_t> keys) {
    if (keys)
      side = std::min(side.value_or(*keys), *keys);
  };
  narrow(found.windowLeft, window->left);
  narrow(found.windowRight, window->right);
  found.queries = window->queries;
  return true;
}

bool Matcher::matchScore(Element *score) {
  score = strip(score);
  if (score->isCall("arith.select") && setWindow(score))
    return matchScore(score->operands[1]);
  if (score->isCall("arith.select")) {
    Element *hidden = strip(score->operands[2]);
    if (!hidden->isNumber(-std::numeric_limits<double>::infinity()))
      return refuse("expects a mask that makes scores -inf where it is false, "
                    "got {0}",
                    describe(*hidden));
    return setMask(score->operands[0]) && matchScore(score->operands[1]);
  }
  if (!score->isCall("arith.addf"))
    return matchCapped(score);
  const bool isSecond = leadsToProduct(score->operands[1]);
  if (isSecond && leadsToProduct(score->operands[0]))
    return refuse("expects one product of queries and keys, got a sum of two");
  Element *mask = score->operands[!isSecond];
  Element *inner = strip(mask);
  const bool addsNothing =
      inner->isCall("arith.select") && inner->operands[1]->isNumber(0);
  return ((addsNothing && setWindow(inner)) || setMask(mask)) &&
         matchScore(score->operands[isSecond]);
}

bool Matcher::matchCapped(Element *score) {
  Factors factors = getFactors(score, /*isTerm=*/false);
  if (factors.elements.size() == 1) {
    Element *inner = strip(factors.elements[0]);
    if (inner->isCall("math.tanh") && factors.scalars.empty()) {
      found.softcap = factors.number;
      found.scale = factors.number;
      return matchProduct(inner->operands[0]);
    }
  }
  return matchProduct(score);
}

bool Matcher::matchProduct(Element *product) {
  Factors factors = getFactors(product, /*isTerm=*/false);
  found.scale *= factors.number;
  llvm::append_range(found.scalars, factors.scalars);
  Element *sum =
      factors.elements.size() == 1 ? strip(factors.elements[0]) : nullptr;
  std::optional<int64_t> size =
      sum ? reader.getReducedSize(*sum) : std::nullopt;
  if (!size)
    return refuse("expects scores that are products of queries and keys, got "
                  "{0}",
                  describe(sum ? *sum : *strip(product)));
  if (!isNarrow(*sum))
    return refuse("expects sums of f32 or less, got f64");
  found.products = sum->tensor.getDefiningOp();
  found.channels = reader.addDigit(*size, /*canBeSplit=*/false);
  Element *term = openSum(sum, found.channels);
  Factors parts = term ? getFactors(term, /*isTerm=*/true) : Factors();
  if (parts.elements.size() != 2)
    return refuse("expects scores that are sums from 0 of a query times a key, "
                  "got {0}",
                  describe(*sum));
  found.scale *= parts.number;
  llvm::append_range(found.scalars, parts.scalars);
  found.query = parts.elements[0];
  found.key = parts.elements[1];
  if (hasDigit(*found.query, found.keys))
    std::swap(found.query, found.key);
  return true;
}

std::optional<AttentionPattern> Matcher::match(Element *element) {
  element = strip(element);
  Element *divisor = nullptr;
  if (element->isCall("arith.divf")) {
    divisor = strip(element->operands[1]);
    element = strip(element->operands[0]);
  }
  std::optional<int64_t> size = reader.getReducedSize(*element);
  if (!size)
    return std::nullopt;
  found.keys = reader.addDigit(*size, /*canBeSplit=*/false);
  Element *term = openSum(element, found.keys);
  if (!term)
    return std::nullopt;
  Factors factors = getFactors(term, /*isTerm=*/true);
  if (factors.elements.size() != 2 || factors.number != 1 ||
      !factors.scalars.empty())
    return std::nullopt;
  const bool isSecond = isLikeProbability(factors.elements[1]);
  if (!isSecond && !isLikeProbability(factors.elements[0]))
    return std::nullopt;
  if (!isNarrow(*element)) {
    refuse("expects sums of f32 or less, got f64");
    return std::nullopt;
  }
  found.value = factors.elements[!isSecond];
  Element *score = matchSoftmax(strip(factors.elements[isSecond]), divisor);
  if (!score || !matchScore(score))
    return std::nullopt;
  for (auto [part, name] :
       {std::pair(found.query, "queries"), std::pair(found.key, "keys"),
        std::pair(found.value, "values")})
    if (!part->tensor || part->indices.empty()) {
      refuse("expects {0} that are a tensor, got {1}", name, describe(*part));
      return std::nullopt;
    }
  return found;
}

std::optional<AttentionPattern>
mlir::fp8attn::matchAttention(ElementReader &reader, Element *element,
                              std::string &why) {
  return Matcher(reader, why).match(element);
}
