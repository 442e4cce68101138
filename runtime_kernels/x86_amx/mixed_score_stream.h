//===- mixed_score_stream.h - scores, softmax and words of codes *- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As latent_score_stream.h, beside whose products words of e4m3 with scales are
// made (e4m3_products.h): of another granule than the one that is multiplied,
// so that some lines can be made beside each step of depth of each pair of row
// tiles.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_MIXED_SCORE_STREAM_H
#define FP8ATTN_X86_AMX_MIXED_SCORE_STREAM_H

#include "x86_amx/e4m3_products.h"
#include "x86_amx/latent_score_stream.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The lines of the codes of a granule of 32 keys, in the order in which words
/// are made of them.
class GranuleLines {
public:
  /// Says where tiles are: [2][codeTiles] tiles of codes become the first ones
  /// of [2][codeTiles + ropeTiles], and `blockTiles` neighbours have a scale.
  void place(int64_t codeTiles, int64_t ropeTiles, int64_t blockTiles) {
    numBlocks = codeTiles / blockTiles;
    numTiles = 2 * codeTiles;
    for (int64_t half = 0; half < 2; ++half)
      for (int64_t tile = 0; tile < codeTiles; ++tile)
        tiles[half * codeTiles + tile] = {
            (half * (codeTiles + ropeTiles) + tile) * FP8ATTN_TILE_BYTES,
            &table(half, tile / blockTiles)};
    drop();
  }

  /// The table of the scales of half of the tokens for a block of channels.
  ProductTable &table(int64_t half, int64_t block) {
    return tables[half * numBlocks + block];
  }

  /// Begins with the granule of codes at `from`, whose words go to `to`.
  void begin(const uint8_t *from, uint8_t *to) {
    codes = ahead = from;
    words = to;
    line = 0;
    special = false;
  }
  /// Fetches a line from `from` on for each line that words are made of.
  void fetchBeside(const uint8_t *from) { ahead = from; }
  /// Leaves nothing to do.
  void drop() {
    line = numLines();
    special = false;
  }

  bool areLeft() const { return line < numLines(); }
  /// Whether a word is wrong, being NaN.
  bool sawSpecial() const { return special; }

  /// Makes the words of all lines that are left.
  void makeRest();

private:
  template <int LinesPerPart> friend class NextWords;

  /// Where the words of a tile go, from those of the first one on.
  struct Tile {
    int64_t offset;
    const ProductTable *table;
  };
  static constexpr int64_t kMostTiles =
      2 * FP8ATTN_MAX_CHANNELS / kPairedElements;

  int64_t numLines() const { return numTiles * kTileRowPairs; }

  int64_t numBlocks, numTiles;
  Tile tiles[kMostTiles];
  ProductTable tables[kMostTiles];
  const uint8_t *codes;
  /// What is fetched: if nothing else is, the codes again.
  const uint8_t *ahead;
  uint8_t *words;
  /// The next one.
  int64_t line;
  bool special;
};

/// What is made beside a pair: LinesPerPart lines beside each of the four
/// products of a step of depth.
template <int LinesPerPart> class NextWords {
public:
  explicit NextWords(GranuleLines &lines)
      : lines(lines), line(lines.line),
        last(lines.numLines() - kParts * LinesPerPart) {}
  /// Takes note of how far it has come.
  ~NextWords() {
    lines.line = line;
    lines.special |= decoder.sawSpecial();
  }

  [[gnu::always_inline]] void decode(int64_t, int64_t part) {
    // As many parts as have lines of the same tile.
    constexpr int64_t kTogether = kParts * LinesPerPart <= kTileRowPairs
                                      ? kParts
                                      : kTileRowPairs / LinesPerPart;
    if (part % kTogether == 0)
      turn(part);
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < LinesPerPart; ++i) {
      const int64_t place = part % kTogether * LinesPerPart + i;
      _mm_prefetch(reinterpret_cast<const char *>(fetched + place * kLineBytes),
                   _MM_HINT_T1);
      const RowPair rows = decoder.load(from + place * kLineBytes);
      simd::store(to + place * 2 * kLineBytes, rows.even);
      simd::store(to + place * 2 * kLineBytes + kLineBytes, rows.odd);
      decoder.keepOrder();
    }
    if (part == kParts - 1)
      line += kParts * LinesPerPart;
  }

private:
  static constexpr int64_t kParts = 4;

  /// Goes to the lines of a part and those after it. What has been made is made
  /// again, without a branch, when there are no others.
  [[gnu::always_inline]] void turn(int64_t part) {
    const int64_t first = (line < last ? line : last) + part * LinesPerPart;
    const GranuleLines::Tile &tile = lines.tiles[first / kTileRowPairs];
    decoder.useTable(*tile.table);
    from = lines.codes + first * kLineBytes;
    fetched = lines.ahead + first * kLineBytes;
    to = lines.words + tile.offset + first % kTileRowPairs * 2 * kLineBytes;
  }

  GranuleLines &lines;
  int64_t line;
  const int64_t last;
  const uint8_t *from = nullptr, *fetched = nullptr;
  uint8_t *to = nullptr;
  E4M3Products decoder;
};

inline void GranuleLines::makeRest() {
  while (areLeft()) {
    NextWords<1> words(*this);
    for (int64_t part = 0; part < 4; ++part)
      words.decode(0, part);
  }
}

/// Multiplies a pair as streamPair does, and makes words of `lines`:
/// LinesPerPart beside each product.
template <int Tiles, int RowsBeside, int LinesPerPart>
[[gnu::noinline]] void
streamPairAndWords(const PairProduct &product, const PairScores &beside,
                   int64_t exponent, __m512i &largest, GranuleLines &lines) {
  NextWords<LinesPerPart> next(lines);
  multiplyPair<Tiles, RowsBeside>(product, beside, exponent, largest, next);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_MIXED_SCORE_STREAM_H
