//===- ArgumentsFuzzer.cpp - descriptors and tables to entry points -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The input is a list of changes to the arguments of a valid call: a byte that
// names a number of it, and the number's new value. Whatever they are, the call
// stays within the memory that the arguments describe, which the sanitizer
// watches, or is refused. What no check can know is left out: arguments that
// describe more memory than there is.
//
//===----------------------------------------------------------------------===//

#include "entry_points.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace {
constexpr int64_t kTokens = 5, kHeads = 4, kKvHeads = 2, kHeadDim = 64;
constexpr int64_t kSequences = 2, kMaxPages = 3, kPages = 4, kPageTokens = 32;
constexpr int64_t kPageBytes = 2 * kKvHeads * kHeadDim * kPageTokens;

struct Free {
  void operator()(void *memory) const { std::free(memory); }
};

/// A number of the call that inputs may change.
struct Number {
  void *place;
  size_t bytes;
};

/// A tensor in memory of exactly its size.
struct OwnedTensor {
  OwnedTensor(fp8attn_type type, size_t elementBytes,
              std::vector<int64_t> sizes)
      : elementBytes(elementBytes) {
    const auto rank = static_cast<int32_t>(sizes.size());
    bytes = elementBytes;
    for (int64_t size : sizes)
      bytes *= static_cast<size_t>(size);
    sizes.resize(FP8ATTN_MAX_RANK);
    memory.reset(std::calloc(bytes, 1));
    tensor = fp8attn_tensor_make(memory.get(), type, rank, sizes[0], sizes[1],
                                 sizes[2], sizes[3]);
  }
  template <typename T> void set(std::initializer_list<T> values) {
    std::copy(values.begin(), values.end(), static_cast<T *>(memory.get()));
  }
  /// Whether the descriptor claims more than there is. Nonsense, which checks
  /// refuse, claims nothing.
  bool claimsTooMuch() const {
    __int128 last = 0;
    for (int32_t i = 0; i < std::clamp(tensor.rank, 0, FP8ATTN_MAX_RANK); ++i) {
      if (tensor.sizes[i] <= 0 || tensor.strides[i] < 0)
        return false;
      last += static_cast<__int128>(tensor.sizes[i] - 1) * tensor.strides[i];
    }
    return (last + 1) * elementBytes > bytes;
  }

  fp8attn_tensor tensor;
  size_t elementBytes, bytes;
  std::unique_ptr<void, Free> memory;
};

/// A valid call of each entry point.
class Call {
public:
  Call();
  void change(const uint8_t *data, size_t size);
  bool claimsTooMuch() const;
  void run();

private:
  OwnedTensor key{FP8ATTN_TYPE_BF16, 2, {kTokens, kKvHeads, kHeadDim}};
  OwnedTensor value{FP8ATTN_TYPE_BF16, 2, {kTokens, kKvHeads, kHeadDim}};
  OwnedTensor slots{FP8ATTN_TYPE_I64, 8, {kTokens}};
  OwnedTensor keyScale{FP8ATTN_TYPE_F32, 4, {kKvHeads}};
  OwnedTensor valueScale{FP8ATTN_TYPE_F32, 4, {kKvHeads}};
  OwnedTensor query{FP8ATTN_TYPE_BF16, 2, {kTokens, kHeads, kHeadDim}};
  OwnedTensor queryStart{FP8ATTN_TYPE_I32, 4, {kSequences + 1}};
  OwnedTensor seqLens{FP8ATTN_TYPE_I32, 4, {kSequences}};
  OwnedTensor blockTable{FP8ATTN_TYPE_I32, 4, {kSequences, kMaxPages}};
  OwnedTensor out{FP8ATTN_TYPE_BF16, 2, {kTokens, kHeads, kHeadDim}};
  OwnedTensor lse{FP8ATTN_TYPE_F32, 4, {kTokens, kHeads}};
  const std::vector<OwnedTensor *> tensors{
      &key,        &value,   &slots,      &keyScale, &valueScale, &query,
      &queryStart, &seqLens, &blockTable, &out,      &lse};
  fp8attn_cache cache;
  std::unique_ptr<void, Free> pages, workspace;
  int64_t workspaceBytes;
  fp8attn_context context;
  std::vector<Number> numbers;
};
} // namespace

Call::Call() {
  slots.set<int64_t>({0, 1, 33, -1, 127});
  keyScale.set({1.0f, 0.5f});
  valueScale.set({2.0f, 1.0f});
  queryStart.set({0, 4, 5});
  seqLens.set({70, 20});
  blockTable.set({2, 0, 3, 1, -1, -1});
  pages.reset(std::aligned_alloc(FP8ATTN_ALIGNMENT, kPages * kPageBytes));
  std::memset(pages.get(), 0x38, kPages * kPageBytes);
  cache = {pages.get(), kPages, kPageBytes};

  fp8attn_context_init(&context);
  workspaceBytes =
      std::max(fuzz_write_workspace_bytes(1), fuzz_attend_workspace_bytes(1));
  workspaceBytes = (workspaceBytes + FP8ATTN_ALIGNMENT) / FP8ATTN_ALIGNMENT *
                   FP8ATTN_ALIGNMENT;
  workspace.reset(std::aligned_alloc(FP8ATTN_ALIGNMENT, workspaceBytes));
  context.workspace = workspace.get();
  context.workspace_bytes = workspaceBytes;

  const auto add = [&](auto &number) {
    numbers.push_back({&number, sizeof(number)});
  };
  for (OwnedTensor *owned : tensors) {
    add(owned->tensor.data);
    add(owned->tensor.type);
    add(owned->tensor.rank);
    for (int i = 0; i < 3; ++i) {
      add(owned->tensor.sizes[i]);
      add(owned->tensor.strides[i]);
    }
  }
  for (OwnedTensor *table :
       {&slots, &keyScale, &valueScale, &queryStart, &seqLens, &blockTable})
    for (size_t at = 0; at < table->bytes; at += table->elementBytes)
      numbers.push_back(
          {static_cast<char *>(table->memory.get()) + at, table->elementBytes});
  add(cache.num_pages);
  add(cache.page_bytes);
  add(context.abi_version);
  add(context.num_workers);
  add(context.isa_cap);
  add(context.workspace_bytes);
}

void Call::change(const uint8_t *data, size_t size) {
  constexpr size_t kChangeBytes = 1 + sizeof(int64_t);
  for (; size >= kChangeBytes; data += kChangeBytes, size -= kChangeBytes) {
    const Number &number = numbers[data[0] % numbers.size()];
    std::memcpy(number.place, data + 1, number.bytes);
  }
  // A changed pointer is null or not aligned; others would be wild.
  for (OwnedTensor *owned : tensors) {
    const auto offset = reinterpret_cast<uintptr_t>(owned->tensor.data) -
                        reinterpret_cast<uintptr_t>(owned->memory.get());
    if (owned->tensor.data && offset != 0)
      owned->tensor.data = static_cast<char *>(owned->memory.get()) + 1;
  }
}

bool Call::claimsTooMuch() const {
  for (OwnedTensor *owned : tensors)
    if (owned->claimsTooMuch())
      return true;
  const bool tooManyPages =
      cache.num_pages > kPages && cache.num_pages <= INT64_MAX / kPageBytes;
  return tooManyPages || context.workspace_bytes > workspaceBytes;
}

void Call::run() {
  fuzz_write(&context, &key.tensor, &value.tensor, &slots.tensor,
             &keyScale.tensor, &valueScale.tensor, &cache);
  fuzz_attend(&context, &query.tensor, &cache, &keyScale.tensor,
              &valueScale.tensor, &queryStart.tensor, &seqLens.tensor,
              &blockTable.tensor, &out.tensor, &lse.tensor);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Call call;
  call.change(data, size);
  if (!call.claimsTooMuch())
    call.run();
  return 0;
}
