//===- DirectCall.h - arguments of a call of an entry point -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For tests that call entry points by their headers: row-major tensors, and a
// context with a workspace.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_DIRECTCALL_H
#define FP8ATTN_TEST_INTEGRATION_DIRECTCALL_H

#include "TestedIsas.h"

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

/// Bytes of a cache are whole lines, aligned.
struct alignas(FP8ATTN_ALIGNMENT) Line {
  uint8_t bytes[FP8ATTN_ALIGNMENT];
};

/// Memory of a row-major tensor, and its descriptor.
template <typename Element> struct Tensor {
  /// All elements are `value`.
  Tensor(fp8attn_type type, std::vector<int64_t> sizes, Element value = {}) {
    int64_t count = 1;
    for (int64_t size : sizes)
      count *= size;
    const size_t rank = sizes.size();
    sizes.resize(FP8ATTN_MAX_RANK);
    elements.assign(count, value);
    descriptor = fp8attn_tensor_make(elements.data(), type, rank, sizes[0],
                                     sizes[1], sizes[2], sizes[3]);
  }
  /// Looks where the elements are now: those of a copy, or assigned ones, are
  /// in another place.
  operator const fp8attn_tensor *() {
    descriptor.data = elements.data();
    return &descriptor;
  }

  std::vector<Element> elements;
  fp8attn_tensor descriptor;
};
using Words = Tensor<uint16_t>;
using Codes = Tensor<uint8_t>;
using Floats = Tensor<float>;
using Integers = Tensor<int32_t>;

/// A context, and what draws arguments: the same ones for each caller.
struct Caller {
  Caller() { fp8attn_context_init(&context); }

  /// Returns the context with a workspace of so many bytes, which an entry
  /// point wants.
  fp8attn_context *with(int64_t bytes) {
    const int64_t lines = bytes / FP8ATTN_ALIGNMENT + 1;
    workspace.reset(
        std::aligned_alloc(FP8ATTN_ALIGNMENT, lines * FP8ATTN_ALIGNMENT));
    context.workspace = workspace.get();
    context.workspace_bytes = bytes;
    return &context;
  }

  std::mt19937 random{20261128};
  std::unique_ptr<void, decltype(&std::free)> workspace{nullptr, std::free};
  fp8attn_context context;
};

/// A caller on the ISA that is the parameter.
class IsaCallTest : public testing::TestWithParam<fp8attn_isa>,
                    protected Caller {
protected:
  void SetUp() override {
    FP8ATTN_REQUIRE_ISA(GetParam());
    context.isa_cap = GetParam();
  }
  /// Override it where the last call has no body, or is refused.
  void TearDown() override {
    if (!IsSkipped())
      EXPECT_EQ(context.isa, GetParam());
  }
};

/// Runs the tests of a suite whose parameter is an ISA on each that the program
/// tests, by its name.
#define FP8ATTN_INSTANTIATE_ON_ISAS(suite)                                     \
  INSTANTIATE_TEST_SUITE_P(                                                    \
      Isas, suite, testing::ValuesIn(testedIsas()),                            \
      [](const testing::TestParamInfo<fp8attn_isa> &info) {                    \
        return std::string(fp8attn_isa_string(info.param));                    \
      })

#endif // FP8ATTN_TEST_INTEGRATION_DIRECTCALL_H
