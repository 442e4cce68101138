//===- guarded_buffer.h - memory beside a guard page ---------- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An array whose end is the beginning of a page that may not be touched, or
// whose beginning is the end of one, so that a kernel that reads or writes
// outside of its operands crashes.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_GUARDED_BUFFER_H
#define FP8ATTN_TEST_GUARDED_BUFFER_H

#include <algorithm>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace fp8attn::test {

/// On which side of an array the nearest guard page is.
enum class GuardSide { After, Before };

/// The side for arrays that are made from now on.
inline GuardSide guardSide = GuardSide::After;

/// Owns `size` elements of T, zero at first. Sizes in bytes that are multiples
/// of 64 give 64-byte alignment; others are aligned as T demands, or to a page
/// if the guard is before them.
template <typename T> class GuardedBuffer {
public:
  explicit GuardedBuffer(size_t size) : count(size) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t body = (size * sizeof(T) + page - 1) / page * page;
    mappedBytes = page + body + page;
    mapped = mmap(nullptr, mappedBytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *begin = static_cast<char *>(mapped) + page, *end = begin + body;
    if (mapped == MAP_FAILED || mprotect(mapped, page, PROT_NONE) != 0 ||
        mprotect(end, page, PROT_NONE) != 0)
      abort();
    first = reinterpret_cast<T *>(
        guardSide == GuardSide::Before ? begin : end - size * sizeof(T));
  }
  template <typename Range> static GuardedBuffer copyOf(const Range &range) {
    GuardedBuffer buffer(range.size());
    std::copy(range.begin(), range.end(), buffer.begin());
    return buffer;
  }
  GuardedBuffer(GuardedBuffer &&other)
      : mapped(other.mapped), mappedBytes(other.mappedBytes),
        first(other.first), count(other.count) {
    other.mapped = MAP_FAILED;
  }
  GuardedBuffer &operator=(GuardedBuffer &&other) {
    std::swap(mapped, other.mapped);
    std::swap(mappedBytes, other.mappedBytes);
    std::swap(first, other.first);
    std::swap(count, other.count);
    return *this;
  }
  GuardedBuffer(const GuardedBuffer &) = delete;
  GuardedBuffer &operator=(const GuardedBuffer &) = delete;
  ~GuardedBuffer() {
    if (mapped != MAP_FAILED)
      munmap(mapped, mappedBytes);
  }

  T *data() { return first; }
  const T *data() const { return first; }
  size_t size() const { return count; }
  T *begin() { return first; }
  T *end() { return first + count; }
  const T *begin() const { return first; }
  const T *end() const { return first + count; }
  T &operator[](size_t i) { return first[i]; }
  const T &operator[](size_t i) const { return first[i]; }

private:
  void *mapped;
  size_t mappedBytes;
  T *first;
  size_t count;
};

} // namespace fp8attn::test

#endif // FP8ATTN_TEST_GUARDED_BUFFER_H
