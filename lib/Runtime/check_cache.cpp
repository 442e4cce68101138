//===- check_cache.cpp - checks of caches, slots and pages -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The checks of what belongs to a cache: its memory, the slots that new tokens
// go to, and the pages that are copied.
//
//===----------------------------------------------------------------------===//

#include "message.h"
#include "scan.h"

#include "fp8attn/Runtime/lowering_abi.h"

#include <cinttypes>

using fp8attn::fail;

/// Demands aligned memory, of `bytes` bytes, for pages.
static int32_t checkPages(fp8attn_context *context, const void *data,
                          const char *name, int64_t bytes) {
  if (bytes == 0)
    return FP8ATTN_OK;
  if (!data)
    return fail(context, FP8ATTN_NULL_POINTER,
                "%s.data is null, expected %" PRId64 " bytes", name, bytes);
  auto address = reinterpret_cast<uintptr_t>(data);
  if (address % FP8ATTN_ALIGNMENT)
    return fail(context, FP8ATTN_MISALIGNED,
                "%s.data is 0x%" PRIxPTR ", expected a multiple of %d", name,
                address, FP8ATTN_ALIGNMENT);
  return FP8ATTN_OK;
}

int32_t fp8attn_check_cache(fp8attn_context *context,
                            const fp8attn_cache *cache, const char *name,
                            int64_t page_bytes) {
  if (!cache)
    return fail(context, FP8ATTN_NULL_POINTER, "%s is null, expected a cache",
                name);
  if (cache->num_pages < 0)
    return fail(context, FP8ATTN_BAD_SIZE,
                "%s.num_pages is %" PRId64 ", expected at least 0", name,
                cache->num_pages);
  if (cache->page_bytes < page_bytes || cache->page_bytes % FP8ATTN_ALIGNMENT)
    return fail(context, FP8ATTN_BAD_SIZE,
                "%s.page_bytes is %" PRId64 ", expected at least %" PRId64
                ", a multiple of %d",
                name, cache->page_bytes, page_bytes, FP8ATTN_ALIGNMENT);
  int64_t bytes;
  if (__builtin_mul_overflow(cache->num_pages, cache->page_bytes, &bytes))
    return fail(context, FP8ATTN_BAD_SIZE,
                "%s.num_pages is %" PRId64 ", expected at most %" PRId64
                " pages of %" PRId64 " bytes",
                name, cache->num_pages, INT64_MAX / cache->page_bytes,
                cache->page_bytes);
  return checkPages(context, cache->data, name, bytes);
}

int32_t fp8attn_check_view(fp8attn_context *context, const char *name,
                           const void *data, int64_t bytes,
                           int64_t page_bytes) {
  if (bytes < 0 || bytes % page_bytes)
    return fail(context, FP8ATTN_BAD_SIZE,
                "%s is a view of %" PRId64
                " bytes, expected a multiple of %" PRId64
                " (the bytes of a page)",
                name, bytes, page_bytes);
  return checkPages(context, data, name, bytes);
}

int32_t fp8attn_check_slots(fp8attn_context *context, const int64_t *slots,
                            int64_t count, int64_t num_slots) {
  if (count <= 0)
    return FP8ATTN_OK;
  if (!slots)
    return fail(context, FP8ATTN_NULL_POINTER,
                "slots is null, expected %" PRId64 " slots", count);
  int64_t index = fp8attn::findFirst(
      count, [=](int64_t i) { return slots[i] >= num_slots && slots[i] >= 0; });
  if (index < 0)
    return FP8ATTN_OK;
  return fail(context, FP8ATTN_BAD_SLOT,
              "slots[%" PRId64 "] is %" PRId64 ", expected less than %" PRId64
              " (the slots of the cache)",
              index, slots[index], num_slots);
}

int32_t fp8attn_check_pages(fp8attn_context *context, const int32_t *pages,
                            int64_t count, int64_t stride,
                            int64_t num_source_pages,
                            int64_t num_destination_pages) {
  if (count <= 0)
    return FP8ATTN_OK;
  if (!pages)
    return fail(context, FP8ATTN_NULL_POINTER,
                "pages is null, expected %" PRId64 " pairs", count);
  const auto isOutside = [](int32_t page, int64_t num_pages) {
    return page < 0 || page >= num_pages;
  };
  int64_t index = fp8attn::findFirst(count, [=](int64_t i) {
    return isOutside(pages[i * stride], num_source_pages) ||
           isOutside(pages[i * stride + 1], num_destination_pages);
  });
  if (index < 0)
    return FP8ATTN_OK;
  const int32_t *entry = pages + index * stride;
  const int column = isOutside(entry[0], num_source_pages) ? 0 : 1;
  const char *cache = column == 0 ? "source" : "destination";
  const int64_t num_pages =
      column == 0 ? num_source_pages : num_destination_pages;
  if (num_pages == 0)
    return fail(context, FP8ATTN_BAD_PAGE,
                "pages[%" PRId64 ", %d] is %" PRId32
                ", expected no entry as %s has 0 pages",
                index, column, entry[column], cache);
  return fail(context, FP8ATTN_BAD_PAGE,
              "pages[%" PRId64 ", %d] is %" PRId32 ", expected 0 to %" PRId64
              " (the pages of %s)",
              index, column, entry[column], num_pages - 1, cache);
}
