//===- ScalePowersTest.cpp - powers of two in scales ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Generated code that takes floats apart: it is evaluated, and must be exact.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/ScaleLoops.h"
#include "Support/ScaleLoads.h"
#include "TileInterpreter.h"

#include "fp8attn/InitAll.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/DialectRegistry.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
class ScalePowersTest : public testing::Test {
protected:
  ScalePowersTest() : builder(&context) {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  /// Makes a function of memrefs and evaluates it.
  void run(ArrayRef<std::pair<Type, ArrayPtr>> memrefs,
           function_ref<void(ValueRange)> build) {
    SmallVector<Type> types;
    SmallVector<Datum> arguments;
    for (auto &[element, array] : memrefs) {
      types.push_back(MemRefType::get(array->sizes, element));
      arguments.push_back(array);
    }
    OwningOpRef<ModuleOp> module(ModuleOp::create(loc));
    builder.setInsertionPointToStart(module->getBody());
    auto function = func::FuncOp::create(builder, loc, "f",
                                         builder.getFunctionType(types, {}));
    builder.setInsertionPointToStart(function.addEntryBlock());
    build(function.getArguments());
    func::ReturnOp::create(builder, loc);
    TileInterpreter interpreter({}, 1);
    ASSERT_TRUE(succeeded(interpreter.run(function, arguments)));
  }

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }

  MLIRContext context;
  OpBuilder builder;
  Location loc = builder.getUnknownLoc();
};
} // namespace

// The factors are divided by a power of two that is greater than the largest
// of them and at most twice it, so that no product with them overflows, and
// half of the power, which is a float in any case, is given back: the pair is
// what was there before, exactly.
TEST_F(ScalePowersTest, NormalizedFactorsAreTheSame) {
  constexpr int64_t kCount = 40, kSize = 48;
  constexpr float kSubnormal = 0x1p-149f;
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 bits(seed);
    std::uniform_real_distribution<float> mantissa(1, 2);
    // Within 2^20 of each other, from the smallest normal float to the largest.
    const int lowest = -126 + 234 * static_cast<int>(seed) / 199;
    auto factors = std::make_shared<Array>(kSize);
    for (int64_t i = 0; i < kCount; ++i)
      factors->at(i) = std::ldexp(mantissa(bits), lowest + bits() % 20);
    if (seed == 0)
      std::fill_n(factors->elements.begin(), kCount, double(kSubnormal));
    const std::vector<double> before = factors->elements;
    auto half = std::make_shared<Array>(1);
    run({{builder.getF32Type(), factors}, {builder.getF32Type(), half}},
        [&](ValueRange arguments) {
          Value result = normalizeFactors(builder, loc, arguments[0], kCount);
          memref::StoreOp::create(builder, loc, result, arguments[1], index(0));
        });
    const double largest = *std::max_element(before.begin(), before.end());
    const double power = 2 * half->at(0);
    int exponent;
    EXPECT_EQ(std::frexp(power, &exponent), 0.5) << power;
    EXPECT_LE(half->at(0), FLT_MAX);
    EXPECT_GT(power, largest);
    // A power below the smallest normal float could not be taken out again.
    EXPECT_LE(power, std::max(2 * largest, 0x1p-125));
    for (int64_t i = 0; i < kSize; ++i)
      EXPECT_EQ(factors->at(i) * power, i < kCount ? before[i] : 0)
          << "factor " << i;
  }
}

// Each code of f8E8M0FNU is 2^(code - 127), code 255 NaN.
TEST_F(ScalePowersTest, CodesAreDecoded) {
  constexpr int64_t kCodes = 256, kNan = 255;
  auto codes = std::make_shared<Array>(kCodes),
       values = std::make_shared<Array>(kCodes);
  for (int64_t code = 0; code < kCodes; ++code)
    codes->at(code) = code == kNan ? NAN : std::exp2(code - 127.0);
  run({{Float8E8M0FNUType::get(&context), codes},
       {builder.getF32Type(), values}},
      [&](ValueRange arguments) {
        // By token, which is any index.
        auto map = AffineMap::get(4, 0, getAffineDimExpr(2, &context));
        for (int64_t code = 0; code < kCodes; ++code) {
          Value place = index(code);
          Value value = loadScale(builder, loc, arguments[0], map,
                                  {Value(), Value(), place, Value()});
          memref::StoreOp::create(builder, loc, value, arguments[1], place);
        }
      });
  for (int64_t code = 0; code < kNan; ++code)
    EXPECT_EQ(values->at(code), std::exp2(code - 127.0)) << "code " << code;
  EXPECT_TRUE(std::isnan(values->at(kNan)));
}
