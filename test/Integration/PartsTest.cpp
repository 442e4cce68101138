//===- PartsTest.cpp - blocks of rows whose keys are divided --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Few blocks of rows over many keys are divided among workers. Results must be
// those of one worker, bit for bit, whoever computes which part and whichever
// is ready last, and those of double precision.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"
#include "Loops.h"

#include "fp8attn/Runtime/kernels.h"

namespace {
class PartsTest : public IsaTest {
protected:
  /// Three parts of keys for one query of each head.
  static constexpr int64_t kKeys = 2 * FP8ATTN_PART_KEYS + 300;
};

/// Parallel loops that write down how many indices they were given.
struct CountingLoop {
  fp8attn_parallel_for loop;
  int64_t count = 0;

  static void run(void *pool, int64_t count, fp8attn_body body,
                  void *argument) {
    auto &self = *static_cast<CountingLoop *>(pool);
    self.count = count;
    self.loop(nullptr, count, body, argument);
  }
};
} // namespace

TEST_P(PartsTest, AgreesWithTheReference) {
  Problem problem = makeProblem({{1, kKeys}});
  problem.setWorkers(8);
  write(problem);
  attend(problem);
  EXPECT_TRUE(agrees(problem, problem.referenceAttend()));
}

TEST_P(PartsTest, AnyOrderOfParts) {
  Problem problem = makeProblem({{1, kKeys}});
  write(problem);
  CountingLoop serial{runBackwards};
  problem.context.pool = &serial;
  problem.context.parallel_for = CountingLoop::run;
  attend(problem);
  const std::vector<uint16_t> out = problem.out;
  const std::vector<float> lse = problem.lse;

  problem.context.num_workers = kLoopWorkers;
  for (fp8attn_parallel_for loop : kLoops) {
    CountingLoop divided{loop};
    problem.context.pool = &divided;
    problem.forget();
    write(problem);
    attend(problem);
    EXPECT_EQ(divided.count, 3 * serial.count);
    EXPECT_EQ(problem.out, out);
    EXPECT_EQ(problem.lse, lse);
  }
}

/// The end of a prompt in one call, in which blocks are not divided, and its
/// last tokens on their own, where they are.
TEST_P(PartsTest, ChunksOfAPrompt) {
  constexpr int64_t kTokens = FP8ATTN_PART_KEYS + 130, kLast = 5;
  Problem whole = makeProblem({{150, kTokens}});
  write(whole);
  attend(whole);

  Problem chunk = makeProblem({{kLast, kTokens}});
  const auto copyLast = [](const std::vector<uint16_t> &from,
                           std::vector<uint16_t> &to) {
    std::copy(from.end() - std::ptrdiff_t(to.size()), from.end(), to.begin());
  };
  copyLast(whole.query, chunk.query);
  chunk.key = whole.key;
  chunk.value = whole.value;
  chunk.keyScale = whole.keyScale;
  chunk.valueScale = whole.valueScale;
  chunk.sink = whole.sink;
  chunk.setWorkers(8);
  write(chunk);
  attend(chunk);
  std::vector<uint16_t> last(chunk.out.size());
  copyLast(whole.out, last);
  EXPECT_EQ(chunk.out, last);
}

/// Sequences of one part, of several and of none, few rows and many.
TEST_P(PartsTest, RaggedBatch) {
  Problem problem =
      makeProblem({{3, 70}, {20, kKeys}, {0, 50}, {2, 0}, {1, 2049}});
  write(problem);
  attend(problem);
  const std::vector<uint16_t> out = problem.out;
  EXPECT_TRUE(agrees(problem, problem.referenceAttend()));
  for (int32_t workers : {16, 40}) {
    problem.setWorkers(workers);
    attend(problem);
    EXPECT_EQ(problem.out, out) << workers << " workers";
  }
}

/// The states of parts are within the workspace.
TEST_P(PartsTest, WorkspaceEndsWhereItSays) {
  Problem problem = makeProblem({{1, kKeys}});
  write(problem);
  constexpr int64_t kGuard = 4096;
  const int64_t bytes = model().attendWorkspaceBytes(kLoopWorkers);
  const AlignedBytes workspace(bytes + kGuard, 0xA5);
  problem.context.num_workers = kLoopWorkers;
  problem.context.parallel_for = runOnOtherWorkers;
  problem.context.workspace = workspace.data();
  problem.context.workspace_bytes = bytes;
  ASSERT_EQ(model().attend(&problem.context, problem.arguments()), FP8ATTN_OK);
  EXPECT_EQ(std::count(workspace.data() + bytes,
                       workspace.data() + bytes + kGuard, 0xA5),
            kGuard);
}

FP8ATTN_INSTANTIATE(PartsTest, "llama");
// Separate kernels for one query: values of another type.
INSTANTIATE_TEST_SUITE_P(
    ManyRows, PartsTest,
    testing::Combine(testing::ValuesIn(modelsNamed("sweep_mla_bf16")),
                     testing::ValuesIn(testedIsas())),
    isaTestName);
