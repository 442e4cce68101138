//===- Image.h - the memory of a host ---------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Memory in which arguments may stand over one another, as one piece that can
// be copied and compared: an arena, between pages that nobody may touch, and a
// region of more bytes than 32 bits can count, of which there is only what was
// touched.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_FUZZ_IMAGE_H
#define FP8ATTN_FUZZ_IMAGE_H

#include <cstdint>

class Image {
public:
  static constexpr int64_t kArenaBytes = 3 << 15;
  static constexpr int64_t kVastBytes = int64_t(1) << 38;

  Image();
  ~Image();
  Image(const Image &) = delete;
  Image &operator=(const Image &) = delete;

  char *arena() const { return arenaBegin; }
  char *vast() const { return vastBegin; }

  /// Returns whether all `bytes` from `data` on are in one of the regions.
  bool has(const void *data, __int128 bytes) const;
  /// Returns where this image has what `other` has at `data`.
  char *placeOf(const Image &other, const void *data) const;

  /// Makes the arena that of `other`.
  void copyArena(const Image &other);
  /// Returns the first byte at which the arenas differ, or -1.
  int64_t firstDifference(const Image &other) const;
  /// Makes the vast region zeros.
  void forgetVast();

private:
  bool isVast(const void *data) const;

  char *arenaBegin, *vastBegin;
};

#endif // FP8ATTN_FUZZ_IMAGE_H
