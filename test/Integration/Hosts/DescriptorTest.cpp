//===- DescriptorTest.cpp - descriptors that change during a call ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Another thread may change a descriptor at any moment of a call: what was
// checked is what is used. So each descriptor is changed right before each of
// the reads that a call makes of it. Refused, and nothing is written, or the
// result of what the descriptor said before.
//
//===----------------------------------------------------------------------===//

#include "HostCall.h"
#include "WatchedMemory.h"

#include "Problem.h"

namespace {
class DescriptorTest : public testing::TestWithParam<size_t> {
protected:
  void SetUp() override {
    FP8ATTN_REQUIRE_ISA(testedIsas().front());
    if (!WatchedMemory::isSupported())
      GTEST_SKIP() << "instructions cannot be done alone here";
  }

  const Function &function() const { return bypassFunctions()[GetParam()]; }

  /// Changes the descriptor of an argument, at `valid`, before each of its
  /// reads.
  template <typename T>
  void changeDuringCalls(HostCall &call, Argument &argument, const T &valid,
                         const std::function<void(T &)> &change,
                         const char *what) {
    const Outcome right = call.call();
    ASSERT_EQ(right.status, FP8ATTN_OK) << right.message;
    auto *descriptor = static_cast<T *>(memory.data());
    argument.elsewhere = descriptor;
    int numReads = 1;
    for (int read = 0; read < numReads; ++read) {
      SCOPED_TRACE(std::string(argument.name) + ", " + what + ", read " +
                   std::to_string(read));
      *descriptor = valid;
      const Outcome outcome = call.callIn([&](const auto &body) {
        numReads = memory.watch(body, read, [&] { change(*descriptor); });
      });
      EXPECT_GT(numReads, 0);
      EXPECT_TRUE(
          outcome.memory ==
          (outcome.status == FP8ATTN_OK ? right.memory : call.memoryAtFirst()))
          << outcome.message;
    }
    argument.elsewhere = nullptr;
  }

  void changeTensor(HostCall &call, Argument &argument);
  void changeCache(HostCall &call, Argument &argument);

  WatchedMemory memory;
};
} // namespace

static constexpr int64_t kHuge = int64_t(1) << 61;

void DescriptorTest::changeTensor(HostCall &call, Argument &argument) {
  const auto change = [&](const char *what, auto apply) {
    changeDuringCalls<fp8attn_tensor>(call, argument, argument.tensor, apply,
                                      what);
  };
  change("no data", [](fp8attn_tensor &it) { it.data = nullptr; });
  change("another rank", [](fp8attn_tensor &it) { ++it.rank; });
  change("another type", [](fp8attn_tensor &it) { it.type ^= 1; });
  for (int32_t dim = 0; dim < argument.tensor.rank; ++dim) {
    change("no such size",
           [dim](fp8attn_tensor &it) { it.sizes[dim] = kHuge; });
    change("no such stride",
           [dim](fp8attn_tensor &it) { it.strides[dim] = -kHuge; });
  }
}

void DescriptorTest::changeCache(HostCall &call, Argument &argument) {
  const auto change = [&](const char *what, auto apply) {
    changeDuringCalls<fp8attn_cache>(call, argument, argument.cache, apply,
                                     what);
  };
  change("no data", [](fp8attn_cache &it) { it.data = nullptr; });
  change("no pages", [](fp8attn_cache &it) { it.num_pages = -1; });
  change("pages of nothing", [](fp8attn_cache &it) { it.page_bytes = 0; });
  change("pages far apart", [](fp8attn_cache &it) { it.page_bytes = kHuge; });
}

TEST_P(DescriptorTest, IsReadOnce) {
  HostCall call(function(), 1, testedIsas().front());
  for (Argument &argument : call.arguments) {
    if (argument.kind == Argument::kTensor)
      changeTensor(call, argument);
    if (argument.kind == Argument::kCache)
      changeCache(call, argument);
  }
}

INSTANTIATE_TEST_SUITE_P(Functions, DescriptorTest,
                         testing::Range(size_t(0), bypassFunctions().size()),
                         [](const testing::TestParamInfo<size_t> &info) {
                           return std::string(
                               bypassFunctions()[info.param].name);
                         });
