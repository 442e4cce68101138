//===- Cache.h - a paged cache, element by element --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where the elements of a paged cache are, as a function that a test may
// replace, and reading and writing them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_REFERENCE_CACHE_H
#define FP8ATTN_REFERENCE_CACHE_H

#include "fp8attn/Runtime/fp8attn.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace fp8attn::reference {

/// Returns the byte, counted from the start of the cache, of element (page,
/// head, token of the page, channel).
using ByteMap = std::function<int64_t(int64_t page, int64_t head, int64_t token,
                                      int64_t channel)>;

/// Channels that share a scale in a row with scales within.
inline constexpr int64_t kRowChannelsPerScale = 128;

/// The keys, or the values, of a cache in the caller's memory.
struct CachePart {
  uint8_t *data = nullptr;
  /// FP8, i8, f4E2M1FN, i4 or bf16.
  fp8attn_type type = FP8ATTN_TYPE_F8E4M3FN;
  int64_t heads = 0;
  /// Channels.
  int64_t headDim = 0;
  /// Tokens in a page.
  int64_t pageTokens = 0;
  /// Also knows the channels of the padding. Of elements of 4 bits it gives the
  /// byte that has the element and another one.
  ByteMap byte;
  /// Channels with the padding.
  int64_t paddedDim = 0;
  /// Whether FP8 is f8E4M3FNUZ; `type` is then f8E4M3FN. Only repackCache
  /// knows.
  bool isFnuz = false;
  /// Whether these are keys, for elements of 4 bits: of tiles, a byte of keys
  /// has two channels, and one of values two tokens.
  bool isKey = true;
  /// Whether a token is a row of channels.
  bool hasRows = false;
  /// How many channels, the last ones, are bf16 without a scale, whatever
  /// `type` is.
  int64_t ropeDim = 0;
  /// The byte, counted from the start of the cache, of a token's f32 scale of
  /// channels index * kRowChannelsPerScale on, if scales stand in its row.
  std::function<int64_t(int64_t page, int64_t token, int64_t index)> rowScale =
      nullptr;

  /// Returns the channels before these.
  int64_t codedDim() const { return headDim - ropeDim; }
  /// Returns the type of a channel's elements, padding included.
  fp8attn_type typeOf(int64_t channel) const {
    return ropeDim > 0 && channel >= codedDim() ? FP8ATTN_TYPE_BF16 : type;
  }
  /// Returns the value of an element, without its scale.
  double load(int64_t page, int64_t head, int64_t token, int64_t channel) const;
  /// Returns the code of an element of at most 8 bits.
  uint8_t loadCode(int64_t page, int64_t head, int64_t token,
                   int64_t channel) const;
  /// Writes an element, of its type at `element`, which is its code in a byte
  /// if it has less than 8 bits.
  void store(int64_t page, int64_t head, int64_t token, int64_t channel,
             const void *element) const;
  /// Returns where in its byte an element begins.
  int shift(int64_t token, int64_t channel) const;
};

/// What a cache holds.
enum class Content { Key, Value, KeyValue };

/// Order of the bytes of a page (docs/Layout.md).
enum class Layout {
  Pairs,
  RowMajor,
  VllmAmx,
  VllmVector,
  Quads,
  VllmAmxFp8,
  Hnd,
  Nhd,
  HndPacked
};

/// A cache.
struct PairsCache {
  CachePart keys;
  CachePart values;
  int64_t pageBytes;
};

/// Returns the parts of a cache of `content` in the layout `pairs`; the part
/// that it does not hold has no byte map. headDim is padded: to a
/// multiple of 32 for keys, of 16 for values. A page is a multiple of 64 bytes.
PairsCache makePairsCache(void *data, Content content, fp8attn_type type,
                          int64_t heads, int64_t headDim, int64_t pageTokens);

/// Returns the same for a cache of any layout.
PairsCache makeCache(Layout layout, void *data, Content content,
                     fp8attn_type type, int64_t heads, int64_t headDim,
                     int64_t pageTokens);

/// Returns a latent cache of one head in the layout `pairs`, whose keys have
/// headDim channels, of which the last ropeDim are bf16: in each page they
/// stand behind the others, which are as in a cache of these alone.
PairsCache makeMixedCache(void *data, fp8attn_type type, int64_t headDim,
                          int64_t valueDim, int64_t ropeDim,
                          int64_t pageTokens);

/// Returns such a cache of f8E4M3FN whose tokens are rows: the codes, a scale
/// for each 128 of them, and then the bf16 channels.
PairsCache makeFlashMlaCache(void *data, int64_t headDim, int64_t valueDim,
                             int64_t ropeDim, int64_t pageTokens);

/// Returns the first `channels` channels of keys as values: those of a latent
/// cache, without its bf16 channels if others are codes.
CachePart firstChannels(const CachePart &keys, int64_t channels);

/// Pages of two caches that hold the same tokens, in their order; -1 is none.
struct PagePair {
  std::vector<int64_t> from, to;
};
using PageList = std::vector<PagePair>;

/// Where an element of a cache is: `token` counts those of the page.
struct ElementPlace {
  int64_t page;
  int64_t head;
  int64_t token;
  int64_t channel;
};

/// Scales of a cache: none (a factor of 1), one, one for each head, or, with an
/// index, any.
struct Scales {
  std::vector<float> values;
  /// Returns which of the values is that of an element.
  std::function<int64_t(const ElementPlace &)> index = nullptr;
  /// Whether the scales of one head differ by page or token, and by channel.
  bool byToken = false;
  bool byChannel = false;
  /// What all of them are multiplied with: one number, or one for each head;
  /// nothing if empty.
  std::vector<float> outer = {};
  /// What is subtracted from a code before it is scaled: nothing if empty, else
  /// that of `zeroIndex`.
  std::vector<int8_t> zeroPoints = {};
  std::function<int64_t(const ElementPlace &)> zeroIndex = nullptr;

  int zeroPointAt(const ElementPlace &place) const {
    return zeroPoints.empty() ? 0 : zeroPoints[zeroIndex(place)];
  }
  /// Returns the product that an element is divided by when it is written,
  /// rounded to f32.
  float at(const ElementPlace &place) const {
    return innerAt(place) * outerAt(place.head);
  }
  /// Returns the two factors of it.
  float innerAt(const ElementPlace &place) const {
    if (index)
      return values[index(place)];
    return values.empty() ? 1.0f : values[values.size() == 1 ? 0 : place.head];
  }
  float outerAt(int64_t head) const {
    return outer.empty() ? 1.0f : outer[outer.size() == 1 ? 0 : head];
  }
};

/// Copies all elements of pages of `from` to their places in pages of `to`, and
/// the padding if elements and all places are the same; else it becomes zeros.
/// Elements become those of `to`; `scales` are of the part that is not bf16, if
/// the other one is bf16. Tokens of pages that are none are left out.
void repackCache(const CachePart &from, const CachePart &to,
                 const PageList &pages, const Scales &scales = {});

/// Copies the scales of the tokens that repackCache copies, from or to rows
/// that have them within; `scales` are those of the other part, if it has none.
void repackRowScales(const CachePart &from, const CachePart &to,
                     const PageList &pages, Scales &scales);

/// A tensor [tokens, heads, channels] of bf16, f16, f32 or FP8; channels are
/// contiguous, strides are in elements.
struct HeadTensor {
  const void *data = nullptr;
  int64_t tokens = 0;
  int64_t tokenStride = 0;
  int64_t headStride = 0;
  fp8attn_type type = FP8ATTN_TYPE_BF16;

  /// Returns the address of an element.
  const void *address(int64_t token, int64_t head, int64_t channel) const;
  /// Returns the value of an element.
  float at(int64_t token, int64_t head, int64_t channel) const;
};

/// Computes the scales that a dynamic write stores, numbers of `type`: for the
/// elements of a token that share one, the largest finite magnitude over the
/// largest code, in f32, at least 2^-40; for f8E8M0FNU that rounded up to a
/// power of two or, with `microscaling`, the largest power of two that is not
/// above the magnitude, over that of the largest code; for f8E4M3FN that over
/// the outer scale, from 2^-9 to 448, rounded to nearest even. With zero
/// points, which it computes, too, what takes the range of 0 and the finite
/// elements to that from -128 to 127.
void computeScales(const CachePart &part, const HeadTensor &source,
                   const int64_t *slots, fp8attn_type type, bool microscaling,
                   Scales &scales);

/// Writes each token of `source` whose slot is not negative: codes of the
/// element over its scale, plus its zero point, or, in a bf16 part, the element
/// as bf16; zeros in the padding of the head size. Scales are of the coded
/// channels.
void writeCache(const CachePart &part, const HeadTensor &source,
                const int64_t *slots, const Scales &scales);

} // namespace fp8attn::reference

#endif // FP8ATTN_REFERENCE_CACHE_H
