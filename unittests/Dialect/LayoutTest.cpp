//===- LayoutTest.cpp - the layout's maps against the kernels' formulas ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The layout is said twice: as affine maps of the attribute, and as the offsets
// that kernels compute. They must agree on every element, and each map must
// reach every element's place of the page once.
//
//===----------------------------------------------------------------------===//

#include "common/cache_layout.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/MLIRContext.h"

#include <gtest/gtest.h>

#include <vector>

using namespace mlir;

/// Two granules, so that the step from one to the next is covered.
static constexpr int64_t kPageTokens = 64;

/// Returns the byte that `map` gives for an element.
static int64_t byteOf(AffineMap map, int64_t token, int64_t channel) {
  MLIRContext *context = map.getContext();
  auto constant = [&](int64_t value) {
    return getAffineConstantExpr(value, context);
  };
  AffineExpr byte =
      map.getResult(0).replaceDims({constant(token), constant(channel)});
  return cast<AffineConstantExpr>(byte).getValue();
}

/// Checks `map` against `offset` on every element of a page, and that the
/// places are all of the page.
template <typename Offset>
static void expectSameBijection(AffineMap map, int64_t channels,
                                int64_t elementBytes, Offset offset) {
  std::vector<int> uses(kPageTokens * channels);
  for (int64_t token = 0; token < kPageTokens; ++token)
    for (int64_t channel = 0; channel < channels; ++channel) {
      int64_t byte = byteOf(map, token, channel);
      ASSERT_EQ(byte, offset(token, channel, channels))
          << "token " << token << ", channel " << channel;
      ASSERT_EQ(byte % elementBytes, 0);
      ASSERT_GE(byte, 0);
      ASSERT_LT(byte / elementBytes, kPageTokens * channels);
      ASSERT_EQ(uses[byte / elementBytes]++, 0) << "byte " << byte;
    }
}

template <int ElementBytes> static void expectSameLayout() {
  MLIRContext context;
  context.loadDialect<mlir::fp8attn::Fp8AttnDialect>();
  auto layout = mlir::fp8attn::LayoutAttr::get(
      &context, mlir::fp8attn::LayoutKind::Pairs);
  for (int64_t headDim : {8, 24, 40, 64, 128, 576}) {
    SCOPED_TRACE(headDim);
    const int64_t keyChannels = layout.getKeyChannels(headDim);
    const int64_t valueChannels = layout.getValueChannels(headDim);
    EXPECT_EQ(keyChannels, ::fp8attn::paddedKeyChannels(headDim));
    EXPECT_EQ(valueChannels, ::fp8attn::paddedValueChannels(headDim));
    expectSameBijection(layout.getKeyMap(headDim, ElementBytes), keyChannels,
                        ElementBytes, ::fp8attn::keyOffset<ElementBytes>);
    expectSameBijection(layout.getValueMap(headDim, ElementBytes),
                        valueChannels, ElementBytes,
                        ::fp8attn::valueOffset<ElementBytes>);
  }
}

TEST(Layout, Fp8) { expectSameLayout<1>(); }
TEST(Layout, Bf16) { expectSameLayout<2>(); }
