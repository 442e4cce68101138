//===- FoldScalesTest.cpp - fold-scales changes no result -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Translation validation: attention with every granularity of the scale of the
// keys and every one of the values is decomposed, and the tile operations are
// evaluated before fold-scales and behind it, on the same random numbers.
//
//===----------------------------------------------------------------------===//

#include "TileInterpreter.h"

#include "fp8attn/InitAll.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::fp8attn;

/// The functions of scale_maps.py: 16 query heads on 8 KV heads of size 64, in
/// pages of 32 tokens.
static constexpr int64_t kHeads = 16, kKvHeads = 8, kDim = 64, kPageTokens = 32;
static constexpr int64_t kPages = 32, kTokens = 19;
/// Far above what the order of multiplications makes of a double, and far below
/// what a factor makes of a result.
static constexpr double kTolerance = 1e-9, kNoticed = 1e-3;

/// Returns a decode step of 300 keys, a prompt of 70, and a chunk of 9 tokens
/// whose window hides the first step of keys.
static std::vector<InterpretedItem> makeItems(std::mt19937 &bits) {
  std::vector<InterpretedItem> items = {
      {2, 3, 0, 0, 300, 1000, {}},
      {18, 5, 1, 0, 70, 1000, {}},
      {18, 0, 10, 256, 330, 30, {}},
  };
  std::vector<int64_t> pages(kPages);
  std::iota(pages.begin(), pages.end(), 0);
  std::shuffle(pages.begin(), pages.end(), bits);
  auto next = pages.begin();
  for (InterpretedItem &item : items)
    for (int64_t key = 0; key < item.numKeys; key += kPageTokens)
      item.pages.push_back(*next++);
  return items;
}

namespace {
/// Random arguments of a function of scale_maps.py. What no item reads is NaN.
class Problem {
public:
  Problem(PagedAttentionOp op, uint32_t seed)
      : bits(seed), items(makeItems(bits)),
        query(
            std::make_shared<Array>(ArrayRef<int64_t>{kTokens, kHeads, kDim})),
        cache(std::make_shared<Array>(
            ArrayRef<int64_t>{2, kPages, kKvHeads, kPageTokens, kDim}, kNan)),
        keyScale(makeScale(op.getKeyScale())),
        valueScale(makeScale(op.getValueScale())) {
    for (double &element : query->elements)
      element = normal(bits);
    std::uniform_real_distribution<double> uniform(0.1, 0.5);
    forEachReadElement([&](int64_t page, int64_t head, int64_t token,
                           int64_t channel) {
      for (int64_t part : {0, 1})
        cache->at({part, page, head, token, channel}) = 4 * normal(bits);
      for (auto [scale, map] : {std::pair(keyScale.get(), *op.getKeyScaleMap()),
                                {valueScale.get(), *op.getValueScaleMap()}}) {
        double &factor = scale->at(map.compose({page, head, token, channel}));
        if (std::isnan(factor))
          factor = uniform(bits);
      }
    });
  }

  /// Evaluates the function; nothing if there is an operation that cannot be.
  std::optional<std::vector<double>> evaluate(func::FuncOp function) {
    auto out = std::make_shared<Array>(query->sizes, kNan);
    // Of the batch only the number of sequences is looked at: items say the
    // rest.
    auto starts = std::make_shared<Array>(4), lens = std::make_shared<Array>(3);
    TileInterpreter interpreter(items, kHeads / kKvHeads);
    if (failed(interpreter.run(function, {query, cache, keyScale, valueScale,
                                          starts, lens, lens, out})))
      return std::nullopt;
    return out->elements;
  }

  /// Returns the places of `out` that the items write.
  std::vector<bool> getWritten() const {
    std::vector<bool> written(query->elements.size());
    constexpr int64_t kGroup = kHeads / kKvHeads;
    for (const InterpretedItem &item : items)
      for (int64_t row = 0; row < item.rows; ++row)
        std::fill_n(written.begin() +
                        ((item.firstToken + row / kGroup) * kHeads +
                         item.kvHead * kGroup + row % kGroup) *
                            kDim,
                    kDim, true);
    return written;
  }

private:
  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

  static ArrayPtr makeScale(TypedValue<ShapedType> scale) {
    SmallVector<int64_t> sizes(scale.getType().getShape());
    // Maps with the page as a term of the first index: of pages, or of tokens.
    for (int64_t &size : sizes)
      if (ShapedType::isDynamic(size))
        size = kPages * (sizes.size() == 1 ? kPageTokens : 1);
    return std::make_shared<Array>(sizes, kNan);
  }

  void forEachReadElement(
      function_ref<void(int64_t, int64_t, int64_t, int64_t)> visit) {
    for (const InterpretedItem &item : items)
      for (int64_t key = item.firstKey; key < item.numKeys; ++key)
        for (int64_t channel = 0; channel < kDim; ++channel)
          visit(item.pages[key / kPageTokens], item.kvHead, key % kPageTokens,
                channel);
  }

  std::mt19937 bits;
  std::normal_distribution<double> normal;
  std::vector<InterpretedItem> items;
  ArrayPtr query, cache, keyScale, valueScale;
};

/// Every pair of granularities, once as it is and once with a softcap, which is
/// not linear.
class FoldScalesTest : public testing::TestWithParam<bool> {
protected:
  void SetUp() override {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    module = parseSourceFile<ModuleOp>(FP8ATTN_SCALE_MAPS, &context);
    ASSERT_TRUE(module);
    if (GetParam())
      module->walk([&](PagedAttentionOp op) {
        op.setSoftcapAttr(Builder(&context).getF32FloatAttr(2));
      });
  }

  /// Visits each function with its arguments, decomposed and folded.
  void forEachFunction(
      function_ref<void(Problem &, func::FuncOp, func::FuncOp)> visit) {
    std::vector<std::unique_ptr<Problem>> problems;
    module->walk([&](PagedAttentionOp op) {
      problems.push_back(
          std::make_unique<Problem>(op, kSeed + problems.size()));
    });
    ASSERT_EQ(problems.size(), 100u);
    run(*module, createDecomposeAttention());
    OwningOpRef<ModuleOp> folded(module->clone());
    run(*folded, createFoldScales());
    for (auto [index, before, behind] : llvm::enumerate(
             module->getOps<func::FuncOp>(), folded->getOps<func::FuncOp>())) {
      SCOPED_TRACE(testing::Message()
                   << before.getName().str() << ", seed " << kSeed + index);
      visit(*problems[index], before, behind);
    }
  }

private:
  static constexpr uint32_t kSeed = 20260101;

  void run(ModuleOp target, std::unique_ptr<Pass> pass) {
    PassManager manager(&context);
    manager.addNestedPass<func::FuncOp>(std::move(pass));
    ASSERT_TRUE(succeeded(manager.run(target)));
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};
} // namespace

/// Returns the largest error relative to the largest result; infinity if a
/// result is NaN, or is not where it should be.
static double getError(const Problem &problem, const std::vector<double> &got,
                       const std::vector<double> &expected) {
  const std::vector<bool> written = problem.getWritten();
  double error = 0, largest = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(got[i]) == written[i] ||
        std::isnan(expected[i]) == written[i])
      return std::numeric_limits<double>::infinity();
    if (!written[i])
      continue;
    error = std::max(error, std::abs(got[i] - expected[i]));
    largest = std::max(largest, std::abs(expected[i]));
  }
  return error / largest;
}

TEST_P(FoldScalesTest, KeepsResults) {
  forEachFunction([](Problem &problem, func::FuncOp before,
                     func::FuncOp behind) {
    auto expected = problem.evaluate(before), got = problem.evaluate(behind);
    ASSERT_TRUE(expected && got);
    EXPECT_LE(getError(problem, *got, *expected), kTolerance);
  });
}

/// Returns the operands of an operation that are factors, each a place where
/// fold-scales puts one.
static SmallVector<MutableOperandRange> getFactors(Operation *op) {
  if (auto query = dyn_cast<LoadQueryOp>(op))
    return {query.getChannelFactorMutable()};
  if (auto qk = dyn_cast<QkOp>(op))
    return {qk.getFactorMutable(), qk.getKeyFactorMutable()};
  if (auto modify = dyn_cast<ModifyOp>(op))
    return {modify.getFactorMutable()};
  if (auto softmax = dyn_cast<SoftmaxOp>(op))
    return {softmax.getProbFactorMutable()};
  if (auto finish = dyn_cast<FinishOp>(op))
    return {finish.getFactorMutable(), finish.getChannelFactorMutable()};
  return {};
}

TEST_P(FoldScalesTest, WouldNoticeAFactorThatIsMissing) {
  int64_t numFactors = 0;
  forEachFunction([&](Problem &problem, func::FuncOp before,
                      func::FuncOp behind) {
    auto expected = problem.evaluate(before);
    ASSERT_TRUE(expected);
    SmallVector<Operation *> ops;
    behind.walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      for (size_t i = 0, end = getFactors(op).size(); i < end; ++i) {
        MutableOperandRange factor = getFactors(op)[i];
        if (factor.empty())
          continue;
        ++numFactors;
        Value value = factor[0].get();
        factor.clear();
        auto got = problem.evaluate(behind);
        ASSERT_TRUE(got);
        EXPECT_GE(getError(problem, *got, *expected), kNoticed)
            << op->getName().getStringRef().str() << " without factor " << i;
        getFactors(op)[i].assign(value);
      }
  });
  // At least that of the scores in each of two bodies.
  EXPECT_GE(numFactors, 2 * 100);
}

INSTANTIATE_TEST_SUITE_P(, FoldScalesTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool> &info) {
                           return info.param ? "Softcap" : "Plain";
                         });
