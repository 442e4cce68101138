//===- Image.cpp - the memory of a host -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Image.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sys/mman.h>

/// On both sides of the arena; a multiple of every page size.
static constexpr int64_t kGuardBytes = 1 << 16;

static char *reserve(int64_t bytes, int protection) {
  void *memory = mmap(nullptr, bytes, protection,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory != MAP_FAILED)
    return static_cast<char *>(memory);
  std::perror("mmap");
  std::abort();
}

Image::Image()
    : arenaBegin(reserve(kArenaBytes + 2 * kGuardBytes, PROT_NONE) +
                 kGuardBytes),
      vastBegin(reserve(kVastBytes, PROT_READ | PROT_WRITE)) {
  if (mprotect(arenaBegin, kArenaBytes, PROT_READ | PROT_WRITE) != 0)
    std::abort();
}

Image::~Image() {
  munmap(arenaBegin - kGuardBytes, kArenaBytes + 2 * kGuardBytes);
  munmap(vastBegin, kVastBytes);
}

bool Image::isVast(const void *data) const {
  return data >= vastBegin && data < vastBegin + kVastBytes;
}

bool Image::has(const void *data, __int128 bytes) const {
  const char *begin = static_cast<const char *>(data);
  if (isVast(begin))
    return bytes <= vastBegin + kVastBytes - begin;
  return begin >= arenaBegin && begin < arenaBegin + kArenaBytes &&
         bytes <= arenaBegin + kArenaBytes - begin;
}

char *Image::placeOf(const Image &other, const void *data) const {
  const char *place = static_cast<const char *>(data);
  return other.isVast(place) ? vastBegin + (place - other.vastBegin)
                             : arenaBegin + (place - other.arenaBegin);
}

void Image::copyArena(const Image &other) {
  std::memcpy(arenaBegin, other.arenaBegin, kArenaBytes);
}

int64_t Image::firstDifference(const Image &other) const {
  const char *end = arenaBegin + kArenaBytes;
  const char *at =
      std::mismatch(arenaBegin, arenaBegin + kArenaBytes, other.arenaBegin)
          .first;
  return at == end ? -1 : at - arenaBegin;
}

void Image::forgetVast() { madvise(vastBegin, kVastBytes, MADV_DONTNEED); }
