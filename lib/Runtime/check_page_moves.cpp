//===- check_page_moves.cpp - pages that are copied over each other -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Copies of a list of pages run in any order and at the same time. Within one
// memory that is right if they have nothing to do with each other: no page that
// an entry writes is read or written by another.
//
// The pages that are written are marked in a map of bits, for as many pages at
// a time as have room on the stack: no memory is allocated. Ranges of pages in
// which nothing is written are passed over.
//
//===----------------------------------------------------------------------===//

#include "check_overlap.h"
#include "message.h"

#include <algorithm>
#include <cinttypes>

using fp8attn::fail;

/// Pages that are looked at in one pass over the list: 4 KB of bits, which a
/// thread with a small stack has.
static constexpr int64_t kPagesOfPass = 32768;
static constexpr int64_t kWordBits = 64;

namespace {
/// Pairs of pages, rows `stride` elements apart.
struct PageList {
  const int32_t *pages;
  int64_t count;
  int64_t stride;

  int64_t source(int64_t entry) const { return pages[entry * stride]; }
  int64_t destination(int64_t entry) const { return pages[entry * stride + 1]; }
};

/// Which pages of [begin, begin + kPagesOfPass) are written.
class PageSet {
public:
  explicit PageSet(int64_t begin) : begin(begin) {}

  bool covers(int64_t page) const {
    return page >= begin && page - begin < kPagesOfPass;
  }
  bool contains(int64_t page) const {
    const int64_t place = page - begin;
    return words[place / kWordBits] >> (place % kWordBits) & 1;
  }
  void insert(int64_t page) {
    const int64_t place = page - begin;
    words[place / kWordBits] |= uint64_t(1) << (place % kWordBits);
  }

private:
  int64_t begin;
  uint64_t words[kPagesOfPass / kWordBits] = {};
};
} // namespace

/// Reports that column `column` of `entry` is what another entry writes, the
/// first that does.
static int32_t failMove(fp8attn_context *context, const PageList &list,
                        int64_t entry, int column) {
  const int64_t page =
      column == 0 ? list.source(entry) : list.destination(entry);
  int64_t writer = 0;
  while (writer == entry || list.destination(writer) != page)
    ++writer;
  return fail(context, FP8ATTN_BAD_PAGE,
              "pages[%" PRId64 ", %d] is %" PRId64
              ", expected a page that pages[%" PRId64
              ", 1] does not write (source and destination share memory)",
              entry, column, page, writer);
}

/// Checks the entries that write pages of one pass, the first of which is
/// `begin`, and those that read them.
static int32_t checkPass(fp8attn_context *context, const PageList &list,
                         int64_t begin) {
  PageSet written(begin);
  for (int64_t i = 0; i < list.count; ++i) {
    const int64_t page = list.destination(i);
    if (!written.covers(page))
      continue;
    if (written.contains(page))
      return failMove(context, list, i, 1);
    written.insert(page);
  }
  for (int64_t i = 0; i < list.count; ++i) {
    const int64_t page = list.source(i);
    // A page that is copied to itself stays as it is.
    if (page != list.destination(i) && written.covers(page) &&
        written.contains(page))
      return failMove(context, list, i, 0);
  }
  return FP8ATTN_OK;
}

/// Returns the first page from `begin` on that is written, or -1.
static int64_t findWritten(const PageList &list, int64_t begin) {
  int64_t first = -1;
  for (int64_t i = 0; i < list.count; ++i) {
    const int64_t page = list.destination(i);
    if (page >= begin && (first < 0 || page < first))
      first = page;
  }
  return first;
}

int32_t fp8attn_check_page_moves(fp8attn_context *context, const int32_t *pages,
                                 int64_t count, int64_t stride,
                                 const fp8attn_operand *source,
                                 const fp8attn_operand *destination) {
  if (count <= 0 || !fp8attn::sharesMemory(source->tensor, destination->tensor))
    return FP8ATTN_OK;
  if (source->tensor.data != destination->tensor.data ||
      source->tensor.strides[0] != destination->tensor.strides[0])
    return fp8attn::failOverlap(context, *destination, *source,
                                " or the same pages");
  const PageList list = {pages, count, stride};
  int64_t begin = findWritten(list, 0);
  while (begin >= 0) {
    if (int32_t status = checkPass(context, list, begin))
      return status;
    begin = findWritten(list, begin + kPagesOfPass);
  }
  return FP8ATTN_OK;
}
