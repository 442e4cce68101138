//===- CrossSkipped.cpp - why CrossTest.cpp does not run here -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Stands for CrossTest.cpp where something is missing (Cross.cmake says what),
// so that the summary of the suite lists it.
//
//===----------------------------------------------------------------------===//

#include "gtest/gtest.h"

TEST(Cross, AgreesWithTheReference) { GTEST_SKIP() << FP8ATTN_MISSING; }
