//===- CrossTest.cpp - an object for another architecture -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program for AArch64 that is compiled here and run by an emulator: generic
// kernels, the runtime, and a model from the cross-compiling fp8attn-compile.
//
//===----------------------------------------------------------------------===//

#include "FloatModes.h"
#include "ObjectModel.h"

#include "cross.h"

const Model kModels[] = {FP8ATTN_LINKED_MODEL(cross)};
const size_t kNumModels = std::size(kModels);

/// A decode step, a chunk of a prompt and a prompt.
static Problem makeProblem() {
  return Problem(kModels[0], {{1, 150}, {17, 60}, {50, 50}});
}

TEST(Cross, AgreesWithTheReference) {
  Problem problem = makeProblem();
  ASSERT_TRUE(ranOn(problem, problem.write(), FP8ATTN_ISA_GENERIC));
  EXPECT_STREQ(problem.context.message, "the CPU is not x86-64");
  ASSERT_TRUE(ranOn(problem, problem.attend(), FP8ATTN_ISA_GENERIC));
  EXPECT_TRUE(agrees(problem, problem.referenceAttend()));
}

TEST(Cross, ThreadsGiveTheSameBits) {
  Problem problem = makeProblem();
  ASSERT_EQ(problem.write(), FP8ATTN_OK) << problem.context.message;
  ASSERT_EQ(problem.attend(), FP8ATTN_OK) << problem.context.message;
  const std::vector<uint16_t> serial = problem.out;
  problem.forget();
  problem.setWorkers(3);
  ASSERT_EQ(problem.write(), FP8ATTN_OK) << problem.context.message;
  ASSERT_EQ(problem.attend(), FP8ATTN_OK) << problem.context.message;
  EXPECT_EQ(problem.out, serial);
}

TEST(Cross, ChecksArguments) {
  Problem problem = makeProblem();
  problem.slots[3] = problem.numPages * problem.model.pageTokens;
  EXPECT_EQ(problem.write(), FP8ATTN_BAD_SLOT);
  EXPECT_NE(std::string(problem.context.message).find("slots[3] is "),
            std::string::npos)
      << problem.context.message;
}

TEST(Cross, HostsInOtherFloatModesGetTheSameBits) {
  Problem expected = makeProblem();
  ASSERT_EQ(expected.write(), FP8ATTN_OK) << expected.context.message;
  ASSERT_EQ(expected.attend(), FP8ATTN_OK) << expected.context.message;
  ASSERT_GT(floatModes().size(), 1u);
  for (const FloatMode &mode : floatModes()) {
    SCOPED_TRACE(mode.name);
    Problem problem = makeProblem();
    const Arguments arguments = problem.arguments();
    setFloatMode(mode.bits);
    const fp8attn_status written = problem.write(arguments);
    const fp8attn_status attended = problem.attend(arguments);
    const uint64_t after = getFloatMode();
    setFloatMode(floatModes().front().bits);
    ASSERT_EQ(written, FP8ATTN_OK) << problem.context.message;
    ASSERT_EQ(attended, FP8ATTN_OK) << problem.context.message;
    EXPECT_EQ(after, mode.bits);
    EXPECT_TRUE(problem.keyCache == expected.keyCache);
    EXPECT_EQ(problem.out, expected.out);
  }
}
