//===- prefill.h - attention of many rows over a run ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Step by step: keys and values are decoded once into panels that stay in the
// second-level cache (panels.h), then groups of rows whose queries, scores and
// probabilities stay in the first-level cache take them one after the other.
// Each sum is the same chain of additions as in qk.h and pv.h, the softmax is
// that of softmax.h, so that the bits are those of the separate kernels. A call
// of up to kAttendRows rows is one of attend.h: so few read a panel too few
// times to pay for writing it.
//
// For R rows, K keys and D channels of keys and values a call reads K * D
// elements of keys and of values once, and does 4 * R * K * D flops, less what
// groups do not see, rounded up to blocks of rows and to panels.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_PREFILL_H
#define FP8ATTN_X86_VECTOR_PREFILL_H

#include "x86_vector/attend.h"
#include "x86_vector/panels.h"
#include "x86_vector/step_ahead.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Rows that go through a step together: a panel is read from the second-level
/// cache for two blocks.
constexpr int64_t kGroupRows = 2 * kPanelRows;

/// Rows of which a group has a multiple: its last block has one, two or three
/// times as many.
constexpr int64_t kLastRows = kPanelRows / 3;

/// The last rows of a step, whose products fetch the next step: not so many
/// that its lines would leave the second-level cache before they are decoded.
constexpr int64_t kAheadRows = 4 * kGroupRows;

/// Bytes from one row to the next of queries, probabilities, and scores.
constexpr int64_t kQueryRowBytes = panelRowBytes(FP8ATTN_MAX_CHANNELS);
constexpr int64_t kProbRowBytes = panelRowBytes(FP8ATTN_BLOCK_KEYS);
constexpr int64_t kScoreRowBytes =
    FP8ATTN_BLOCK_KEYS * sizeof(float) + kLineBytes;

/// What a group needs in a step; the panels of the step are behind it.
struct alignas(kLineBytes) PrefillScratch {
  uint8_t query[kGroupRows * kQueryRowBytes];
  uint8_t scores[kGroupRows * kScoreRowBytes];
  uint8_t probs[kGroupRows * kProbRowBytes];

  /// Returns the scratch of a call.
  static constexpr int64_t bytes(int64_t keyChannels, int64_t valueChannels) {
    return sizeof(PrefillScratch) + StepPanels::bytes(keyChannels) +
           StepPanels::bytes(valueChannels);
  }
};
// Of small heads, of the largest ones of the same size, and of the largest.
static_assert(sizeof(AttendScratch) <= FP8ATTN_PREFILL_SCRATCH_BYTES(8, 8));
static_assert(PrefillScratch::bytes(272, 272) <=
              FP8ATTN_PREFILL_SCRATCH_BYTES(272, 272));
static_assert(PrefillScratch::bytes(FP8ATTN_MAX_CHANNELS,
                                    FP8ATTN_MAX_CHANNELS) <=
              FP8ATTN_PREFILL_SCRATCH_BYTES(FP8ATTN_MAX_CHANNELS,
                                            FP8ATTN_MAX_CHANNELS));

/// Keys of a panel.
constexpr int64_t kPanelKeys = kPanelTiles * kLanes;

/// A group of rows and the keys of a step that it sees.
struct RowGroup {
  int64_t firstRow;
  int64_t rows;
  /// Relative to the step's first key; the first one is a multiple of 32.
  int64_t firstKey;
  int64_t endKey;
};

/// Where a row's scores are, and its probabilities go, see TileRow.
struct PanelRow {
  const uint8_t *scores;
  uint8_t *probs;

  simd::Floats load(int64_t j) const {
    return simd::loadFloats(reinterpret_cast<const float *>(scores) + j);
  }
  void store(int64_t j, simd::Floats low, simd::Floats high,
             simd::Floats &sum) const {
    RowDot::storeProbs(low, high, sum, prob(j));
  }
  void hide(int64_t j) const { clear(prob(j), RowDot::kRowBytes); }

  static void clear(uint8_t *to, int64_t bytes) {
#pragma clang loop unroll(disable)
    for (int64_t i = 0; i < bytes; i += kLineBytes)
      simd::store(to + i, simd::zero());
  }

private:
  uint8_t *prob(int64_t j) const {
    return probs + j / kPairedElements * RowDot::kRowBytes;
  }
};

/// Calls body(std::integral_constant<int, size>, first) for the blocks of
/// `rows` rows.
template <class Body>
[[gnu::always_inline]] inline void forBlocks(int64_t rows, const Body &body) {
  int64_t row = 0;
  for (; row + 2 * kLastRows < rows; row += kPanelRows)
    body(std::integral_constant<int, kPanelRows>(), row);
  if (row + kLastRows < rows)
    body(std::integral_constant<int, 2 * kLastRows>(), row);
  else if (row < rows)
    body(std::integral_constant<int, kLastRows>(), row);
}

/// Scores of a block of rows with a panel of keys.
template <int Rows>
[[gnu::noinline]] void panelScores(const uint8_t *query, const uint8_t *panel,
                                   int64_t channels, StepAhead &ahead,
                                   uint8_t *scores) {
  const int64_t lines = channels / kPairedElements * kPanelLines;
  simd::Floats acc[Rows][kPanelTiles];
  for (auto &row : acc)
    for (simd::Floats &sum : row)
      sum = simd::set(0);
  panelDot<Rows, kPanelTiles, kQueryRowBytes>(
      query, panel, lines, ahead.take(lines / kLinesAtATime), acc);
  for (int64_t r = 0; r < Rows; ++r)
    for (int64_t t = 0; t < kPanelTiles; ++t)
      simd::storeFloats(reinterpret_cast<float *>(scores + r * kScoreRowBytes) +
                            t * kLanes,
                        acc[r][t]);
}

/// Scores of a group with the keys that it sees.
[[gnu::noinline]] inline void groupScores(const StepPanels &panels,
                                          const RowGroup &group,
                                          StepAhead &ahead,
                                          PrefillScratch &scratch) {
  for (int64_t key = group.firstKey; key < group.endKey; key += kPanelKeys)
    forBlocks(group.rows, [&](auto size, int64_t row) {
      panelScores<decltype(size)::value>(
          scratch.query + row * kQueryRowBytes, panels.keyPanel(key),
          panels.keyChannels, ahead,
          scratch.scores + row * kScoreRowBytes +
              (key - group.firstKey) * sizeof(float));
    });
}

/// Weighted values of a block of rows with a panel. `acc` are the first tile's
/// rows; what stands for rows that are not there is the last one.
template <int Rows, int Tiles>
[[gnu::noinline]] void addPanel(const uint8_t *probs, const uint8_t *panel,
                                int64_t lines, float *const *acc,
                                int64_t firstTile, StepAhead &ahead) {
  simd::Floats sums[Rows][Tiles];
  for (int64_t r = 0; r < Rows; ++r)
    for (int64_t t = 0; t < Tiles; ++t)
      sums[r][t] = simd::loadFloats(acc[r] + (firstTile + t) * kTileFloats);
  panelDot<Rows, Tiles, kProbRowBytes>(probs, panel, lines,
                                       ahead.take(lines / kLinesAtATime), sums);
  // The last row that is there is stored behind those that are not.
  for (int64_t r = Rows - 1; r >= 0; --r)
    for (int64_t t = 0; t < Tiles; ++t)
      simd::storeFloats(acc[r] + (firstTile + t) * kTileFloats, sums[r][t]);
}

/// The same row by row and pair by pair, where 0 times NaN is 0.
template <int Tiles>
[[gnu::noinline, gnu::cold]] void
addSpecialPanel(const uint8_t *probs, const uint8_t *panel, int64_t lines,
                float *const *acc, int64_t firstTile, int64_t rows) {
  constexpr int64_t kStride = Tiles * kLineBytes;
  for (int64_t r = 0; r < rows; ++r) {
    float *to = acc[r] + firstTile * kTileFloats;
    simd::Floats sums[Tiles];
    for (int64_t t = 0; t < Tiles; ++t)
      sums[t] = simd::loadFloats(to + t * kTileFloats);
    for (int64_t pair = 0; pair < lines / RowDot::kOperandLines; ++pair) {
      RowDot::Operand b[Tiles];
      for (int64_t t = 0; t < Tiles; ++t)
        b[t] = RowDot::loadOperand(
            panel + pair * RowDot::kOperandLines * kStride + t * kLineBytes,
            kStride);
      RowDot::addPair(probs + r * kProbRowBytes, pair, b, RowDot::ZeroGuard(),
                      sums);
    }
    for (int64_t t = 0; t < Tiles; ++t)
      simd::storeFloats(to + t * kTileFloats, sums[t]);
  }
}

/// Adds the weighted values of a group, of so many tiles of channels, which are
/// constant in an object. `acc` is all of acc.
[[gnu::noinline]] inline void groupValues(const StepPanels &panels,
                                          const RowGroup &group, int64_t tiles,
                                          float *acc, StepAhead &ahead,
                                          const PrefillScratch &scratch) {
  const int64_t keys = group.endKey - group.firstKey;
  constexpr int64_t kKeysAtATime =
      kPairedElements / kPanelLines * kLinesAtATime;
  const int64_t lines =
      roundUp(keys, kKeysAtATime) / kKeysAtATime * kLinesAtATime;
  const int64_t skipped =
      group.firstKey / kPairedElements * kPanelLines * kLineBytes;
  float *rows[kGroupRows];
  for (int64_t row = 0; row < kGroupRows; ++row)
    rows[row] = rowOf(
        acc, group.firstRow + (row < group.rows ? row : group.rows - 1), tiles);
  const auto addTiles = [&](auto width, int64_t tile) {
    constexpr int kTiles = decltype(width)::value;
    const uint8_t *panel = panels.valuePanel(tile) + skipped * kTiles;
    forBlocks(group.rows, [&](auto size, int64_t row) {
      constexpr int kRows = decltype(size)::value;
      const uint8_t *probs = scratch.probs + row * kProbRowBytes;
      const int64_t left = group.rows - row;
      if (panels.hasSpecialValues) [[unlikely]]
        addSpecialPanel<kTiles>(probs, panel, lines, rows + row, tile,
                                left < kRows ? left : kRows);
      else
        addPanel<kRows, kTiles>(probs, panel, lines, rows + row, tile, ahead);
    });
  };
  int64_t tile = 0;
  for (; tile + kPanelTiles <= tiles; tile += kPanelTiles)
    addTiles(std::integral_constant<int, kPanelTiles>(), tile);
  static_assert(kPanelTiles <= 2);
  if (tiles % kPanelTiles != 0)
    addTiles(std::integral_constant<int, 1>(), tile);
}

/// The softmax of a group.
[[gnu::noinline]] inline void groupSoftmax(const StepPanels &panels,
                                           const RowGroup &group,
                                           const PrefillRows &rows,
                                           int64_t exponent, float *acc,
                                           PrefillScratch &scratch) {
  const ScaledExp2 exp2(static_cast<float>(exponent));
  const int64_t first = panels.firstKey + group.firstKey;
  const int64_t keys = group.endKey - group.firstKey;
  const int64_t stored = roundUp(keys, FP8ATTN_GRANULE);
  for (int64_t r = 0; r < group.rows; ++r) {
    const int64_t row = group.firstRow + r;
    const int64_t end = clamp(rows.limit[row] - first, 0, keys);
    const int64_t begin = clamp(rows.begin[row] - first, 0, end);
    const PanelRow place = {scratch.scores + r * kScoreRowBytes,
                            scratch.probs + r * kProbRowBytes};
    softmaxRow(SoftmaxRow(place, rows.scale[row], begin, end, stored), exp2,
               panels.valueChannels, rows.max[row], rows.sum[row],
               acc + tileIndex<kFloatColumns>(row, 0, panels.valueChannels));
  }
}

/// Finds the keys of the step that a group sees. Returns whether there are any.
inline bool findKeys(const StepPanels &panels, const PrefillRows &rows,
                     RowGroup &group) {
  int64_t first = panels.numKeys, end = 0;
#pragma clang loop vectorize(disable) unroll(disable)
  for (int64_t row = group.firstRow; row < group.firstRow + group.rows; ++row) {
    const int64_t limit =
        clamp(rows.limit[row] - panels.firstKey, 0, panels.numKeys);
    const int64_t begin = clamp(rows.begin[row] - panels.firstKey, 0, limit);
    if (begin == limit)
      continue;
    first = begin < first ? begin : first;
    end = limit > end ? limit : end;
  }
  group.firstKey = first & -FP8ATTN_GRANULE;
  group.endKey = end;
  return first < end;
}

/// Returns a row of tile `column` of tiles of the query, `columnTiles` of which
/// lie beside each other.
inline const uint8_t *productRow(const uint8_t *tiles, int64_t row,
                                 int64_t columnTiles, int64_t column) {
  const int64_t tile = row / FP8ATTN_TILE_ROWS * columnTiles + column;
  return tiles + tile * kProductTileBytes +
         row % FP8ATTN_TILE_ROWS * kProductRowBytes;
}

/// Copies the queries of a group, as RowDot multiplies them, and zeros for rows
/// that fill up its last block, of probabilities too.
[[gnu::noinline]] inline void loadQueries(const uint8_t *query,
                                          int64_t channels,
                                          const RowGroup &group,
                                          PrefillScratch &scratch) {
  const int64_t steps = channels / kPairedElements;
  // Rows of a tile lie beside each other.
  for (int64_t step = 0; step < steps; ++step)
#pragma clang loop unroll(disable)
    for (int64_t r = 0; r < group.rows; ++r)
      RowDot::prepareRow(productRow(query, group.firstRow + r, steps, step),
                         scratch.query + r * kQueryRowBytes +
                             step * RowDot::kRowBytes);
  for (int64_t r = group.rows; r < roundUp(group.rows, kLastRows); ++r) {
    PanelRow::clear(scratch.query + r * kQueryRowBytes, kQueryRowBytes);
    PanelRow::clear(scratch.probs + r * kProbRowBytes, kProbRowBytes);
  }
}

/// See fp8attn_uk_prefill_fn.
template <class Format>
inline void prefillRun(const fp8attn_key_run &run, int64_t firstKey,
                       int64_t numKeys, const uint8_t *query, int64_t numRows,
                       int64_t keyChannels, int64_t valueChannels,
                       const PrefillRows &rows, int64_t exponent, float *acc,
                       void *memory) {
  if (numRows <= kAttendRows)
    return attendRun<Format>(run, firstKey, numKeys, query, numRows,
                             keyChannels, valueChannels, rows.scale, rows.begin,
                             rows.limit, exponent, rows.max, rows.sum, acc,
                             *static_cast<AttendScratch *>(memory));
  auto &scratch = *static_cast<PrefillScratch *>(memory);
  initState(numRows, valueChannels, rows.max, rows.sum, acc);
  StepPanels panels;
  panels.keyChannels = keyChannels;
  panels.valueChannels = valueChannels;
  panels.keys = reinterpret_cast<uint8_t *>(&scratch + 1);
  panels.values = panels.keys + StepPanels::bytes(keyChannels);
  const int64_t end = firstKey + numKeys;
  for (int64_t key = firstKey; key < end; key += panels.numKeys) {
    panels.firstKey = key;
    panels.numKeys = stepKeys(key, end);
    decodeStep<Format>(run, panels);
    StepAhead ahead(run, key + panels.numKeys);
    for (int64_t row = 0; row < numRows; row += kGroupRows) {
      const int64_t left = numRows - row;
      RowGroup group = {row, left < kGroupRows ? left : kGroupRows, 0, 0};
      if (!findKeys(panels, rows, group))
        continue;
      if (left <= kAheadRows)
        ahead.begin();
      loadQueries(query, keyChannels, group, scratch);
      groupScores(panels, group, ahead, scratch);
      groupSoftmax(panels, group, rows, exponent, acc, scratch);
      groupValues(panels, group, valueChannels / kLanes, acc, ahead, scratch);
    }
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_PREFILL_H
