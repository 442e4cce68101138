//===- PortableObjectTest.cpp - one object on lesser CPUs -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An object with a body for every ISA, which the runtime chooses among as on
// any host. CMakeLists.txt runs this program on the CPU and, in qemu, on CPUs
// without AVX-512 and without AVX2, and compares the ISA that it reports.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"

#include "fp8attn/Runtime/lowering_abi.h"

#include <cstdio>

class PortableObjectTest : public testing::TestWithParam<const Model *> {};

/// With nothing but the CPU to limit it.
TEST_P(PortableObjectTest, RunsOnTheBestIsa) {
  Problem problem(*GetParam(), {{1, 300}, {30, 70}});
  fp8attn_context all;
  fp8attn_context_init(&all);
  const auto best = static_cast<fp8attn_isa>(fp8attn_select_isa(&all, ~0u));
  ASSERT_TRUE(ranOn(problem, problem.write(), best));
  ASSERT_TRUE(ranOn(problem, problem.attend(), best));
  std::printf("ran on %s: %s\n", fp8attn_isa_string(best),
              problem.context.message);
  EXPECT_TRUE(agrees(problem, problem.referenceAttend()));
}

/// Every ISA that there is reads what the best one wrote.
TEST_P(PortableObjectTest, LesserIsasReadTheSameCache) {
  Problem problem(*GetParam(), {{1, 300}, {30, 70}});
  ASSERT_EQ(problem.write(), FP8ATTN_OK);
  for (int isa = FP8ATTN_ISA_GENERIC; isa <= fp8attn_cpu()->isa; ++isa) {
    problem.context.isa_cap = isa;
    ASSERT_TRUE(
        ranOn(problem, problem.attend(), static_cast<fp8attn_isa>(isa)));
    EXPECT_TRUE(agrees(problem, problem.referenceAttend()));
  }
}

INSTANTIATE_TEST_SUITE_P(Models, PortableObjectTest,
                         testing::ValuesIn(modelsNamed("llama")),
                         [](const auto &info) { return info.param->name; });
