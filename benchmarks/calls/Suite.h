//===- Suite.h - models and calls to time --------------------- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the benchmark times is data: a JSON file of shapes of models and of
// calls (models.json has the standard ones), so that a shape is added without a
// compiler.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_CALLS_SUITE_H
#define FP8ATTN_BENCHMARKS_CALLS_SUITE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mlir::fp8attn {

/// The attention of one layer of a model, or what one machine of several has of
/// it.
struct Model {
  std::string name;
  int64_t heads;
  /// Divides `heads`.
  int64_t kvHeads;
  int64_t headDim;
  /// Channels of a value, headDim unless the model has values that are the
  /// first channels of its keys.
  int64_t valueHeadDim;
  /// Where they are: beside the keys in their cache, in a cache of their own,
  /// or in the keys, which alone are stored.
  enum class Values { Beside, Apart, Latent } values;
  /// Tokens of a page of the cache, a multiple of 32.
  int64_t pageTokens;
};

/// Sequences of a batch that are alike.
struct Sequences {
  int64_t count;
  /// New tokens of each, at most `keys`.
  int64_t queries;
  /// Tokens of each in the cache, the new ones included.
  int64_t keys;
  /// Tokens before these that all of them share, in the same pages.
  int64_t prefix;
  /// Tokens, or those of pages, that each query selects.
  int64_t selected;
};

/// What a call of attention passes besides the tables of sequences: nothing,
/// the groups that share prefixes, or the pages or tokens that queries select.
enum class Lists { None, Groups, Pages, Tokens };

/// A call of an entry point.
struct BenchCall {
  /// "phase-size", e.g. "decode-8x2048".
  std::string name;
  /// Batch of attention; may be empty.
  std::vector<Sequences> batch;
  /// Tokens that are written into the cache if the call is one of kv_write,
  /// else 0.
  int64_t tokens;
  /// With groups, pages of shared tokens are not in the table of each sequence.
  Lists lists;
  /// Every call uses the same memory, instead of the next of more than the
  /// caches hold.
  bool hot;
};

/// What a file says.
struct Suite {
  std::vector<Model> models;
  std::vector<BenchCall> calls;

  /// Reads a file. The error names the value that makes no sense.
  static llvm::Expected<Suite> read(llvm::StringRef path);

  /// Keeps the models, and the calls, that have one of the names or, if none
  /// has it, begin with it; all if there are no names. One that fits nothing is
  /// an error.
  llvm::Error keepModels(llvm::ArrayRef<std::string> prefixes);
  llvm::Error keepCalls(llvm::ArrayRef<std::string> prefixes);
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_SUITE_H
