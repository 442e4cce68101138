//===- StatusTest.cpp - every enumerator has a text -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Texts of statuses and ISAs: present, different from each other, and harmless
// for values that are no enumerator.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/fp8attn.h"

#include "gtest/gtest.h"

#include <set>
#include <string>

TEST(Status, EveryStatusHasItsOwnSentence) {
  std::set<std::string> sentences;
  for (int status = FP8ATTN_OK; status <= FP8ATTN_OUT_OF_MEMORY; ++status)
    sentences.insert(fp8attn_status_string(status));
  EXPECT_EQ(sentences.size(), FP8ATTN_OUT_OF_MEMORY + 1u);
  EXPECT_EQ(sentences.count("unknown status"), 0u);
}

TEST(Status, UnknownStatusHasASentence) {
  // Of a runtime that has more.
  const int32_t unknown = FP8ATTN_OUT_OF_MEMORY + 1;
  EXPECT_STREQ(fp8attn_status_string(unknown), "unknown status");
}

TEST(Status, IsaNamesAreThoseOfKernels) {
  EXPECT_STREQ(fp8attn_isa_string(FP8ATTN_ISA_GENERIC), "generic");
  EXPECT_STREQ(fp8attn_isa_string(FP8ATTN_ISA_AVX2), "avx2");
  EXPECT_STREQ(fp8attn_isa_string(FP8ATTN_ISA_AVX512), "avx512");
  EXPECT_STREQ(fp8attn_isa_string(FP8ATTN_ISA_AVX512_BF16), "avx512_bf16");
  EXPECT_STREQ(fp8attn_isa_string(FP8ATTN_ISA_AMX_BF16), "amx_bf16");
  EXPECT_STREQ(fp8attn_isa_string(5), "unknown");
}
