//===- Problem.h - a batch, its cache and its results -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The caller's side of a model's entry points: memory of exactly the needed
// size, filled so that reading what must not be read shows. Pages are in random
// order, bytes that were never written are NaN codes, and block table entries
// past a sequence's length are no pages.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_PROBLEM_H
#define FP8ATTN_TEST_INTEGRATION_PROBLEM_H

#include "Model.h"
#include "ScaleKinds.h"
#include "TestedIsas.h"

#include "fp8attn/Reference/Attention.h"

#include "gtest/gtest.h"

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

/// Tokens of one sequence: its last `queries` tokens are queries, if it has as
/// many.
struct Sequence {
  int64_t queries;
  int64_t keys;
};

/// Memory aligned to FP8ATTN_ALIGNMENT.
class AlignedBytes {
public:
  /// All bytes are `fill`.
  explicit AlignedBytes(int64_t count, uint8_t fill = 0);
  uint8_t *data() const { return bytes.get(); }
  int64_t size() const { return count; }
  bool operator==(const AlignedBytes &other) const;

private:
  std::unique_ptr<uint8_t, void (*)(void *)> bytes;
  int64_t count;
};

/// Returns a standard normal number, faster than the standard library's
/// distribution: one of 2^16.
float fastNormal(std::mt19937 &bits);

/// Returns the number of a floating-point type that is nearest to `value`.
float roundTo(float value, fp8attn_type type);
/// Returns numbers as elements of a type.
std::vector<uint8_t> encodeElements(const std::vector<float> &values,
                                    fp8attn_type type);

/// Scales of queries, which reach about 4, and of outputs, which reach 1 if
/// they are of a few hundred keys.
inline constexpr float kQueryScale = 0.02f, kOutScale = 0.006f;

/// Returns scales of an FP8 query or output around `scale`, of which no two
/// neighbours are alike: as `kind` says, none, one, one for each of `heads`, or
/// one for each of `rows`.
std::vector<float> makeRowScales(const std::string &kind, float scale,
                                 int64_t heads, int64_t rows);

class Problem {
public:
  /// Queries, keys and values are standard normal; scales map the largest
  /// magnitude to the largest finite code.
  Problem(const Model &model, std::vector<Sequence> sequences,
          uint32_t seed = 1);

  const Model &model;
  const std::vector<Sequence> sequences;

  /// bf16 [query tokens, Hq, Dk], [tokens, Hkv, Dk] and [tokens, Hkv, Dv] of
  /// all sequences, one after the other. An entry point that takes another type
  /// gets these with further digits. Values mean nothing if the model is
  /// latent.
  std::vector<uint16_t> query, key, value;
  /// As the model's kinds of scales say, NaN for what was never written; empty
  /// for a bf16 cache.
  std::vector<float> keyScale, valueScale;
  /// Zero points, likewise; empty if there are none.
  std::vector<int8_t> keyZero, valueZero;
  /// Of an FP8 query and output, likewise.
  std::vector<float> queryScale, outScale;
  /// One for each query head, if the model has sinks; numbers that the model's
  /// type of sinks has.
  std::vector<float> sink;
  /// [query tokens, lists of a token, entriesOfList], if the model selects: all
  /// keys at first.
  std::vector<int32_t> selected;
  int64_t entriesOfList = 0;
  std::vector<int64_t> slots;
  std::vector<int32_t> queryStart, seqLens, blockTable;
  int64_t numPages = 0, maxPages = 0;
  AlignedBytes keyCache{0}, valueCache{0};
  /// Elements of the model's type, one or two words each, or half of one.
  std::vector<uint16_t> out;
  std::vector<float> lse;

  /// What the calls use; `isa_cap` and `message` are of interest.
  fp8attn_context context;

  /// Replaces the elements of a tensor by value(random generator).
  void fill(std::vector<uint16_t> &tensor,
            const std::function<float(std::mt19937 &)> &value);
  /// Sets the scales so that the largest magnitude becomes the largest finite
  /// code.
  void chooseScales();
  /// Sets all scales of what is written.
  void setScales(float keys, float values);
  /// Makes powers of two of those that can be nothing else.
  void roundScales();

  /// Describes the memory above as the arguments of the entry points.
  Arguments arguments();
  /// Calls the entry points with what `arguments` says.
  fp8attn_status write(const Arguments &arguments);
  fp8attn_status write() { return write(arguments()); }
  fp8attn_status attend(const Arguments &arguments);
  fp8attn_status attend() { return attend(arguments()); }

  /// Makes the caches unwritten and the results NaN, as they were at first.
  void forget();

  /// Runs on this many workers from now on; 1 at first.
  void setWorkers(int32_t count);

  /// Returns the parts of the cache as the reference reads and writes them.
  fp8attn::reference::PairsCache referenceCache() const;
  /// Return the scales of keys and of values as the reference takes them.
  fp8attn::reference::Scales keyScales() const;
  fp8attn::reference::Scales valueScales() const;
  /// Returns the keys (values) that the entry points take.
  fp8attn::reference::HeadTensor keyTensor();
  fp8attn::reference::HeadTensor valueTensor();
  /// What the reference does to scores.
  using ModifyScore = decltype(fp8attn::reference::AttentionCall::modifyScore);

  /// Returns the exact results for what is in the cache now.
  fp8attn::reference::AttentionResult
  referenceAttend(ModifyScore modifyScore = nullptr) const;
  /// Returns the same without rounding the query to bf16.
  fp8attn::reference::AttentionResult unroundedAttend() const;
  /// Returns the exact results for keys and values before quantisation.
  fp8attn::reference::AttentionResult unquantizedAttend();

  /// Returns whether query `query` of a sequence has a key in its window.
  bool sees(size_t sequence, int64_t query, int64_t key) const;

  /// Returns `out`, whatever its type, as doubles: the values of codes.
  std::vector<double> outAsDouble() const;
  /// Returns the scales of the rows of an FP8 output.
  std::vector<double> outScales() const;

private:
  void makeBlockTable();
  void chooseZeroPoints();
  fp8attn::reference::HeadTensor queryTensor() const;
  /// Returns what the reference multiplies rows of the query by.
  std::function<double(int64_t, int64_t)> queryScales() const;
  ScaleShape keyScaleShape() const;
  ScaleShape valueScaleShape() const;
  ScaleShape keyZeroShape() const;
  ScaleShape valueZeroShape() const;
  /// `unscaled` channels stand behind those of the shape.
  std::vector<float> scalesOf(const std::vector<uint16_t> &tensor,
                              fp8attn_type cache, const ScaleShape &shape,
                              int64_t unscaled) const;
  fp8attn_status call(EntryPoint entry, int64_t (*workspaceBytes)(int32_t),
                      const Arguments &arguments);

  /// Returns the scale of a row of the query, or of the output, of a kind.
  float rowScale(const std::vector<float> &scales, const char *kind,
                 int64_t token, int64_t head) const;
  fp8attn_tensor describeRowScale(std::vector<float> &scales, const char *kind);

  std::mt19937 generator;
  std::unique_ptr<fp8attn_pool, void (*)(fp8attn_pool *)> pool{
      nullptr, fp8attn_pool_destroy};
  AlignedBytes workspace{0};
  /// query, key and value in the types of the entry points.
  AlignedBytes typedKey{0}, typedValue{0};
  /// Scales and sinks in the types of the entry points.
  std::vector<uint8_t> typedKeyScale, typedValueScale, typedSink;
  /// Made anew whenever somebody asks for the query.
  mutable AlignedBytes typedQuery{0};
};

/// Returns whether `out` and `lse` are within the bounds of the numerics
/// contract, with the worst element. The bound of the whole, which is left out
/// on demand, holds for numbers whose rounding errors are independent of each
/// other.
testing::AssertionResult
agrees(const Problem &problem,
       const fp8attn::reference::AttentionResult &expected,
       bool roundsIndependently = true);

/// Returns whether a call succeeded on exactly this ISA.
testing::AssertionResult ranOn(const Problem &problem, fp8attn_status status,
                               fp8attn_isa isa);

#endif // FP8ATTN_TEST_INTEGRATION_PROBLEM_H
