//===- TileOperations.cpp - the meaning of tile operations ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of TileInterpreter that says what each operation of the tile level
// computes, in double precision and by the words of its description.
//
//===----------------------------------------------------------------------===//

#include "TileInterpreter.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <limits>
#include <numeric>

using namespace mlir;
using namespace mlir::fp8attn;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();
static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

LogicalResult TileInterpreter::runItem(Operation *op) {
  auto set = [&](auto op, int64_t value) {
    data[op.getResult()] = value;
    return success();
  };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](NumWorkItemsOp op) {
        return set(op, static_cast<int64_t>(items.size()));
      })
      .Case([&](ItemRowsOp op) { return set(op, op.getMost()); })
      .Case([&](ItemsAtOnceOp op) { return set(op, 1); })
      .Case([&](GroupedOp op) { return set(op, integer(op.getCount())); })
      .Case([&](NumPartsOp op) { return set(op, 1); })
      .Case([&](WorkItemOp op) {
        data[op.getItem()] = integer(op.getIndex());
        return success();
      })
      .Case([&](KeyRunOp op) {
        data[op.getRun()] = integer(op.getItem());
        return success();
      })
      .Case([&](NumRowsOp op) { return set(op, item(op.getItem()).rows); })
      .Case([&](KvHeadOp op) { return set(op, item(op.getItem()).kvHead); })
      .Case([&](FirstKeyOp op) { return set(op, item(op.getItem()).firstKey); })
      .Case([&](NumKeysOp op) { return set(op, item(op.getItem()).numKeys); })
      .Default(failure());
}

bool TileInterpreter::sees(const InterpretedItem &item, int64_t row,
                           int64_t key) const {
  if (row >= item.rows)
    return false;
  const int64_t lastToken = (item.rows - 1) / group;
  const int64_t end = item.numKeys - (lastToken - row / group);
  return key < end && key >= end - item.window;
}

/// Returns one of NaN, of the shape of a result.
static ArrayPtr makeArray(Value result) {
  return std::make_shared<Array>(
      cast<RankedTensorType>(result.getType()).getShape(), kNan);
}

ArrayPtr TileInterpreter::loadTile(Value run, Value firstKey, Value cache,
                                   int64_t part, RankedTensorType type) {
  auto tile = std::make_shared<Array>(type.getShape(), kNan);
  const InterpretedItem &of = item(run);
  const ArrayPtr source = array(cache);
  const int64_t pageTokens = source->sizes[3];
  const int64_t first = integer(firstKey);
  for (int64_t j = 0; j < tile->sizes[0] && first + j < of.numKeys; ++j)
    for (int64_t c = 0; c < tile->sizes[1]; ++c)
      tile->at({j, c}) = source->at({part, of.pages[(first + j) / pageTokens],
                                     of.kvHead, (first + j) % pageTokens, c});
  return tile;
}

ArrayPtr TileInterpreter::loadScale(LoadScaleOp op) {
  ArrayPtr result = makeArray(op.getResult());
  const ArrayPtr source = array(op.getScale());
  const int64_t head = integer(op.getHead());
  auto at = [&](int64_t page, int64_t token, int64_t channel) {
    return source->at(op.getMap().compose({page, head, token, channel}));
  };
  if (!op.getRun()) {
    for (int64_t c = 0; c < result->sizes[0]; ++c)
      result->at(c) = at(0, 0, c);
    return result;
  }
  const InterpretedItem &of = item(op.getRun());
  const int64_t first = integer(op.getFirstKey()), pageTokens = op.getPage();
  const int64_t groups = result->sizes.size() == 2 ? result->sizes[1] : 1;
  for (int64_t j = 0; j < result->sizes[0] && first + j < of.numKeys; ++j)
    for (int64_t b = 0; b < groups; ++b)
      result->elements[j * groups + b] =
          at(of.pages[(first + j) / pageTokens], (first + j) % pageTokens,
             b * (static_cast<int64_t>(op.getChannels()) / groups));
  return result;
}

ArrayPtr TileInterpreter::loadQuery(LoadQueryOp op) {
  ArrayPtr tile = makeArray(op.getTile());
  const InterpretedItem &of = item(op.getItem());
  const ArrayPtr query = array(op.getQuery());
  for (int64_t r = 0; r < of.rows; ++r)
    for (int64_t c = 0; c < tile->sizes[1]; ++c)
      tile->at({r, c}) = factorAt(op.getChannelFactor(), c) *
                         query->at({token(of, r), head(of, r), c});
  return tile;
}

ArrayPtr TileInterpreter::loadRowScale(LoadRowScaleOp op) {
  ArrayPtr result = makeArray(op.getResult());
  const InterpretedItem &of = item(op.getItem());
  const ArrayPtr scale = array(op.getScale());
  for (int64_t r = 0; r < of.rows; ++r)
    result->at(r) = scale->at(op.getMap().compose(
        {integer(op.getItem()), token(of, r), head(of, r)}));
  return result;
}

LogicalResult TileInterpreter::modify(ModifyOp op) {
  ArrayPtr result = makeArray(op.getResult());
  const ArrayPtr scores = array(op.getScores());
  const InterpretedItem &of = item(op.getItem());
  Block &block = op.getBody().front();
  for (int64_t r = 0; r < of.rows; ++r)
    for (int64_t j = 0; j < scores->sizes[1]; ++j) {
      const int64_t key = integer(op.getFirstKey()) + j;
      if (!sees(of, r, key))
        continue;
      const int64_t tokensBehind = (of.rows - 1) / group - r / group;
      data[block.getArgument(0)] = scores->at({r, j});
      data[block.getArgument(1)] = integer(op.getItem());
      data[block.getArgument(2)] = head(of, r);
      data[block.getArgument(3)] = of.numKeys - 1 - tokensBehind;
      data[block.getArgument(4)] = key;
      double modified = scores->at({r, j});
      if (!op.getFrom() || key >= integer(op.getFrom())) {
        if (failed(runBlock(block)))
          return failure();
        modified = number(cast<YieldOp>(block.getTerminator()).getScore());
      }
      result->at({r, j}) = numberOr1(op.getFactor()) * modified;
    }
  data[op.getResult()] = result;
  return success();
}

void TileInterpreter::multiply(QkOp op) {
  ArrayPtr scores = makeArray(op.getScores());
  const ArrayPtr query = array(op.getQuery()), key = array(op.getKey());
  const int64_t channels = query->sizes[1];
  const double factor = numberOr1(op.getFactor());
  for (int64_t r = 0; r < scores->sizes[0]; ++r)
    // Scores of rows that the item does not have stay NaN.
    for (int64_t j = 0; !std::isnan(*query->row(r)) && j < scores->sizes[1];
         ++j) {
      const double sum = std::inner_product(
          query->row(r), query->row(r) + channels, key->row(j), 0.0);
      scores->at({r, j}) = factor * factorAt(op.getRowFactor(), r) *
                           factorAt(op.getKeyFactor(), j) * sum;
    }
  data[op.getScores()] = scores;
}

void TileInterpreter::accumulate(PvOp op) {
  auto result = std::make_shared<Array>(*array(op.getAcc()));
  const ArrayPtr probs = array(op.getProbs()), value = array(op.getValue());
  for (int64_t r = 0; r < result->sizes[0]; ++r)
    for (int64_t j = 0; j < probs->sizes[1]; ++j) {
      const double prob = probs->at({r, j});
      // A masked key counts for nothing, whatever its value is.
      for (int64_t c = 0; prob != 0 && c < result->sizes[1]; ++c)
        result->row(r)[c] += prob * value->row(j)[c];
    }
  data[op.getResult()] = result;
}

void TileInterpreter::softmax(SoftmaxOp op) {
  const ArrayPtr scores = array(op.getScores()), max = array(op.getMax()),
                 sum = array(op.getSum()), acc = array(op.getAcc());
  ArrayPtr probs = makeArray(op.getProbs()), newMax = makeArray(op.getNewMax()),
           newSum = makeArray(op.getNewSum()),
           newAcc = makeArray(op.getNewAcc());
  for (int64_t r = 0; r < scores->sizes[0]; ++r) {
    double largest = max->at(r);
    for (int64_t j = 0; j < scores->sizes[1]; ++j)
      largest = std::max(largest, scores->at({r, j}));
    newMax->at(r) = std::ceil(largest);
    // Without a key so far, max is -inf and the sums are 0.
    const double rest =
        max->at(r) == -kInfinity ? 1 : std::exp2(max->at(r) - newMax->at(r));
    newSum->at(r) = sum->at(r) * rest;
    for (int64_t c = 0; c < acc->sizes[1]; ++c)
      newAcc->at({r, c}) = acc->at({r, c}) * rest;
    for (int64_t j = 0; j < scores->sizes[1]; ++j) {
      const bool isVisible = scores->at({r, j}) != -kInfinity;
      const double prob =
          isVisible ? std::exp2(scores->at({r, j}) - newMax->at(r)) : 0;
      newSum->at(r) += prob;
      probs->at({r, j}) =
          isVisible ? factorAt(op.getProbFactor(), j) * prob : 0;
    }
  }
  data[op.getProbs()] = probs;
  data[op.getNewMax()] = newMax;
  data[op.getNewSum()] = newSum;
  data[op.getNewAcc()] = newAcc;
}

void TileInterpreter::finish(FinishOp op) {
  const InterpretedItem &of = item(op.getItem());
  const ArrayPtr sum = array(op.getSum()), acc = array(op.getAcc()),
                 out = array(op.getOut());
  for (int64_t r = 0; r < of.rows; ++r)
    for (int64_t c = 0; c < acc->sizes[1]; ++c)
      out->at({token(of, r), head(of, r), c}) =
          sum->at(r) == 0
              ? 0
              : numberOr1(op.getFactor()) * factorAt(op.getChannelFactor(), c) *
                    acc->at({r, c}) / sum->at(r);
}

/// result[i, j] = tile[i, j] * f, f as the operation says.
static ArrayPtr scaleTile(ScaleOp op, const Array &tile, const Datum &factor) {
  auto result = std::make_shared<Array>(tile.sizes);
  const int64_t columns = tile.sizes[1];
  auto factorOf = [&](int64_t i, int64_t j) {
    if (op.isUniform())
      return std::get<double>(factor);
    Array &factors = *std::get<ArrayPtr>(factor);
    if (op.getAlong())
      return factors.at(*op.getAlong() == 0 ? i : j);
    return factors.at({i, j / (columns / factors.sizes[1])});
  };
  for (int64_t e = 0, end = tile.elements.size(); e < end; ++e)
    result->elements[e] = tile.elements[e] * factorOf(e / columns, e % columns);
  return result;
}

LogicalResult TileInterpreter::runTile(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](LoadKeyOp op) {
        auto run = op.getRun().getDefiningOp<KeyRunOp>();
        data[op.getTile()] =
            loadTile(op.getRun(), op.getFirstKey(), run.getKeyCache(), 0,
                     op.getTile().getType());
        return success();
      })
      .Case([&](LoadValueOp op) {
        auto run = op.getRun().getDefiningOp<KeyRunOp>();
        data[op.getTile()] =
            loadTile(op.getRun(), op.getFirstKey(), run.getValueCache(), 1,
                     op.getTile().getType());
        return success();
      })
      .Case([&](LoadScaleOp op) {
        data[op.getResult()] = loadScale(op);
        return success();
      })
      .Case([&](LoadQueryOp op) {
        data[op.getTile()] = loadQuery(op);
        return success();
      })
      .Case([&](LoadRowScaleOp op) {
        data[op.getResult()] = loadRowScale(op);
        return success();
      })
      .Case([&](DecodeOp op) {
        data[op.getValues()] = get(op.getCodes());
        return success();
      })
      .Case([&](ScaleOp op) {
        data[op.getResult()] =
            scaleTile(op, *array(op.getTile()), get(op.getFactor()));
        return success();
      })
      .Case([&](QkOp op) {
        multiply(op);
        return success();
      })
      .Case([&](ModifyOp op) { return modify(op); })
      .Case([&](MaskOp op) {
        auto result = std::make_shared<Array>(*array(op.getScores()));
        const InterpretedItem &of = item(op.getItem());
        for (int64_t r = 0; r < result->sizes[0]; ++r)
          for (int64_t j = 0; j < result->sizes[1]; ++j)
            if (!sees(of, r, integer(op.getFirstKey()) + j))
              result->at({r, j}) = -kInfinity;
        data[op.getResult()] = result;
        return success();
      })
      .Case([&](InitOp op) {
        data[op.getMax()] = std::make_shared<Array>(
            op.getMax().getType().getShape(), -kInfinity);
        data[op.getSum()] =
            std::make_shared<Array>(op.getSum().getType().getShape());
        data[op.getAcc()] =
            std::make_shared<Array>(op.getAcc().getType().getShape());
        return success();
      })
      .Case([&](SoftmaxOp op) {
        softmax(op);
        return success();
      })
      .Case([&](PvOp op) {
        accumulate(op);
        return success();
      })
      .Case([&](FinishOp op) {
        if (op.getSink() || op.getLse() || op.getOutScale())
          return failure();
        finish(op);
        return success();
      })
      .Default(failure());
}
