//===- ExactModel.h - the model without a cache's rounding ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a cache format costs is measured against this: attention in float, by
// plain loops, on queries, keys and values that nothing has rounded.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_EXACTMODEL_H
#define FP8ATTN_EXAMPLES_SERVING_EXACTMODEL_H

#include "Model.h"

#include <span>

namespace serving {

class ExactModel {
public:
  /// The model must outlive this.
  ExactModel(const Model &model, int32_t numWorkers)
      : model(model), pool(numWorkers), keys(model.layers.size()),
        values(model.layers.size()) {}

  /// Takes the next tokens of a text, at most kMaxPositions in all. Returns the
  /// logits of what follows each, [tokens, kVocabulary].
  std::vector<float> append(std::span<const Token> tokens);

private:
  void attend(int layer, const std::vector<float> &query, int32_t first,
              std::vector<float> &out);

  const Model &model;
  WorkerPool pool;
  /// Of each layer, [tokens, kKvHeads, kHeadDim].
  std::vector<std::vector<float>> keys, values;
};

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_EXACTMODEL_H
