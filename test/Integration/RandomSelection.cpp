//===- RandomSelection.cpp - random lists of keys -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "RandomSelection.h"

#include "Draw.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cstring>

namespace reference = fp8attn::reference;

/// Calls `take` with each list and slot that an entry of it shows.
template <typename Take>
static void forEachSeen(const Problem &problem, Take take) {
  const Model &model = problem.model;
  const int64_t lists = model.listsOfToken(), unit = model.selectedUnit();
  for (size_t s = 0; s < problem.sequences.size(); ++s)
    for (int64_t i = 0; i < problem.sequences[s].queries; ++i)
      for (int64_t list = 0; list < lists; ++list)
        for (int64_t e = 0; e < problem.entriesOfList; ++e) {
          const int64_t row = (problem.queryStart[s] + i) * lists + list;
          const int64_t entry =
              problem.selected[row * problem.entriesOfList + e];
          const int64_t end =
              std::min<int64_t>((entry + 1) * unit, problem.seqLens[s]);
          for (int64_t key = std::max<int64_t>(entry, 0) * unit; key < end;
               ++key)
            if (problem.sees(s, i, key))
              take(list, int64_t(s) * problem.maxPages + key / model.pageTokens,
                   key % model.pageTokens);
        }
}

Selection drawSelection(Draw &draw, Problem &problem) {
  const Model &model = problem.model;
  const int64_t units =
      problem.maxPages * model.pageTokens / model.selectedUnit();
  problem.entriesOfList = draw.oneOf<int64_t>({0, 1, 3, 20, units, units + 7});
  problem.selected.resize(problem.queryStart.back() * model.listsOfToken() *
                          problem.entriesOfList);
  for (int32_t &entry : problem.selected)
    entry = static_cast<int32_t>(draw.between(-1, units - 1));

  Selection selection;
  selection.isSeen.resize(
      model.listsOfToken(),
      std::vector<bool>(problem.numPages * model.pageTokens));
  std::vector<bool> isRead(problem.blockTable.size());
  forEachSeen(problem, [&](int64_t list, int64_t entry, int64_t token) {
    isRead[entry] = true;
    selection
        .isSeen[list][problem.blockTable[entry] * model.pageTokens + token] =
        true;
  });
  for (size_t i = 0; i < isRead.size(); ++i)
    if (!isRead[i])
      problem.blockTable[i] = -1;
  return selection;
}

/// Makes other elements of a head's token, if they have bytes of their own.
static void hide(const reference::CachePart &part, int64_t slot, int64_t head) {
  for (int64_t c = 0; c < part.headDim; ++c) {
    const int64_t bits = reference::elementBits(part.typeOf(c));
    if (bits >= 8)
      std::memset(part.data + part.byte(slot / part.pageTokens, head,
                                        slot % part.pageTokens, c),
                  bits == 8 && part.type == FP8ATTN_TYPE_I8 ? 0x7F : 0xFF,
                  bits / 8);
  }
}

void Selection::hideOthers(const Problem &problem) const {
  const Model &model = problem.model;
  const auto lists = int64_t(isSeen.size()), heads = model.numHeads();
  const reference::PairsCache cache = problem.referenceCache();
  for (const reference::CachePart *part : {&cache.keys, &cache.values})
    for (int64_t head = 0; head < part->heads; ++head) {
      // The lists of the query heads that attend to this one.
      const int64_t group = heads / part->heads, ofList = heads / lists;
      const int64_t first = head * group / ofList,
                    last = ((head + 1) * group - 1) / ofList;
      for (size_t slot = 0; slot < isSeen[0].size(); ++slot)
        if (std::none_of(isSeen.begin() + first, isSeen.begin() + last + 1,
                         [&](const auto &list) { return list[slot]; }))
          hide(*part, int64_t(slot), head);
    }
}
