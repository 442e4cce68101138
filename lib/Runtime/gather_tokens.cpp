//===- gather_tokens.cpp - copies of tokens within the layout `pairs` -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Keys: 4 bytes of each line of a group of 16 tokens are those of one token, so
// that a token is copied word by word from line to line. Values: a line of 64
// bytes is 16 channels of 4 tokens (2 of bf16), each channel a word of 4 bytes,
// which is put together from those of 4 tokens. Of 4 bits, lines and words are
// half as long. In pages whose size is no multiple of 16, a token is a row.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/lowering_abi.h"
#include "fp8attn/Runtime/page_layout.h"

#include <cstring>
#include <type_traits>

/// Tokens beside each other in a tile of keys, and channels in one of values.
static constexpr int64_t kLanes = 16;

namespace {
/// A page's head of a cache, by the place of a token.
struct Tokens {
  uint8_t *head;
  int64_t pageBytes, pageTokens;

  /// Returns the head in the token's page, and sets its place in that.
  uint8_t *find(int64_t place, int64_t &token) const {
    token = place % pageTokens;
    return head + place / pageTokens * pageBytes;
  }
};
} // namespace

namespace {
/// Where a token's values are: the line of the first tile, and the bit in each
/// word of that.
struct ValuePlace {
  const uint8_t *line;
  unsigned bit;
};

/// A line of a tile of elements of so many bits: a word of each lane.
template <int Bits> struct Line {
  using Word = std::conditional_t<Bits == 4, uint16_t, uint32_t>;
  static constexpr int64_t kBytes = kLanes * sizeof(Word);
  /// Tokens of values in a word.
  static constexpr int64_t kTokens = 8 * sizeof(Word) / Bits;

  /// Returns the bit at which a word has token `t` of its line: elements are
  /// those of tokens 0, 2, 1, 3, or of 0, 1.
  static constexpr unsigned bitOf(int64_t t) {
    return static_cast<unsigned>(Bits *
                                 (kTokens == 4 ? 2 * (t % 2) + t / 2 : t));
  }
};
} // namespace

/// Puts as many tokens as are in a line into one of each tile.
template <int Bits>
static void copyLine(const ValuePlace *from, uint8_t *to, int64_t numTiles,
                     int64_t tileBytes) {
  using Word = typename Line<Bits>::Word;
  /// A part of a line.
  using Words [[gnu::vector_size(16)]] = Word;
  const Words mask = Words{} + static_cast<Word>((1u << Bits) - 1);
  for (int64_t tile = 0; tile < numTiles; ++tile)
    for (int64_t i = 0; i < Line<Bits>::kBytes; i += sizeof(Words)) {
      const int64_t at = tile * tileBytes + i;
      Words words = {};
      // Unrolled: shifts are by constants, or by registers that stay.
      for (int64_t t = 0; t < Line<Bits>::kTokens; ++t) {
        Words source;
        std::memcpy(&source, from[t].line + at, sizeof source);
        words |= (source >> static_cast<Word>(from[t].bit) & mask)
                 << static_cast<Word>(Line<Bits>::bitOf(t));
      }
      std::memcpy(to + at, &words, sizeof words);
    }
}

namespace {
/// Copies from pages of whole granules, or halves of them.
template <int Bits> struct TileCopy {
  using Word = typename Line<Bits>::Word;
  static constexpr int64_t kLineBytes = Line<Bits>::kBytes;
  static constexpr int64_t kTokens = Line<Bits>::kTokens;

  Tokens source, destination;
  /// Bytes from a head to the next one, and of a token within one.
  int64_t headBytes, keyBytes, valueBytes;

  int64_t bytesOfKeyLines() const {
    return keyBytes / static_cast<int64_t>(sizeof(Word)) * kLineBytes;
  }
  int64_t numTiles() const { return valueBytes * 8 / (kLanes * Bits); }
  int64_t tileBytes() const {
    return fp8attn_tokens_together(source.pageTokens) * kLanes * Bits / 8;
  }
  Tokens of(Tokens tokens, int64_t head, bool areValues) const {
    tokens.head +=
        head * headBytes + (areValues ? tokens.pageTokens * keyBytes : 0);
    return tokens;
  }

  /// Returns the first word of a token's keys.
  uint8_t *findKey(const Tokens &tokens, int64_t place) const;
  ValuePlace findValue(const Tokens &tokens, int64_t place) const;

  /// Copies the keys of a token, and fetches the lines of the next one, values
  /// included, meanwhile: hardware does not know where they are, and waits for
  /// the first ones.
  void copyKey(int64_t from, int64_t to, int64_t head, int64_t next,
               int64_t nextHead) const;
  void copyValues(const int64_t *places, int64_t count, int64_t place,
                  int64_t head) const;
  void copyGranule(const int64_t *places, int64_t count, int64_t place,
                   int64_t numHeads, int64_t behind) const;
  void copyTokens(const int64_t *places, int64_t first, int64_t end,
                  int64_t place, int64_t numHeads) const;
};
} // namespace

template <int Bits>
uint8_t *TileCopy<Bits>::findKey(const Tokens &tokens, int64_t place) const {
  int64_t token;
  uint8_t *head = tokens.find(place, token);
  return head + token / kLanes * (kLanes * keyBytes) +
         token % kLanes * static_cast<int64_t>(sizeof(Word));
}

template <int Bits>
ValuePlace TileCopy<Bits>::findValue(const Tokens &tokens,
                                     int64_t place) const {
  int64_t token;
  const uint8_t *head = tokens.find(place, token);
  const int64_t ofGranule = token % fp8attn_tokens_together(tokens.pageTokens);
  return {head + (token - ofGranule) * valueBytes +
              ofGranule / kTokens * kLineBytes,
          Line<Bits>::bitOf(token % kTokens)};
}

template <int Bits>
void TileCopy<Bits>::copyKey(int64_t from, int64_t to, int64_t head,
                             int64_t next, int64_t nextHead) const {
  const uint8_t *nextValues = findValue(of(source, nextHead, true), next).line;
  for (int64_t tile = 0; tile < numTiles(); ++tile)
    __builtin_prefetch(nextValues + tile * tileBytes());
  const uint8_t *nextLine = findKey(of(source, nextHead, false), next);
  const uint8_t *fromLine = findKey(of(source, head, false), from);
  uint8_t *toLine = findKey(of(destination, head, false), to);
  for (int64_t i = 0; i < bytesOfKeyLines(); i += kLineBytes) {
    __builtin_prefetch(nextLine + i);
    std::memcpy(toLine + i, fromLine + i, sizeof(Word));
  }
}

/// Copies the values of as many tokens as are in a line. Of fewer, what stands
/// behind them is the last one again.
template <int Bits>
void TileCopy<Bits>::copyValues(const int64_t *places, int64_t count,
                                int64_t place, int64_t head) const {
  ValuePlace from[kTokens];
  for (int64_t i = 0; i < kTokens; ++i)
    from[i] =
        findValue(of(source, head, true), places[i < count ? i : count - 1]);
  const ValuePlace to = findValue(of(destination, head, true), place);
  copyLine<Bits>(from, const_cast<uint8_t *>(to.line), numTiles(), tileBytes());
}

/// Copies all heads of up to a granule of tokens, so that lines of a token are
/// read once for its keys and once for its values. `behind` is the place of the
/// token that is copied after them.
template <int Bits>
void TileCopy<Bits>::copyGranule(const int64_t *places, int64_t count,
                                 int64_t place, int64_t numHeads,
                                 int64_t behind) const {
  for (int64_t head = 0; head < numHeads; ++head)
    for (int64_t t = 0; t < count; t += kTokens) {
      const int64_t end = count < t + kTokens ? count : t + kTokens;
      for (int64_t i = t; i < end; ++i) {
        const bool isLast = i + 1 == count, isLastHead = head + 1 == numHeads;
        copyKey(places[i], place + i, head,
                !isLast      ? places[i + 1]
                : isLastHead ? behind
                             : places[0],
                !isLast      ? head
                : isLastHead ? 0
                             : head + 1);
      }
      copyValues(places + t, end - t, place + t, head);
    }
}

template <int Bits>
void TileCopy<Bits>::copyTokens(const int64_t *places, int64_t first,
                                int64_t end, int64_t place,
                                int64_t numHeads) const {
  for (int64_t t = first; t < end; t += FP8ATTN_GRANULE) {
    const int64_t behind =
        end - t < FP8ATTN_GRANULE ? end : t + FP8ATTN_GRANULE;
    copyGranule(places + t, behind - t, place + t, numHeads,
                places[behind < end ? behind : end - 1]);
  }
}

static void copyRows(const int64_t *places, int64_t count, const Tokens &source,
                     const Tokens &destination, int64_t place,
                     int64_t rowBytes) {
  for (int64_t t = 0; t < count; ++t) {
    int64_t from, to;
    const uint8_t *sourcePage = source.find(places[t], from);
    uint8_t *page = destination.find(place + t, to);
    std::memcpy(page + to * rowBytes, sourcePage + from * rowBytes, rowBytes);
  }
}

void fp8attn_gather_tokens(const int64_t *places, int64_t first, int64_t end,
                           const void *source, int64_t source_page_bytes,
                           void *destination, int64_t destination_page_bytes,
                           int64_t place, int64_t page_tokens,
                           int64_t num_heads, int64_t key_bytes,
                           int64_t value_bytes, int64_t element_bits) {
  const int64_t head_bytes = page_tokens * (key_bytes + value_bytes);
  // The source is only read.
  Tokens from = {static_cast<uint8_t *>(const_cast<void *>(source)),
                 source_page_bytes, page_tokens};
  Tokens to = {static_cast<uint8_t *>(destination), destination_page_bytes,
               page_tokens};
  if (fp8attn_tokens_together(page_tokens) > 1) {
    const auto copy = [&](auto bits) {
      const TileCopy<bits.value> tiles = {from, to, head_bytes, key_bytes,
                                          value_bytes};
      tiles.copyTokens(places, first, end, place, num_heads);
    };
    switch (element_bits) {
    case 4:
      return copy(std::integral_constant<int, 4>());
    case 8:
      return copy(std::integral_constant<int, 8>());
    default:
      return copy(std::integral_constant<int, 16>());
    }
  }
  for (int64_t head = 0; head < num_heads; ++head) {
    copyRows(places + first, end - first, from, to, place + first, key_bytes);
    from.head += page_tokens * key_bytes;
    to.head += page_tokens * key_bytes;
    copyRows(places + first, end - first, from, to, place + first, value_bytes);
    from.head += page_tokens * value_bytes;
    to.head += page_tokens * value_bytes;
  }
}
