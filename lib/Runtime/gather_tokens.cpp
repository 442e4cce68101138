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

static void copyKeys(const int64_t *places, int64_t count, const Tokens &source,
                     const Tokens &destination, int64_t place,
                     int64_t keyBytes) {
  const int64_t bytes = keyBytes / kWordBytes * kLineBytes;
  for (int64_t t = 0; t < count; ++t) {
    const uint8_t *from = findKey(source, places[t], keyBytes);
    // Lines of the next token are fetched meanwhile: hardware does not know
    // where it is, and waits for the first ones.
    const uint8_t *next =
        t + 1 < count ? findKey(source, places[t + 1], keyBytes) : from;
    uint8_t *to = findKey(destination, place + t, keyBytes);
    for (int64_t i = 0; i < bytes; i += kLineBytes) {
      __builtin_prefetch(next + i);
      storeWord(to + i, loadWord(from + i));
    }
  }
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

static ValuePlace findValue(const Tokens &tokens, int64_t place,
                            int64_t valueBytes, int64_t elementBytes) {
  int64_t token;
  const uint8_t *head = tokens.find(place, token);
  const int64_t ofLine = tokensOfLine(elementBytes);
  const int64_t ofGranule = token % fp8attn_tokens_together(tokens.pageTokens);
  const int64_t r = token % ofLine;
  // Bytes of tokens 0, 2, 1, 3, or words of 0, 1.
  const int64_t byte = elementBytes == 1 ? 2 * (r % 2) + r / 2 : 2 * r;
  return {head + (token - ofGranule) * valueBytes +
              ofGranule / ofLine * kLineBytes,
          static_cast<unsigned>(8 * byte)};
}

/// Puts up to 4 tokens into one line of each tile.
static void copyLine(const ValuePlace *from, int64_t count, uint8_t *to,
                     int64_t numTiles, int64_t tileBytes,
                     int64_t elementBytes) {
  const uint32_t mask = elementBytes == 1 ? 0xff : 0xffff;
  for (int64_t tile = 0; tile < numTiles; ++tile) {
    uint32_t words[kLanes] = {};
    for (int64_t t = 0; t < count; ++t) {
      const int64_t byte = elementBytes == 1 ? 2 * (t % 2) + t / 2 : 2 * t;
      const auto bit = static_cast<unsigned>(8 * byte);
      const uint8_t *line = from[t].line + tile * tileBytes;
      for (int64_t lane = 0; lane < kLanes; ++lane)
        words[lane] |=
            (loadWord(line + lane * kWordBytes) >> from[t].bit & mask) << bit;
    }
    std::memcpy(to + tile * tileBytes, words, kLineBytes);
  }
}

static void copyValues(const int64_t *places, int64_t count,
                       const Tokens &source, const Tokens &destination,
                       int64_t place, int64_t valueBytes,
                       int64_t elementBytes) {
  const int64_t ofLine = tokensOfLine(elementBytes);
  const int64_t tileBytes =
      fp8attn_tokens_together(source.pageTokens) * kLanes * elementBytes;
  const int64_t numTiles = valueBytes / (kLanes * elementBytes);
  for (int64_t t = 0; t < count; t += ofLine) {
    const int64_t rest = count - t < ofLine ? count - t : ofLine;
    ValuePlace from[kWordBytes];
    for (int64_t i = 0; i < rest; ++i)
      from[i] = findValue(source, places[t + i], valueBytes, elementBytes);
    const ValuePlace to =
        findValue(destination, place + t, valueBytes, elementBytes);
    copyLine(from, rest, const_cast<uint8_t *>(to.line), numTiles, tileBytes,
             elementBytes);
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
  // Granule by granule, so that lines of a token are read once for its keys
  // and once for its values.
  for (int64_t t = first; t < end; t += FP8ATTN_GRANULE) {
    const int64_t count =
        end - t < FP8ATTN_GRANULE ? end - t : int64_t(FP8ATTN_GRANULE);
    for (int64_t head = 0; head < num_heads; ++head) {
      // The source is only read.
      Tokens from = {static_cast<uint8_t *>(const_cast<void *>(source)) +
                         head * head_bytes,
                     source_page_bytes, page_tokens};
      Tokens to = {static_cast<uint8_t *>(destination) + head * head_bytes,
                   destination_page_bytes, page_tokens};
      if (fp8attn_tokens_together(page_tokens) == 1) {
        copyRows(places + t, count, from, to, place + t, key_bytes);
        from.head += page_tokens * key_bytes;
        to.head += page_tokens * key_bytes;
        copyRows(places + t, count, from, to, place + t, value_bytes);
        continue;
      }
      copyKeys(places + t, count, from, to, place + t, key_bytes);
      from.head += page_tokens * key_bytes;
      to.head += page_tokens * key_bytes;
      copyValues(places + t, count, from, to, place + t, value_bytes,
                 element_bytes);
    }
  }
}
