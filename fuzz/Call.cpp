//===- Call.cpp - arguments that inputs change ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pointers cannot be any number, as no check can tell that memory is not there:
// a changed one is null, not aligned, or the memory of another argument.
//
//===----------------------------------------------------------------------===//

#include "Call.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cstdio>

/// A code that is a number in every type of cache.
static constexpr int kCacheByte = 0x38;

using fp8attn::reference::elementBytes;

Block::Block(int64_t bytes, int fill) : bytes(bytes) {
  void *allocated = nullptr;
  if (posix_memalign(&allocated, FP8ATTN_ALIGNMENT, bytes) != 0)
    std::abort();
  memory.reset(static_cast<char *>(std::memset(allocated, fill, bytes)));
}

Call::Call() { fp8attn_context_init(&context); }

fp8attn_tensor &Call::addTensor(fp8attn_type type, std::vector<int64_t> sizes) {
  const auto rank = static_cast<int32_t>(sizes.size());
  int64_t bytes = elementBytes(type);
  for (int64_t size : sizes)
    bytes *= size;
  sizes.resize(FP8ATTN_MAX_RANK);
  void *data = blocks.emplace_back(bytes, 0).memory.get();
  return tensors
      .emplace_back(
          OwnedTensor{fp8attn_tensor_make(data, type, rank, sizes[0], sizes[1],
                                          sizes[2], sizes[3]),
                      elementBytes(type), blocks.size() - 1, data})
      .tensor;
}

fp8attn_cache &Call::addCache(int64_t numPages, int64_t pageBytes) {
  void *data =
      blocks.emplace_back(numPages * pageBytes, kCacheByte).memory.get();
  return caches
      .emplace_back(
          OwnedCache{{data, numPages, pageBytes}, blocks.size() - 1, data})
      .cache;
}

void Call::finish(int64_t bytes, std::function<bool(fp8attn_context *)> run) {
  runner = std::move(run);
  workspaceBytes = bytes;
  numArgumentBlocks = blocks.size();
  if (bytes > 0)
    context.workspace = blocks.emplace_back(bytes, 0).memory.get();
  context.workspace_bytes = bytes;

  for (OwnedTensor &owned : tensors) {
    addNumber(owned.tensor.data);
    addNumber(owned.tensor.type);
    addNumber(owned.tensor.rank);
    for (int i = 0; i < std::max(3, owned.tensor.rank); ++i) {
      addNumber(owned.tensor.sizes[i]);
      addNumber(owned.tensor.strides[i]);
    }
  }
  for (size_t table : tables) {
    const OwnedTensor &owned = tensors[table];
    const Block &block = blocks[owned.block];
    for (int64_t at = 0; at < block.bytes; at += owned.elementBytes)
      numbers.push_back(
          {block.memory.get() + at, static_cast<size_t>(owned.elementBytes)});
  }
  for (OwnedCache &owned : caches) {
    addNumber(owned.cache.num_pages);
    addNumber(owned.cache.page_bytes);
  }
  addNumber(context.abi_version);
  addNumber(context.num_workers);
  addNumber(context.isa_cap);
  addNumber(context.workspace_bytes);
  for (OwnedCache &owned : caches)
    addNumber(owned.cache.data);
}

void Call::change(uint8_t index, const uint8_t *value) {
  isChanged = true;
  const Number &number = numbers[index % numbers.size()];
  std::memcpy(number.place, value, number.bytes);
}

/// Null stays null, an odd number is the valid pointer, not aligned, and an
/// even one is the first byte of the memory of some argument. None is in the
/// workspace, which no call can check (docs/Runtime.md).
void *Call::movedPointer(const void *changed, const void *valid) const {
  const auto number = reinterpret_cast<uintptr_t>(changed);
  if (changed == valid || number == 0)
    return const_cast<void *>(changed);
  if (number % 2 == 1)
    return static_cast<char *>(const_cast<void *>(valid)) + 1;
  return blocks[number / 2 % numArgumentBlocks].memory.get();
}

void Call::fixPointers() {
  for (OwnedTensor &owned : tensors)
    owned.tensor.data = movedPointer(owned.tensor.data, owned.valid);
  for (OwnedCache &owned : caches)
    owned.cache.data = movedPointer(owned.cache.data, owned.valid);
}

/// Returns the bytes from `data` to the end of its block.
int64_t Call::bytesFrom(const void *data) const {
  const char *begin = static_cast<const char *>(data);
  for (const Block &block : blocks)
    if (begin >= block.memory.get() && begin < block.memory.get() + block.bytes)
      return block.memory.get() + block.bytes - begin;
  return 0;
}

/// Nonsense, which checks refuse, claims nothing.
bool Call::claimsTooMuch(const OwnedTensor &owned) const {
  __int128 last = 0; // Counts no further than to INT64_MAX in a dimension.
  const fp8attn_tensor &tensor = owned.tensor;
  for (int32_t i = 0; i < std::clamp(tensor.rank, 0, FP8ATTN_MAX_RANK); ++i) {
    if (tensor.sizes[i] <= 0 || tensor.strides[i] < 0)
      return false;
    last += std::min<__int128>(static_cast<__int128>(tensor.sizes[i] - 1) *
                                   tensor.strides[i],
                               INT64_MAX);
  }
  return tensor.data &&
         (last + 1) * owned.elementBytes > bytesFrom(tensor.data);
}

bool Call::claimsTooMuch() const {
  for (const OwnedTensor &owned : tensors)
    if (claimsTooMuch(owned))
      return true;
  for (const OwnedCache &owned : caches) {
    const __int128 bytes =
        static_cast<__int128>(owned.cache.num_pages) * owned.cache.page_bytes;
    if (owned.cache.data && owned.cache.num_pages > 0 && bytes <= INT64_MAX &&
        bytes > bytesFrom(owned.cache.data))
      return true;
  }
  return context.workspace_bytes > workspaceBytes;
}

void Call::run() {
  fixPointers();
  if (claimsTooMuch() || runner(&context) || isChanged)
    return;
  std::fprintf(stderr, "a valid call was refused: %s\n", context.message);
  std::abort();
}
