//===- FloatEnvironmentTest.cpp - the mode that results are defined in ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The environment between enter and leave, and behind it; and that of a loop's
// ranges on threads that have others.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"
#include "FloatModes.h"

#include <thread>

using FloatEnvironmentTest = fp8attn::RuntimeTest;

/// Returns the default mode.
static uint64_t defaultMode() { return floatModes().front().bits; }

TEST_F(FloatEnvironmentTest, IsTheDefaultInsideAndTheHostsOutside) {
  for (const FloatMode &mode : floatModes()) {
    SCOPED_TRACE(mode.name);
    setFloatMode(mode.bits);
    const int64_t saved = fp8attn_enter_environment();
    const uint64_t inside = getFloatMode();
    // Inexact: a host that traps would die of it, and none has it in its flags.
    volatile float third = 1;
    third = third / 3;
    fp8attn_leave_environment(saved);
    const uint64_t after = getFloatMode();
    setFloatMode(defaultMode());
    EXPECT_EQ(inside, defaultMode());
    EXPECT_EQ(after, mode.bits);
  }
}

namespace {
/// A host's loop on a thread of its own.
struct ThreadLoop {
  uint64_t mode;
  uint64_t modeAfter;
};
} // namespace

static void runOnThread(void *pool, int64_t count, fp8attn_body body,
                        void *argument) {
  auto *loop = static_cast<ThreadLoop *>(pool);
  std::thread([=] {
    setFloatMode(loop->mode);
    body(argument, 0, count, 0);
    loop->modeAfter = getFloatMode();
  }).join();
}

TEST_F(FloatEnvironmentTest, OfRangesOnTheHostsThreads) {
  for (const FloatMode &mode : floatModes()) {
    SCOPED_TRACE(mode.name);
    ThreadLoop loop = {mode.bits, 0};
    context.parallel_for = runOnThread;
    context.pool = &loop;
    uint64_t inside = ~defaultMode();
    const fp8attn_body body = [](void *argument, int64_t, int64_t, int32_t) {
      *static_cast<uint64_t *>(argument) = getFloatMode();
      setFloatMode(floatModes().back().bits);
    };
    EXPECT_EQ(fp8attn_parallel(&context, 1, body, &inside), FP8ATTN_OK);
    EXPECT_EQ(inside, defaultMode());
    EXPECT_EQ(loop.modeAfter, mode.bits);
  }
}
