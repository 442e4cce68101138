//===- TestedIsas.h - which ISAs a program tests ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each program that is linked of the same tests has a file that answers this:
// NativeIsas.cpp, EmulatedIsas.cpp or OnAvx2Isas.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_TESTEDISAS_H
#define FP8ATTN_TEST_INTEGRATION_TESTEDISAS_H

#include "fp8attn/Runtime/fp8attn.h"

#include "gtest/gtest.h"

#include <string>
#include <vector>

/// Returns the ISAs that this program tests.
std::vector<fp8attn_isa> testedIsas();

/// Returns all ISAs that can run here, tested or only to compare with.
std::vector<fp8attn_isa> runnableIsas();

/// Returns whether this program has the emulated tiles.
bool isEmulation();

/// Returns why this process cannot run an ISA, or "".
std::string whyNot(fp8attn_isa isa);

/// Skips the running test if the ISA cannot run.
#define FP8ATTN_REQUIRE_ISA(isa)                                               \
  do {                                                                         \
    if (const std::string reason = whyNot(isa); !reason.empty())               \
      GTEST_SKIP() << reason;                                                  \
  } while (false)

#endif // FP8ATTN_TEST_INTEGRATION_TESTEDISAS_H
