//===- Expect.h - expectations about checks ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A check has a status and a text; tests name both.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_UNITTESTS_RUNTIME_EXPECT_H
#define FP8ATTN_UNITTESTS_RUNTIME_EXPECT_H

#include "fp8attn/Runtime/lowering_abi.h"

#include "gtest/gtest.h"

#include <string>

namespace fp8attn {

/// A test with a context that has its defaults.
class RuntimeTest : public testing::Test {
protected:
  RuntimeTest() { fp8attn_context_init(&context); }

  /// Expects a refusal with this status and text, of a check that has run.
  void expectFailure(int32_t got, fp8attn_status status, const char *message) {
    EXPECT_EQ(got, status);
    EXPECT_STREQ(context.message, message);
  }

  fp8attn_context context;
};

/// Returns an address that nothing may read, `offset` beyond an aligned one.
inline void *fakeAddress(uintptr_t offset = 0) {
  return reinterpret_cast<void *>(0x10000 + offset);
}

} // namespace fp8attn

#endif // FP8ATTN_UNITTESTS_RUNTIME_EXPECT_H
