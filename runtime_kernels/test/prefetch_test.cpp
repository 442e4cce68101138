//===- prefetch_test.cpp - what is fetched ahead, and when ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Prefetches change no result. Here the instruction is a function that notes
// the line, so that a run can be consumed and what was fetched compared with
// what is read.
//
//===----------------------------------------------------------------------===//

#include <immintrin.h>

#include <stdint.h>

/// Notes the line of a prefetch.
static void noteFetch(const char *line);
#undef _mm_prefetch
#define _mm_prefetch(address, hint) noteFetch(address)
#define FP8ATTN_KERNEL_NAMESPACE prefetchtest
#include "x86_amx/latent_prefetch.h"
#include "x86_vector/step_ahead.h"

#include "guarded_buffer.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <optional>
#include <unordered_map>
#include <vector>

namespace fp8attn::test {

/// How often each line was fetched.
static std::unordered_map<const uint8_t *, int> fetched;

namespace {
struct Shape {
  int64_t firstKey, numKeys, pageTokens;
  /// Of values in a latent cache 0.
  int64_t keyGranuleBytes, valueGranuleBytes;
};

/// A run over pages of keys and values, which nobody reads.
struct FetchedRun {
  GuardedBuffer<int32_t> pages;
  fp8attn_key_run run;

  /// Runs of different places share no lines.
  explicit FetchedRun(const Shape &shape, int64_t place = 0)
      : pages(static_cast<size_t>((shape.numKeys + shape.pageTokens - 1) /
                                      shape.pageTokens -
                                  shape.firstKey / shape.pageTokens)),
        run{} {
    const int64_t firstPage = shape.firstKey / shape.pageTokens;
    for (size_t i = 0; i < pages.size(); ++i)
      pages.begin()[i] = static_cast<int32_t>(7 * i % 64);
    place <<= 36;
    run.keys = reinterpret_cast<const uint8_t *>(place + (int64_t{1} << 32));
    if (shape.valueGranuleBytes > 0)
      run.values =
          reinterpret_cast<const uint8_t *>(place + (int64_t{1} << 40));
    run.key_granule_bytes = shape.keyGranuleBytes;
    run.value_granule_bytes = shape.valueGranuleBytes;
    const auto pageBytes = [&](int64_t granuleBytes) {
      const int64_t bytes =
          shape.pageTokens * granuleBytes / FP8ATTN_GRANULE + 63;
      return bytes / 64 * 64;
    };
    run.key_page_bytes = pageBytes(shape.keyGranuleBytes);
    run.value_page_bytes = pageBytes(shape.valueGranuleBytes);
    // Entries before the first key's page, and behind the last, do not exist.
    run.pages = pages.begin() - firstPage;
    run.page_tokens = shape.pageTokens;
    run.first_key = shape.firstKey;
    run.num_keys = shape.numKeys;
  }

  /// Returns the lines of a granule that exist.
  std::vector<const uint8_t *> lines(StepPart part, int64_t key) const {
    const bool areKeys = part == StepPart::kKeys;
    const uint8_t *head = areKeys ? run.keys : run.values;
    const int64_t pageBytes =
        areKeys ? run.key_page_bytes : run.value_page_bytes;
    const int64_t tokenBytes = bytes(part) / FP8ATTN_GRANULE;
    const int64_t together = run.page_tokens % 32 == 0   ? 32
                             : run.page_tokens % 16 == 0 ? 16
                                                         : 1;
    std::vector<const uint8_t *> result;
    for (int64_t token = key; token < key + FP8ATTN_GRANULE;
         token += together) {
      if (token >= run.num_keys || tokenBytes == 0)
        break;
      const uint8_t *first = head +
                             run.pages[token / run.page_tokens] * pageBytes +
                             token % run.page_tokens * tokenBytes;
      const uint8_t *line = first - reinterpret_cast<uintptr_t>(first) % 64;
      for (; line < first + together * tokenBytes; line += 64)
        if (result.empty() || line != result.back())
          result.push_back(line);
    }
    return result;
  }
  int64_t bytes(StepPart part) const {
    return part == StepPart::kKeys ? run.key_granule_bytes
                                   : run.value_granule_bytes;
  }
};
} // namespace

/// Consumes a part of a step, each granule in turns of eight parts of
/// `partBytes` bytes and a rest of turns of a line. Each line must have been
/// fetched before.
static void consume(const FetchedRun &run, StepPart part, int64_t key,
                    int64_t partBytes, PrefetchStream &stream) {
  const int64_t end = key + stepKeys(key, run.run.num_keys);
  for (; key < end; key += FP8ATTN_GRANULE) {
    const bool isRead = run.bytes(part) > 0;
    // As many values of a latent cache as keys.
    const int64_t bytes = isRead ? run.bytes(part) : run.bytes(StepPart::kKeys);
    for (const uint8_t *line : run.lines(part, key))
      ASSERT_GT(fetched[line], 0) << "a line of the granule at key " << key;
    for (int64_t done = 0, size; done < bytes; done += 8 * size) {
      size = bytes - done < 8 * partBytes ? 64 : partBytes;
      for (int64_t i = 0; i < 8; ++i)
        stream.fetch(i, size);
      stream.endParts(size);
    }
    stream.endGranule();
  }
}

/// Consumes a run with one stream, or with one for each part of a step.
static void consumeRun(const FetchedRun &run, int64_t partBytes, bool fused) {
  const fp8attn_key_run &r = run.run;
  fetched.clear();
  std::optional<PrefetchStream> stream;
  for (int64_t key = r.first_key; key < r.num_keys;
       key += stepKeys(key, r.num_keys))
    for (StepPart part : {StepPart::kKeys, StepPart::kValues}) {
      if (!fused || !stream)
        stream.emplace(r, r.first_key, key, 4, part);
      ASSERT_NO_FATAL_FAILURE(consume(run, part, key, partBytes, *stream));
    }
}

/// Returns the lines of a run from first_key on.
static std::unordered_map<const uint8_t *, int> linesOf(const FetchedRun &run) {
  std::unordered_map<const uint8_t *, int> lines;
  for (int64_t key = run.run.first_key; key < run.run.num_keys;
       key += FP8ATTN_GRANULE)
    for (StepPart part : {StepPart::kKeys, StepPart::kValues})
      for (const uint8_t *line : run.lines(part, key))
        lines[line] = 1;
  return lines;
}

/// Checks that nothing but the run was fetched, and the next one.
static void checkReads(const FetchedRun &run,
                       const FetchedRun *next = nullptr) {
  auto lines = linesOf(run);
  if (next)
    lines.merge(linesOf(*next));
  for (const auto &[line, times] : fetched)
    ASSERT_EQ(lines.count(line), 1u) << "a line outside of the run";
}

/// Checks that it was fetched, all of it, lines `mostTimes` times at most.
static void checkLines(const FetchedRun &run, int mostTimes = 1) {
  const auto lines = linesOf(run);
  const int64_t lastKey =
      run.run.first_key + (run.run.num_keys - 1 - run.run.first_key) /
                              FP8ATTN_GRANULE * FP8ATTN_GRANULE;
  const std::vector<const uint8_t *> last =
      run.lines(StepPart::kValues, lastKey);
  for (const auto &[line, times] : fetched) {
    ASSERT_EQ(lines.count(line), 1u) << "a line outside of the run";
    // The stream stays on the last granule.
    if (std::find(last.begin(), last.end(), line) == last.end())
      ASSERT_LE(times, mostTimes);
  }
  ASSERT_EQ(fetched.size(), lines.size());
}

// Granules of one size: every line once and before it is read.
TEST(PrefetchTest, EveryLineOnce) {
  for (int64_t granuleBytes : {512, 2048, 4096, 8192, 18432})
    for (int64_t firstKey : {0, 32, 224, 512})
      for (int64_t keys : {1, 32, 33, 256, 300, 1100})
        for (int64_t partBytes : {64, 256})
          for (bool fused : {false, true}) {
            SCOPED_TRACE(testing::Message()
                         << granuleBytes << " bytes, " << keys << " keys from "
                         << firstKey << ", parts of " << partBytes
                         << (fused ? ", fused" : ""));
            const FetchedRun run({firstKey, firstKey + keys, keys % 2 ? 32 : 96,
                                  granuleBytes, granuleBytes});
            ASSERT_NO_FATAL_FAILURE(consumeRun(run, partBytes, fused));
            ASSERT_NO_FATAL_FAILURE(checkLines(run));
          }
}

// Halves of granules that may be in pages of their own: the same.
TEST(PrefetchTest, PagesOfHalfGranules) {
  for (int64_t granuleBytes : {512, 2048, 4096, 8192, 18432})
    for (int64_t firstKey : {0, 32, 224, 512})
      for (int64_t keys : {1, 16, 17, 32, 33, 256, 300, 1100})
        for (int64_t partBytes : {64, 256})
          for (bool fused : {false, true}) {
            SCOPED_TRACE(testing::Message()
                         << granuleBytes << " bytes, " << keys << " keys from "
                         << firstKey << ", parts of " << partBytes
                         << (fused ? ", fused" : ""));
            const FetchedRun run({firstKey, firstKey + keys, keys % 2 ? 16 : 48,
                                  granuleBytes, granuleBytes});
            ASSERT_NO_FATAL_FAILURE(consumeRun(run, partBytes, fused));
            // A half that is not there is the first one, twice.
            const bool endsInHalf = (keys - 1) % FP8ATTN_GRANULE < 16;
            ASSERT_NO_FATAL_FAILURE(checkLines(run, endsInHalf ? 2 : 1));
          }
}

// Tokens that are rows, some of which share lines: every line before it is
// read, and nothing else. What the products fetch is there already.
TEST(PrefetchTest, Rows) {
  for (int64_t granuleBytes : {512, 1024, 4096, 18432})
    for (int64_t pageTokens : {1, 8, 40})
      for (int64_t firstKey : {0, 32, 224})
        for (int64_t keys : {1, 33, 300, 1100})
          for (bool fused : {false, true}) {
            SCOPED_TRACE(testing::Message()
                         << granuleBytes << " bytes, " << keys << " keys from "
                         << firstKey << ", pages of " << pageTokens
                         << (fused ? ", fused" : ""));
            const FetchedRun run({firstKey, firstKey + keys, pageTokens,
                                  granuleBytes, granuleBytes});
            ASSERT_NO_FATAL_FAILURE(consumeRun(run, 64, fused));
            fetched.erase(run.run.keys);
            ASSERT_NO_FATAL_FAILURE(checkReads(run));
          }
}

// Keys and values of two types or head sizes: every line before it is read.
TEST(PrefetchTest, GranulesOfTwoSizes) {
  // Values of 4 bits have an odd number of four lines.
  for (int64_t keyBytes : {512, 1024, 4096, 18432})
    for (int64_t valueBytes : {256, 512, 768, 8192, 16384})
      for (int64_t firstKey : {0, 224})
        for (bool fused : {false, true}) {
          SCOPED_TRACE(testing::Message()
                       << keyBytes << " and " << valueBytes << " bytes from "
                       << firstKey << (fused ? ", fused" : ""));
          const FetchedRun run({firstKey, 1111, 64, keyBytes, valueBytes});
          ASSERT_NO_FATAL_FAILURE(consumeRun(run, 64, fused));
        }
}

// Early turns, as between the rows of a softmax: every line before it is read,
// nothing outside of the run, and again only lines that are there already.
TEST(PrefetchTest, EarlyTurns) {
  for (int64_t granuleBytes : {1024, 2048, 4096, 18432})
    for (int64_t partBytes : {64, 128}) {
      SCOPED_TRACE(testing::Message()
                   << granuleBytes << " bytes, parts of " << partBytes);
      const FetchedRun run({32, 1132, 64, granuleBytes, granuleBytes});
      const fp8attn_key_run &r = run.run;
      fetched.clear();
      PrefetchStream stream(r, r.first_key, r.first_key, 4, StepPart::kKeys);
      for (int64_t key = r.first_key; key < r.num_keys;
           key += stepKeys(key, r.num_keys)) {
        ASSERT_NO_FATAL_FAILURE(
            consume(run, StepPart::kKeys, key, partBytes, stream));
        for (int row = 0; row < 5; ++row)
          stream.fetchEarly(partBytes);
        ASSERT_NO_FATAL_FAILURE(
            consume(run, StepPart::kValues, key, partBytes, stream));
      }
      ASSERT_NO_FATAL_FAILURE(checkLines(run, /*mostTimes=*/6));
    }
}

// In a latent cache values are read, and have no lines of their own: every line
// of keys before it is read, and nothing else.
TEST(PrefetchTest, LatentCache) {
  for (int64_t keyBytes : {1024, 4096, 18432})
    for (int64_t firstKey : {0, 224})
      for (int64_t keys : {1, 300, 1100})
        for (bool fused : {false, true}) {
          SCOPED_TRACE(testing::Message()
                       << keyBytes << " bytes, " << keys << " keys from "
                       << firstKey << (fused ? ", fused" : ""));
          const FetchedRun run({firstKey, firstKey + keys, 64, keyBytes, 0});
          ASSERT_NO_FATAL_FAILURE(consumeRun(run, 64, fused));
          ASSERT_NO_FATAL_FAILURE(checkReads(run));
        }
}

/// Lets `next` follow a run.
static void setNext(FetchedRun &run, const FetchedRun &next) {
  run.run.next = {next.run.keys, next.run.values, next.run.pages,
                  next.run.first_key, next.run.num_keys};
}

// At the end of a run, the begin of the next one: as much as is fetched at once
// where a run begins, line by line, and at most a group more. Nothing if the
// run is shorter than a group.
TEST(PrefetchTest, NextRun) {
  for (int64_t granuleBytes : {512, 2048, 4096, 18432})
    for (int64_t keys : {1, 33, 128, 300})
      for (int64_t nextKeys : {1, 100, 2000})
        for (bool fused : {false, true}) {
          SCOPED_TRACE(testing::Message()
                       << granuleBytes << " bytes, " << keys << " keys, then "
                       << nextKeys << (fused ? ", fused" : ""));
          FetchedRun run({0, keys, 64, granuleBytes, granuleBytes});
          const FetchedRun next(
              {64, 64 + nextKeys, 64, granuleBytes, granuleBytes}, 1);
          setNext(run, next);
          ASSERT_NO_FATAL_FAILURE(consumeRun(run, 64, fused));
          const auto lines = linesOf(run);
          const GranuleOrder order(next.run, next.run.first_key);
          const int64_t inTurn = granulesInTurn(granuleBytes);
          const int64_t lead = std::max(16384 / granuleBytes, inTurn);
          for (const auto &[line, times] : lines)
            ASSERT_EQ(fetched.count(line), 1u);
          const int64_t consumed = 2 * ((keys + 31) / 32);
          const int64_t ahead =
              consumed < inTurn
                  ? 0
                  : std::min({order.size(), lead, roundUp(consumed, inTurn)});
          for (int64_t i = 0; i < ahead; ++i)
            for (int64_t at = 0; at < granuleBytes; at += 64)
              ASSERT_EQ(fetched.count(order.at(i).data.early + at), 1u)
                  << "granule " << i << ", byte " << at;
          const int64_t most = consumed < inTurn ? 0 : lead + inTurn;
          for (int64_t i = most; i < order.size(); ++i)
            ASSERT_EQ(fetched.count(order.at(i).data.early), 0u)
                << "granule " << i;
          ASSERT_NO_FATAL_FAILURE(checkReads(run, &next));
        }
}

// Many rows fetch nothing.
TEST(PrefetchTest, ManyRows) {
  fetched.clear();
  const FetchedRun run({0, 300, 32, 4096, 4096});
  PrefetchStream stream(run.run, 0, 0, kFetchingRows + 1, StepPart::kKeys);
  stream.endGranule();
  EXPECT_TRUE(fetched.empty());
}

/// Fetches what a loop would that takes so many lines at a time.
static void fetchAhead(StepAhead &ahead, int64_t most) {
  for (LinesAhead lines = ahead.take(most); lines.next != lines.end;
       lines = ahead.take(most)) {
    ASSERT_LE(lines.end - lines.next, 64 * most);
    for (; lines.next != lines.end; lines.next += 64)
      noteFetch(reinterpret_cast<const char *>(lines.next));
  }
}

// Of many rows a step ahead: each line once, nothing before it is time to, and
// nothing else.
TEST(PrefetchTest, StepAhead) {
  for (int64_t keyBytes : {1024, 4096, 18432})
    for (int64_t valueBytes : {0, 512, 4096})
      for (int64_t pageTokens : {16, 32, 96})
        for (int64_t firstKey : {0, 224})
          for (int64_t most : {1, 5, 32}) {
            SCOPED_TRACE(testing::Message()
                         << keyBytes << " and " << valueBytes << " bytes from "
                         << firstKey << " on, pages of " << pageTokens << ", "
                         << most << " lines at a time");
            const FetchedRun run({0, 600, pageTokens, keyBytes, valueBytes});
            for (int64_t key = firstKey; key < 600; key += stepKeys(key, 600)) {
              fetched.clear();
              StepAhead ahead(run.run, key);
              ASSERT_NO_FATAL_FAILURE(fetchAhead(ahead, most));
              EXPECT_TRUE(fetched.empty());
              ahead.begin();
              ASSERT_NO_FATAL_FAILURE(fetchAhead(ahead, most));
              for (int64_t k = key; k < key + stepKeys(key, 600);
                   k += FP8ATTN_GRANULE)
                for (StepPart part : {StepPart::kKeys, StepPart::kValues})
                  for (const uint8_t *line : run.lines(part, k)) {
                    ASSERT_EQ(fetched[line], 1) << "key " << k;
                    fetched.erase(line);
                  }
              ASSERT_TRUE(fetched.empty());
            }
          }
}

// Behind the end there is no step, and rows are gathered where they are.
TEST(PrefetchTest, NoStepAhead) {
  const FetchedRun run({0, 600, 32, 4096, 4096});
  const FetchedRun rows({0, 600, 8, 4096, 4096});
  fetched.clear();
  StepAhead behind(run.run, 600), gathered(rows.run, 256);
  for (StepAhead *ahead : {&behind, &gathered}) {
    ahead->begin();
    ASSERT_NO_FATAL_FAILURE(fetchAhead(*ahead, 8));
  }
  EXPECT_TRUE(fetched.empty());
}

// A step ahead, however many turns there are beside it: every line before it is
// read, and nothing outside of the run.
TEST(PrefetchTest, LatentStepAhead) {
  for (int64_t keyBytes : {1024, 18432, 36864})
    for (int64_t firstKey : {0, 224, 512})
      for (int64_t keys : {1, 33, 130, 300, 1100})
        for (int turns : {0, 3, 700}) {
          SCOPED_TRACE(testing::Message()
                       << keyBytes << " bytes, " << keys << " keys from "
                       << firstKey << ", " << turns << " turns");
          const FetchedRun run(
              {firstKey, firstKey + keys, keys % 2 ? 32 : 96, keyBytes, 0});
          fetched.clear();
          LatentPrefetch stream(run.run, firstKey);
          for (int64_t key = firstKey, end; key < firstKey + keys; key = end) {
            end = key + stepKeys(key, run.run.num_keys);
            for (int64_t k = key; k < end; k += FP8ATTN_GRANULE)
              for (const uint8_t *line : run.lines(StepPart::kKeys, k))
                ASSERT_GT(fetched[line], 0)
                    << "a line of the granule at key " << k;
            stream.enterStep(end);
            for (int turn = 0; turn < turns; ++turn)
              stream.fetch<1>();
            stream.fetchEarly(0);
            stream.endStep();
          }
          ASSERT_NO_FATAL_FAILURE(checkReads(run));
        }
}

// Of a whole step, each line once.
TEST(PrefetchTest, LatentStepOnce) {
  const FetchedRun run({0, 300, 64, 18432, 0});
  fetched.clear();
  LatentPrefetch stream(run.run, 0);
  EXPECT_EQ(fetched.size(), size_t{8 * 18432 / 64});
  for (const auto &[line, times] : fetched)
    EXPECT_EQ(times, 1);
  ASSERT_NO_FATAL_FAILURE(checkReads(run));
}

} // namespace fp8attn::test

static void noteFetch(const char *line) {
  constexpr uintptr_t kLine = 64;
  const auto address = reinterpret_cast<uintptr_t>(line);
  ++fp8attn::test::fetched[reinterpret_cast<const uint8_t *>(address & -kLine)];
}
