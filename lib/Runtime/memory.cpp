//===- memory.cpp - memory that functions of a model allocate -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The blocks of a call are linked, so that all are given back however it ends.
// What a function gives back earlier is looked for among them, and left alone
// if it is not there: it may be an argument, or given back already.
//
//===----------------------------------------------------------------------===//

#include "message.h"

#include "fp8attn/Runtime/lowering_abi.h"

#include <algorithm>
#include <cinttypes>
#include <cstdlib>

namespace {
/// What stands at the begin of each block, before its data.
struct Block {
  Block *older;
  void *data;
};
} // namespace

/// Finds the bytes of `rank` sizes, or refuses them.
static int32_t countBytes(fp8attn_context *context, int32_t rank,
                          const int64_t *sizes, int64_t elementBytes,
                          int64_t *bytes) {
  bool isEmpty = false;
  for (int32_t dim = 0; dim < rank; ++dim) {
    if (sizes[dim] < 0)
      return fp8attn::fail(context, FP8ATTN_BAD_SIZE,
                           "memref.alloc of size %" PRId64
                           " in dimension %" PRId32 ", expected at least 0",
                           sizes[dim], dim);
    isEmpty |= sizes[dim] == 0;
  }
  *bytes = isEmpty ? 0 : elementBytes;
  for (int32_t dim = 0; dim < rank; ++dim)
    if (__builtin_mul_overflow(*bytes, sizes[dim], bytes))
      return fp8attn::fail(context, FP8ATTN_OUT_OF_MEMORY,
                           "memref.alloc of more bytes than 64 bits can count");
  return FP8ATTN_OK;
}

int32_t fp8attn_allocate(fp8attn_memory *memory, int32_t rank,
                         const int64_t *sizes, int64_t element_bytes,
                         int64_t alignment, void **data) {
  // Several bodies of a loop run at once: no text of theirs is kept.
  fp8attn_context unread;
  fp8attn_context *context = memory->context ? memory->context : &unread;
  *data = nullptr;
  int64_t bytes;
  if (int32_t status = countBytes(context, rank, sizes, element_bytes, &bytes))
    return status;

  alignment = std::max<int64_t>(alignment, FP8ATTN_ALIGNMENT);
  int64_t all;
  void *start = nullptr;
  if (!__builtin_add_overflow(bytes, alignment + int64_t(sizeof(Block)),
                              &all) &&
      uint64_t(all) <= SIZE_MAX)
    start = malloc(all);
  if (!start)
    return fp8attn::fail(
        context, FP8ATTN_OUT_OF_MEMORY,
        "memref.alloc of %" PRId64 " bytes, and there is no memory", bytes);
  auto *block = static_cast<Block *>(start);
  uintptr_t first = reinterpret_cast<uintptr_t>(block + 1);
  block->data =
      reinterpret_cast<char *>(block + 1) + (-first & (alignment - 1));
  block->older = static_cast<Block *>(memory->newest);
  memory->newest = block;
  *data = block->data;
  return FP8ATTN_OK;
}

void fp8attn_release(fp8attn_memory *memory, const void *data) {
  Block *newer = nullptr;
  auto *block = static_cast<Block *>(memory->newest);
  for (; block && block->data != data; block = block->older)
    newer = block;
  if (!block)
    return;
  if (newer)
    newer->older = block->older;
  else
    memory->newest = block->older;
  free(block);
}

void fp8attn_release_all(fp8attn_memory *memory) {
  while (auto *block = static_cast<Block *>(memory->newest)) {
    memory->newest = block->older;
    free(block);
  }
}

int32_t fp8attn_check_bodies(fp8attn_context *context, int32_t status) {
  if (status == FP8ATTN_OK)
    return FP8ATTN_OK;
  if (status == FP8ATTN_BAD_SIZE)
    return fp8attn::fail(context, FP8ATTN_BAD_SIZE,
                         "memref.alloc of a negative size in a parallel loop");
  return fp8attn::fail(context, FP8ATTN_OUT_OF_MEMORY,
                       "memref.alloc in a parallel loop, and there is no "
                       "memory");
}
