//===- ParallelTest.cpp - the loop of generated code ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With a host's parallel loop, and without one.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

#include <vector>

using namespace fp8attn;
using ParallelTest = RuntimeTest;

namespace {
struct Range {
  int64_t begin;
  int64_t end;
  int32_t worker;
};
} // namespace

static void addRange(void *argument, int64_t begin, int64_t end,
                     int32_t worker) {
  static_cast<std::vector<Range> *>(argument)->push_back({begin, end, worker});
}

static void expectRange(const Range &range, int64_t begin, int64_t end,
                        int32_t worker) {
  EXPECT_EQ(range.begin, begin);
  EXPECT_EQ(range.end, end);
  EXPECT_EQ(range.worker, worker);
}

TEST_F(ParallelTest, SerialWithoutACallback) {
  context.num_workers = 4;
  std::vector<Range> ranges;
  EXPECT_EQ(fp8attn_parallel(&context, 10, addRange, &ranges), FP8ATTN_OK);
  ASSERT_EQ(ranges.size(), 1u);
  expectRange(ranges[0], 0, 10, 0);
}

TEST_F(ParallelTest, ThroughTheHostsCallback) {
  int calls = 0;
  context.pool = &calls;
  context.num_workers = 2;
  context.parallel_for = [](void *pool, int64_t count, fp8attn_body body,
                            void *argument) {
    ++*static_cast<int *>(pool);
    body(argument, 4, count, 1);
    body(argument, 0, 4, 0);
  };
  std::vector<Range> ranges;
  EXPECT_EQ(fp8attn_parallel(&context, 10, addRange, &ranges), FP8ATTN_OK);
  EXPECT_EQ(calls, 1);
  ASSERT_EQ(ranges.size(), 2u);
  expectRange(ranges[0], 4, 10, 1);
  expectRange(ranges[1], 0, 4, 0);
}

TEST_F(ParallelTest, RefusesWrongWorkers) {
  context.num_workers = 2;
  context.parallel_for = [](void *, int64_t count, fp8attn_body body,
                            void *argument) {
    body(argument, 0, 4, 1);
    body(argument, 4, count, 2);
  };
  std::vector<Range> ranges;
  EXPECT_EQ(fp8attn_parallel(&context, 10, addRange, &ranges),
            FP8ATTN_BAD_CONTEXT);
  EXPECT_STREQ(context.message,
               "parallel_for passed worker 2, expected 0 to 1");
  ASSERT_EQ(ranges.size(), 1u);
  expectRange(ranges[0], 0, 4, 1);

  context.parallel_for = [](void *, int64_t count, fp8attn_body body,
                            void *argument) { body(argument, 0, count, -1); };
  EXPECT_EQ(fp8attn_parallel(&context, 10, addRange, nullptr),
            FP8ATTN_BAD_CONTEXT);
  EXPECT_STREQ(context.message,
               "parallel_for passed worker -1, expected 0 to 1");
}

TEST_F(ParallelTest, NothingToDoCallsNobody) {
  context.parallel_for = [](void *, int64_t, fp8attn_body, void *) {
    ADD_FAILURE() << "called";
  };
  fp8attn_parallel(&context, 0, addRange, nullptr);
  fp8attn_parallel(&context, -3, addRange, nullptr);
}
