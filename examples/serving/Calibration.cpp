//===- Calibration.cpp - what scales of heads are made from ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The engine itself reads the text, over a cache of bf16, which has no scales.
//
//===----------------------------------------------------------------------===//

#include "Calibration.h"

#include "Engine.h"

#include <algorithm>
#include <cmath>

using namespace serving;

/// Raises the largest magnitude of each head to those of rows [rows, kKvHeads,
/// kHeadDim] in bf16.
static void raise(const std::vector<uint16_t> &rows, float *most) {
  for (size_t i = 0; i < rows.size(); ++i) {
    float &highest = most[i / kHeadDim % kKvHeads];
    highest = std::max(highest, std::abs(fromBf16(rows[i])));
  }
}

void serving::calibrate(Model &model, std::span<const Token> text) {
  EngineOptions options;
  options.format = CacheFormat::BF16;
  options.scheduler.numPages = int32_t(text.size() / kPageTokens + 1);
  Engine engine(model, options);
  for (Layer &layer : model.layers) {
    std::fill_n(layer.keyMost, kKvHeads, 0.0f);
    std::fill_n(layer.valueMost, kKvHeads, 0.0f);
  }
  engine.getGroups()[0].observe = [&](int layer, const auto &key,
                                      const auto &value) {
    raise(key, model.layers[layer].keyMost);
    raise(value, model.layers[layer].valueMost);
  };
  engine.serve({0, {text.begin(), text.end()}, 1});
}
