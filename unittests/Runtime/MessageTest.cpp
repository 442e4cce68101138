//===- MessageTest.cpp - messages never overrun the context ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A text that is longer than the member is cut and terminated.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

#include "message.h"

#include <cstring>

using namespace fp8attn;
using MessageTest = RuntimeTest;

TEST_F(MessageTest, FailKeepsTheStatus) {
  expectFailure(fail(&context, FP8ATTN_BAD_SLOT, "slot %d", 7),
                FP8ATTN_BAD_SLOT, "slot 7");
}

TEST_F(MessageTest, LongTextIsCut) {
  std::string name(1000, 'x');
  EXPECT_EQ(fp8attn_check_size(&context, name.c_str(), 1, "y", 2),
            FP8ATTN_BAD_SIZE);
  EXPECT_EQ(strlen(context.message), sizeof(context.message) - 1);
}

TEST_F(MessageTest, ExplainReplacesTheText) {
  explain(&context, "a longer text");
  explain(&context, "%s", "short");
  EXPECT_STREQ(context.message, "short");
}
