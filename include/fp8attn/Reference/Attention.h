//===- Attention.h - attention in double precision --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention of a ragged batch over a paged cache, as the definition says it,
// and the error that a kernel may make.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_REFERENCE_ATTENTION_H
#define FP8ATTN_REFERENCE_ATTENTION_H

#include "fp8attn/Reference/Cache.h"

#include <functional>
#include <optional>

namespace fp8attn::reference {

/// Where a score is: the sequence, the query's token in the call, the query
/// head, and the positions of query and key among the sequence's own keys. A
/// key of the prefix, which stands before these, has a negative one.
struct ScorePlace {
  int64_t sequence;
  int64_t token;
  int64_t head;
  int64_t query;
  int64_t key;
};

/// Groups of sequences that begin with the same keys.
struct SharedPrefixes {
  int64_t numGroups = 0;
  /// [numGroups + 1]: the first sequence of each; rises to their number.
  const int32_t *groupStart = nullptr;
  /// [numGroups]: tokens of the prefix.
  const int32_t *lens = nullptr;
  /// [numGroups, any], rows tableStride apart.
  const int32_t *table = nullptr;
  int64_t tableStride = 0;
};

/// Lists of the keys that queries see.
struct SelectedKeys {
  /// [tokens, numLists, numEntries], tokens `stride` apart and lists
  /// listStride; null if queries see all keys. Each list is for numHeads /
  /// numLists neighbouring query heads. An entry is -1, none, or stands for
  /// `unit` keys from entry * unit on.
  const int32_t *entries = nullptr;
  int64_t numEntries = 0;
  int64_t stride = 0;
  int64_t unit = 1;
  int64_t numLists = 1;
  int64_t listStride = 0;
};

/// A call of paged attention. Nothing is checked: the batch is valid.
///
/// Scales that differ by channel, or by token and channel, are rounded where
/// the contract says so (docs/Numerics.md): those of keys by channel multiply
/// the query, which is rounded to bf16 afterwards; those by both multiply the
/// element, which is rounded to bf16. So do all scales of codes that are before
/// bf16 channels.
struct AttentionCall {
  /// Rounded to bf16 before anything else, unless keepQuery or f32Products.
  HeadTensor query;
  bool keepQuery = false;
  /// Queries, also times scales by channel, and probabilities are f32.
  bool f32Products = false;
  /// Returns what a row of the query is multiplied by, which is not rounded;
  /// null if it is nothing.
  std::function<double(int64_t token, int64_t head)> queryScale;
  /// A multiple of the heads of keys and of those of values.
  int64_t numHeads = 0;
  CachePart keys;
  CachePart values;
  Scales keyScale;
  Scales valueScale;
  /// Elements with a scale each are not rounded.
  bool keepElements = false;
  int64_t numSeqs = 0;
  /// [numSeqs + 1] and [numSeqs].
  const int32_t *queryStart = nullptr;
  const int32_t *seqLens = nullptr;
  /// [numSeqs, any], rows tableStride apart.
  const int32_t *blockTable = nullptr;
  int64_t tableStride = 0;
  /// Keys before those of seqLens and blockTable, which each query sees.
  SharedPrefixes prefixes;
  /// Not beside a prefix or windowLeft. Table entries of pages that nobody
  /// selects may be negative.
  SelectedKeys selected;
  double softmaxScale = 1;
  /// Keys that a query sees before and after its position; all if not given.
  /// Causal is windowRight = 0.
  std::optional<int64_t> windowLeft, windowRight;
  /// The first query stands at the first key, not the last at the last.
  bool topLeft = false;
  /// [numSeqs] or null: positions of the first queries, whatever topLeft says.
  const int32_t *queryOffsets = nullptr;
  /// [Hq] or null: natural logits that join the denominator.
  const float *sink = nullptr;
  /// Returns a visible key's score, given the scaled product; -inf masks the
  /// key. Null leaves scores as they are.
  std::function<double(double score, const ScorePlace &place)> modifyScore;
};

/// Exact results, up to the rounding of double.
struct AttentionResult {
  /// [tokens, Hq, D of values]
  std::vector<double> out;
  /// Sum over the keys of probability * |value|, like `out`: what errors of the
  /// probabilities are measured by.
  std::vector<double> magnitude;
  /// [tokens, Hq], natural logarithm, with the sink; -inf for a row that sees
  /// neither.
  std::vector<double> lse;
  /// [tokens, Hq]: keys that the row sees.
  std::vector<int64_t> numKeys;
  /// [tokens, Hq]: what `out` may lose to underflow, see allowedOutError.
  std::vector<double> underflow;
  /// Roundings of a probability beside those of the contract.
  double extraProbRoundings = 0;
  /// [tokens, Hq]: sum over keys and channels of (probability * value)^2: what
  /// errors of the probabilities add up to if they are independent.
  std::vector<double> spread;
  /// [tokens, Hq]: the relative error that the elements of a row may have in
  /// common, in units of u16, see allowedRelativeL2.
  std::vector<double> commonRounding;
  /// Whether products are of f32. If so, in units of u32, the relative errors
  /// that probabilities may have but for sums: of each row [tokens, Hq] their
  /// mean, weighted by the probabilities; and what they come to, like `out`,
  /// see allowedOutError.
  bool f32Products = false;
  std::vector<double> meanProbError;
  std::vector<double> probErrors;
};

/// Computes attention. Rows that see no key give 0, and -inf or the sink.
AttentionResult attend(const AttentionCall &call);

/// Returns what an `out` of FP8 stands for: the result over its scales, one for
/// each row, and of no larger magnitude than the largest code. It is the values
/// of codes that the errors below are allowed for.
AttentionResult overScales(AttentionResult result, fp8attn_type outType,
                           const std::vector<double> &scales);

/// Returns, for each element of `out`, the error that the numerics contract
/// allows:
///
///   |o - ref| <= kOutRounding * u16 * |ref|
///              + (kProbRounding + extraProbRoundings) * u16 * magnitude
///              + kSumRounding * u32 * numKeys * magnitude
///              + underflow
///
/// with the unit roundoffs u16 = 2^-8 of bf16 and u32 = 2^-24 of f32. In the
/// first term u16 is 2^-11 if out is f16 and 2^-24 if it is f32. The last term
/// counts where the value of every probable key is 0: of an FP8 cache it is
/// 2^-45 of the value 1 of a code. Besides, an out may be off by half the
/// smallest value of an f16, f32 or FP8, and by the smallest normal bf16. If it
/// is FP8, u16 in the first term is u = 2^-4 of e4m3 and 2^-3 of e5m2, and the
/// other terms count 1 + u times, as what they are errors of is rounded.
///
/// If products are of f32, the second term is u32 * probErrors: the sum over
/// the keys of error * probability * |value|, and meanProbError * magnitude for
/// the denominator. The error of a key's probability is
///
///   (D + 8) * softmax_scale * sum |q_c k_c| + 17 * |score| + 24
///
/// with the second term for a modified score; beside a sink z, where L is the
/// log-sum-exp of the keys, 4 (|z| + |L|) + 128 more.
std::vector<double> allowedOutError(const AttentionResult &result,
                                    fp8attn_type outType = FP8ATTN_TYPE_BF16);

/// Returns the same for `lse`: the sum is of probabilities that were rounded to
/// bf16, so its logarithm is off by as much as they are, and is itself f32.
std::vector<double> allowedLseError(const AttentionResult &result);

/// The relative L2 error that the contract allows for `out` as a whole, where
/// all elements round independently and nothing underflows.
inline constexpr double kAllowedRelativeL2 = 3e-3;

/// The same where products are of f32, and `out`, too.
inline constexpr double kAllowedRelativeL2OfF32 = 1e-5;

/// Returns the same for any result but those of tensors that are one number:
///
///   kAllowedRelativeL2 * sqrt(max(1, (1 + (1 + extraProbRoundings) S) / 2))
///                      * min(2, 1 + 3 / sqrt(R)) +
///       (||underflow|| + u16 ||commonRounding out||) / ||out||
///
/// S is the sum of `spread` over ||out||^2, 1 for independent values: more
/// where they cancel, and errors of their probabilities do not. R is the number
/// of rows by weight, (sum r^2)^2 / sum r^4 of their norms r: errors of few
/// rows may be at their largest at once. Rows that differ by less than u16 of
/// their norm round alike and are one row. Elements of a row round alike by up
/// to u16 where one key has more than half of the keys' weight, as they are
/// then near to few different numbers; and by a part of that beside a sink,
/// which is exact: with n equally probable keys their sum is off by u16 /
/// sqrt(n), and the row by that times the sink's share. Infinite if all
/// elements are 0 or not finite. If out is FP8, 1 + u times as much, and u
/// more.
///
/// If products are of f32, with M the largest meanProbError of a row:
///
///   kAllowedRelativeL2OfF32 * max(1, M / 2^14) * sqrt(max(1, (1 + S) / 2)) +
///       ||underflow|| / ||out||
///
/// and the roundoff of `out` more, if that is not f32.
double allowedRelativeL2(const AttentionResult &result,
                         fp8attn_type outType = FP8ATTN_TYPE_BF16);

} // namespace fp8attn::reference

#endif // FP8ATTN_REFERENCE_ATTENTION_H
