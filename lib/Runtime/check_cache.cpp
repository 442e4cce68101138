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

/// Demands a number of pages.
static int32_t checkCount(fp8attn_context *context, const fp8attn_cache *cache,
                          const char *name) {
  if (!cache)
    return fail(context, FP8ATTN_NULL_POINTER, "%s is null, expected a cache",
                name);
  if (cache->num_pages < 0)
    return fail(context, FP8ATTN_BAD_SIZE,
                "%s.num_pages is %" PRId64 ", expected at least 0", name,
                cache->num_pages);
  return FP8ATTN_OK;
}

/// Demands memory for pages of the cache's size.
static int32_t checkMemory(fp8attn_context *context, const fp8attn_cache *cache,
                           const char *name) {
  int64_t bytes;
  if (__builtin_mul_overflow(cache->num_pages, cache->page_bytes, &bytes))
    return fail(context, FP8ATTN_BAD_SIZE,
                "%s.num_pages is %" PRId64 ", expected at most %" PRId64
                " pages of %" PRId64 " bytes",
                name, cache->num_pages, INT64_MAX / cache->page_bytes,
                cache->page_bytes);
  return checkPages(context, cache->data, name, bytes);
}

int32_t fp8attn_check_cache(fp8attn_context *context,
                            const fp8attn_cache *cache, const char *name,
                            int64_t page_bytes) {
  if (int32_t status = checkCount(context, cache, name))
    return status;
  if (cache->page_bytes < page_bytes || cache->page_bytes % FP8ATTN_ALIGNMENT)
    return fail(context, FP8ATTN_BAD_SIZE,
                "%s.page_bytes is %" PRId64 ", expected at least %" PRId64
                ", a multiple of %d",
                name, cache->page_bytes, page_bytes, FP8ATTN_ALIGNMENT);
  return checkMemory(context, cache, name);
}

int32_t fp8attn_check_rows(fp8attn_context *context, const fp8attn_cache *cache,
                           const char *name, int64_t page_bytes,
                           int64_t row_bytes) {
  if (int32_t status = checkCount(context, cache, name))
    return status;
  if (cache->page_bytes != page_bytes)
    return fail(context, FP8ATTN_BAD_SIZE,
                "%s.page_bytes is %" PRId64 ", expected %" PRId64
                ", a row of %" PRId64 " bytes for each of %" PRId64 " tokens",
                name, cache->page_bytes, page_bytes, row_bytes,
                page_bytes / row_bytes);
  return checkMemory(context, cache, name);
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

namespace {
/// Columns of a list that name pages of one cache.
struct PageColumns {
  const char *cache;
  int64_t begin, count, num_pages;

  /// Several pages hold the tokens of one of the other cache; -1 is none.
  bool mayBeAbsent() const { return count > 1; }
  bool isOutside(int32_t page) const {
    return page >= num_pages || page < (mayBeAbsent() ? -1 : 0);
  }
  /// Returns the first column of an entry that is outside, or -1.
  int64_t findOutside(const int32_t *entry) const {
    for (int64_t column = begin; column < begin + count; ++column)
      if (isOutside(entry[column]))
        return column;
    return -1;
  }
};
} // namespace

/// Reports a page that is not there.
static int32_t failPage(fp8attn_context *context, const PageColumns &columns,
                        int64_t index, int64_t column, int32_t page) {
  if (columns.mayBeAbsent())
    return fail(context, FP8ATTN_BAD_PAGE,
                "pages[%" PRId64 ", %" PRId64 "] is %" PRId32
                ", expected -1 (no page) or 0 to less than %" PRId64
                " (the pages of %s)",
                index, column, page, columns.num_pages, columns.cache);
  if (columns.num_pages == 0)
    return fail(context, FP8ATTN_BAD_PAGE,
                "pages[%" PRId64 ", %" PRId64 "] is %" PRId32
                ", expected no entry as %s has 0 pages",
                index, column, page, columns.cache);
  return fail(context, FP8ATTN_BAD_PAGE,
              "pages[%" PRId64 ", %" PRId64 "] is %" PRId32
              ", expected 0 to %" PRId64 " (the pages of %s)",
              index, column, page, columns.num_pages - 1, columns.cache);
}

int32_t fp8attn_check_pages(fp8attn_context *context, const int32_t *pages,
                            int64_t count, int64_t stride,
                            int64_t source_columns, int64_t num_source_pages,
                            int64_t destination_columns,
                            int64_t num_destination_pages) {
  if (count <= 0)
    return FP8ATTN_OK;
  if (!pages)
    return fail(context, FP8ATTN_NULL_POINTER,
                "pages is null, expected %" PRId64 " entries", count);
  const PageColumns source = {"source", 0, source_columns, num_source_pages};
  const PageColumns destination = {"destination", source_columns,
                                   destination_columns, num_destination_pages};
  int64_t index = fp8attn::findFirst(count, [=](int64_t i) {
    const int32_t *entry = pages + i * stride;
    return source.findOutside(entry) >= 0 ||
           destination.findOutside(entry) >= 0;
  });
  if (index < 0)
    return FP8ATTN_OK;
  const int32_t *entry = pages + index * stride;
  const PageColumns both[] = {source, destination};
  for (const PageColumns &columns : both)
    if (int64_t column = columns.findOutside(entry); column >= 0)
      return failPage(context, columns, index, column, entry[column]);
  return FP8ATTN_OK;
}
