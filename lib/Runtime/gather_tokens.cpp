//===- gather_tokens.cpp - copies of tokens within the layout `pairs` -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Keys: 4 bytes of each line of a group of 16 tokens are those of one token, so
// that a token is copied word by word from line to line. Values: a line of 64
// bytes is 16 channels of 4 tokens (2 of bf16), each channel a word of 4 bytes,
// which is put together from those of 4 tokens. In pages whose size is no
// multiple of 16, a token is a row.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/lowering_abi.h"
#include "fp8attn/Runtime/page_layout.h"

#include <cstring>

/// Tokens beside each other in a tile of keys, and channels in one of values.
static constexpr int64_t kLanes = 16;
static constexpr int64_t kLineBytes = 64;
static constexpr int64_t kWordBytes = 4;

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

static uint32_t loadWord(const uint8_t *from) {
  uint32_t word;
  std::memcpy(&word, from, kWordBytes);
  return word;
}

static void storeWord(uint8_t *to, uint32_t word) {
  std::memcpy(to, &word, kWordBytes);
}

/// Returns the first word of a token's keys.
static uint8_t *findKey(const Tokens &tokens, int64_t place, int64_t keyBytes) {
  int64_t token;
  uint8_t *head = tokens.find(place, token);
  return head + token / kLanes * (kLanes * keyBytes) +
         token % kLanes * kWordBytes;
}

namespace {
/// Where a token's values are: the line of the first tile, and the bit in each
/// word of that.
struct ValuePlace {
  const uint8_t *line;
  unsigned bit;
};
} // namespace

/// Returns the number of tokens in a line of values.
static int64_t tokensOfLine(int64_t elementBytes) {
  return kWordBytes / elementBytes;
}

/// Returns the bit at which a word has token `t` of its line: bytes are those
/// of tokens 0, 2, 1, 3, or words of 0, 1.
static unsigned bitOf(int64_t t, int64_t elementBytes) {
  return static_cast<unsigned>(
      8 * (elementBytes == 1 ? 2 * (t % 2) + t / 2 : 2 * t));
}

static ValuePlace findValue(const Tokens &tokens, int64_t place,
                            int64_t valueBytes, int64_t elementBytes) {
  int64_t token;
  const uint8_t *head = tokens.find(place, token);
  const int64_t ofLine = tokensOfLine(elementBytes);
  const int64_t ofGranule = token % fp8attn_tokens_together(tokens.pageTokens);
  return {head + (token - ofGranule) * valueBytes +
              ofGranule / ofLine * kLineBytes,
          bitOf(token % ofLine, elementBytes)};
}

/// A quarter of a line: the words of 4 channels.
using Words = uint32_t __attribute__((vector_size(16)));

static Words loadWords(const uint8_t *from) {
  Words words;
  std::memcpy(&words, from, sizeof words);
  return words;
}

/// Puts as many tokens as are in a line into one of each tile.
template <typename Element>
static void copyLine(const ValuePlace *from, uint8_t *to, int64_t numTiles,
                     int64_t tileBytes) {
  constexpr int64_t kTokens = kWordBytes / sizeof(Element);
  const Words mask = Words{} + Element(-1);
  for (int64_t tile = 0; tile < numTiles; ++tile)
    for (int64_t i = 0; i < kLineBytes; i += sizeof(Words)) {
      const int64_t at = tile * tileBytes + i;
      Words words = {};
      // Unrolled: shifts are by constants, or by registers that stay.
      for (int64_t t = 0; t < kTokens; ++t)
        words |= (loadWords(from[t].line + at) >> from[t].bit & mask)
                 << bitOf(t, sizeof(Element));
      std::memcpy(to + at, &words, sizeof words);
    }
}

namespace {
/// Copies from pages of whole granules, or halves of them.
struct TileCopy {
  Tokens source, destination;
  /// Bytes from a head to the next one, and of a token within one.
  int64_t headBytes, keyBytes, valueBytes, elementBytes;

  int64_t bytesOfKeyLines() const { return keyBytes / kWordBytes * kLineBytes; }
  int64_t numTiles() const { return valueBytes / (kLanes * elementBytes); }
  int64_t tileBytes() const {
    return fp8attn_tokens_together(source.pageTokens) * kLanes * elementBytes;
  }
  Tokens of(Tokens tokens, int64_t head, bool areValues) const {
    tokens.head +=
        head * headBytes + (areValues ? tokens.pageTokens * keyBytes : 0);
    return tokens;
  }

  /// Copies the keys of a token, and fetches the lines of the next one, values
  /// included, meanwhile: hardware does not know where they are, and waits for
  /// the first ones.
  void copyKey(int64_t from, int64_t to, int64_t head, int64_t next,
               int64_t nextHead) const;
  void copyValues(const int64_t *places, int64_t count, int64_t place,
                  int64_t head) const;
  void copyGranule(const int64_t *places, int64_t count, int64_t place,
                   int64_t numHeads, int64_t behind) const;
};
} // namespace

void TileCopy::copyKey(int64_t from, int64_t to, int64_t head, int64_t next,
                       int64_t nextHead) const {
  const uint8_t *nextValues =
      findValue(of(source, nextHead, true), next, valueBytes, elementBytes)
          .line;
  for (int64_t tile = 0; tile < numTiles(); ++tile)
    __builtin_prefetch(nextValues + tile * tileBytes());
  const uint8_t *nextLine =
      findKey(of(source, nextHead, false), next, keyBytes);
  const uint8_t *fromLine = findKey(of(source, head, false), from, keyBytes);
  uint8_t *toLine = findKey(of(destination, head, false), to, keyBytes);
  for (int64_t i = 0; i < bytesOfKeyLines(); i += kLineBytes) {
    __builtin_prefetch(nextLine + i);
    storeWord(toLine + i, loadWord(fromLine + i));
  }
}

/// Copies the values of as many tokens as are in a line. Of fewer, what stands
/// behind them is the last one again.
void TileCopy::copyValues(const int64_t *places, int64_t count, int64_t place,
                          int64_t head) const {
  ValuePlace from[kWordBytes];
  for (int64_t i = 0; i < tokensOfLine(elementBytes); ++i)
    from[i] =
        findValue(of(source, head, true), places[i < count ? i : count - 1],
                  valueBytes, elementBytes);
  const ValuePlace to =
      findValue(of(destination, head, true), place, valueBytes, elementBytes);
  auto *line = const_cast<uint8_t *>(to.line);
  if (elementBytes == 1)
    copyLine<uint8_t>(from, line, numTiles(), tileBytes());
  else
    copyLine<uint16_t>(from, line, numTiles(), tileBytes());
}

/// Copies all heads of up to a granule of tokens, so that lines of a token are
/// read once for its keys and once for its values. `behind` is the place of the
/// token that is copied after them.
void TileCopy::copyGranule(const int64_t *places, int64_t count, int64_t place,
                           int64_t numHeads, int64_t behind) const {
  const int64_t ofLine = tokensOfLine(elementBytes);
  for (int64_t head = 0; head < numHeads; ++head)
    for (int64_t t = 0; t < count; t += ofLine) {
      const int64_t end = count < t + ofLine ? count : t + ofLine;
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
                           int64_t value_bytes, int64_t element_bytes) {
  const int64_t head_bytes = page_tokens * (key_bytes + value_bytes);
  // The source is only read.
  Tokens from = {static_cast<uint8_t *>(const_cast<void *>(source)),
                 source_page_bytes, page_tokens};
  Tokens to = {static_cast<uint8_t *>(destination), destination_page_bytes,
               page_tokens};
  if (fp8attn_tokens_together(page_tokens) > 1) {
    const TileCopy copy = {from,      to,          head_bytes,
                           key_bytes, value_bytes, element_bytes};
    for (int64_t t = first; t < end; t += FP8ATTN_GRANULE) {
      const int64_t behind =
          end - t < FP8ATTN_GRANULE ? end : t + FP8ATTN_GRANULE;
      copy.copyGranule(places + t, behind - t, place + t, num_heads,
                       places[behind < end ? behind : end - 1]);
    }
    return;
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
