//===- Call.h - arguments that inputs change --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A valid call of entry points, and the numbers of it that an input may change:
// descriptors, the contents of tables and scales, and the context.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_FUZZ_CALL_H
#define FP8ATTN_FUZZ_CALL_H

#include "fp8attn/Runtime/fp8attn.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <vector>

/// Memory of exactly its size, so that the sanitizer sees what is beyond it.
struct Block {
  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };
  /// Aligned to FP8ATTN_ALIGNMENT; all bytes are `fill`.
  Block(int64_t bytes, int fill);

  std::unique_ptr<char, Free> memory;
  int64_t bytes;
};

class Call {
public:
  Call();

  /// Adds a tensor of zeros. The reference stays valid.
  fp8attn_tensor &addTensor(fp8attn_type type, std::vector<int64_t> sizes);

  /// Adds a tensor with these elements, which inputs may change, too.
  template <typename T>
  fp8attn_tensor &addTable(fp8attn_type type, std::vector<int64_t> sizes,
                           std::initializer_list<T> values) {
    fp8attn_tensor &tensor = addTensor(type, std::move(sizes));
    std::copy(values.begin(), values.end(), static_cast<T *>(tensor.data));
    tables.push_back(tensors.size() - 1);
    return tensor;
  }

  /// Adds a cache of 1.0 in e4m3. The reference stays valid.
  fp8attn_cache &addCache(int64_t numPages, int64_t pageBytes);

  /// Ends the list of arguments: `run` is to be called with workspace for one
  /// worker of this many bytes, and returns whether all went well.
  void finish(int64_t workspaceBytes,
              std::function<bool(fp8attn_context *)> run);

  /// Gives number `index`, modulo their count, the value of the 8 bytes at
  /// `value`. What becomes of pointers is said in Call.cpp.
  void change(uint8_t index, const uint8_t *value);

  /// Runs the call, unless arguments describe more memory than there is, which
  /// no check can know. One that was not changed is not refused.
  void run();

private:
  /// A number that inputs may change.
  struct Number {
    void *place;
    size_t bytes;
  };
  struct OwnedTensor {
    fp8attn_tensor tensor;
    int64_t elementBytes;
    size_t block;
    void *valid;
  };
  struct OwnedCache {
    fp8attn_cache cache;
    size_t block;
    void *valid;
  };

  template <typename T> void addNumber(T &number) {
    numbers.push_back({&number, sizeof(number)});
  }
  void *movedPointer(const void *changed, const void *valid) const;
  void fixPointers();
  int64_t bytesFrom(const void *data) const;
  bool claimsTooMuch(const OwnedTensor &owned) const;
  bool claimsTooMuch() const;

  std::deque<Block> blocks;
  /// The first ones, of arguments; behind them, there may be that of the
  /// workspace.
  size_t numArgumentBlocks = 0;
  std::deque<OwnedTensor> tensors;
  std::deque<OwnedCache> caches;
  std::vector<size_t> tables;
  std::vector<Number> numbers;
  fp8attn_context context;
  int64_t workspaceBytes = 0;
  std::function<bool(fp8attn_context *)> runner;
  bool isChanged = false;
};

#endif // FP8ATTN_FUZZ_CALL_H
