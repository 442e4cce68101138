//===- FloatEnvironmentTest.cpp - hosts in other floating-point modes -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Hosts that flush denormals, round elsewhere than to nearest or trap on
// exceptions, on the caller's thread, on a pool that was made in that mode, and
// on threads of their own: the same bytes as in the default mode, no signal,
// and the host's mode, its flags included, when the call returns.
//
//===----------------------------------------------------------------------===//

#include "FloatModes.h"
#include "IsaTest.h"
#include "Operations.h"
#include "Scores.h"

#include <cstring>
#include <limits>
#include <thread>

static const FloatMode &defaultMode() { return floatModes().front(); }

/// The scale of f8E8M0FNU whose code is 0; as f32 it is a denormal.
static constexpr float kSmallestScale = 0x1p-127f;

/// A host's loop over threads that are in the mode at `pool`, a FloatMode.
static void runOnThreads(void *pool, int64_t count, fp8attn_body body,
                         void *argument) {
  const FloatMode mode = *static_cast<const FloatMode *>(pool);
  const auto runRange = [&](int64_t begin, int64_t end, int32_t worker) {
    setFloatMode(mode.bits);
    body(argument, begin, end, worker);
    const uint64_t after = getFloatMode();
    setFloatMode(defaultMode().bits);
    EXPECT_EQ(after, mode.bits) << "worker " << worker << ", " << mode.name;
  };
  std::thread first(runRange, 0, count / 2, 0);
  std::thread second(runRange, count / 2, count, 1);
  first.join();
  second.join();
}

namespace {
using Pool = std::unique_ptr<fp8attn_pool, void (*)(fp8attn_pool *)>;

/// What calls run on beside the caller's thread.
enum class Threads { None, Pool, Hosts };
} // namespace

static constexpr Threads kThreads[] = {Threads::None, Threads::Pool,
                                       Threads::Hosts};

/// Makes a pool in a mode, or none.
static Pool makePool(Threads threads, const FloatMode &mode) {
  if (threads != Threads::Pool)
    return {nullptr, fp8attn_pool_destroy};
  setFloatMode(mode.bits);
  fp8attn_pool *pool = fp8attn_pool_create(2);
  setFloatMode(defaultMode().bits);
  return {pool, fp8attn_pool_destroy};
}

/// Makes `context` run on `pool`, or on threads in `mode`.
static void setThreads(fp8attn_context &context, Threads threads,
                       const Pool &pool, const FloatMode &mode) {
  if (threads == Threads::None)
    return;
  context.num_workers = 2;
  context.parallel_for =
      threads == Threads::Pool ? fp8attn_pool_parallel_for : runOnThreads;
  context.pool = threads == Threads::Pool ? static_cast<void *>(pool.get())
                                          : const_cast<FloatMode *>(&mode);
}

/// Makes a call, which must not compute by itself, in a mode.
template <typename Call>
static fp8attn_status callIn(const FloatMode &mode, Call call) {
  setFloatMode(mode.bits);
  const fp8attn_status status = call();
  const uint64_t after = getFloatMode();
  setFloatMode(defaultMode().bits);
  EXPECT_EQ(after, mode.bits);
  return status;
}

namespace {
class FloatOperationsTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override { FP8ATTN_REQUIRE_ISA(testedIsas().front()); }

  /// Returns the memory after a call in `mode` with scales of `scale`.
  static Memory run(fp8attn_isa isa, float scale, Threads threads,
                    const FloatMode &mode) {
    SCOPED_TRACE(std::string(fp8attn_isa_string(isa)) + ", " + mode.name +
                 ", threads " + std::to_string(int(threads)) + ", scale " +
                 std::to_string(scale));
    const Pool pool = makePool(threads, mode);
    Operation operation(GetParam());
    operation.context.isa_cap = isa;
    for (Operation::Tensor &argument : operation.tensors)
      if (argument.name.find("scale") != std::string::npos)
        std::fill_n(static_cast<float *>(argument.tensor.data),
                    argument.tensor.sizes[0], scale);
    operation.setLoop(nullptr);
    setThreads(operation.context, threads, pool, mode);
    EXPECT_EQ(callIn(mode, [&] { return operation.call(); }), FP8ATTN_OK)
        << operation.context.message;
    return operation.memory();
  }
};
} // namespace

TEST_P(FloatOperationsTest, SameBytes) {
  for (fp8attn_isa isa : runnableIsas())
    for (float scale : {0.013f, kSmallestScale}) {
      const Memory expected = run(isa, scale, Threads::None, defaultMode());
      for (const FloatMode &mode : floatModes())
        for (Threads threads : kThreads)
          EXPECT_TRUE(run(isa, scale, threads, mode) == expected)
              << fp8attn_isa_string(isa) << ", " << mode.name << ", threads "
              << int(threads) << ", scale " << scale;
    }
}

/// Every check has its own way out. A denormal scale is none of them.
TEST_P(FloatOperationsTest, ModeIsBackAfterARefusal) {
  for (const FloatMode &mode : floatModes()) {
    SCOPED_TRACE(mode.name);
    Operation operation(GetParam());
    EXPECT_EQ(callIn(mode, [&] { return operation.callWith(nullptr); }),
              FP8ATTN_BAD_CONTEXT);
    for (Operation::Tensor &argument : operation.tensors) {
      argument.isNull = true;
      EXPECT_EQ(callIn(mode, [&] { return operation.call(); }),
                FP8ATTN_NULL_POINTER);
      argument.isNull = false;
      if (argument.name.find("scale") == std::string::npos)
        continue;
      float &scale = *static_cast<float *>(argument.tensor.data);
      const float valid = scale;
      scale = -std::numeric_limits<float>::denorm_min();
      EXPECT_EQ(callIn(mode, [&] { return operation.call(); }),
                FP8ATTN_BAD_SCALE);
      scale = valid;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, FloatOperationsTest,
                         testing::ValuesIn(Operation::kNames),
                         [](const testing::TestParamInfo<const char *> &info) {
                           return std::string(info.param);
                         });

namespace {
/// Models of all caches, and with many kinds of scales, types and scores.
class FloatModelsTest : public IsaTest {
protected:
  /// Numbers as models have them, or the smallest that there are.
  Problem makeProblem(bool tiny) const {
    Problem problem = IsaTest::makeProblem({{1, 40}, {20, 20}});
    if (!tiny)
      return problem;
    const auto number = [](std::mt19937 &bits) {
      return std::ldexp(fastNormal(bits), -130);
    };
    problem.fill(problem.key, number);
    problem.fill(problem.value, number);
    problem.setScales(kSmallestScale, kSmallestScale);
    return problem;
  }
};
} // namespace

TEST_P(FloatModelsTest, SameBytes) {
  for (bool tiny : {false, true}) {
    Problem expected = makeProblem(tiny);
    Scores scores(expected, 2);
    write(expected);
    ASSERT_TRUE(ranOn(expected,
                      expected.attend(scores.in(expected.arguments())), isa()));
    for (const FloatMode &mode : floatModes())
      for (Threads threads : kThreads) {
        SCOPED_TRACE(std::string(mode.name) + ", threads " +
                     std::to_string(int(threads)) + (tiny ? ", tiny" : ""));
        const Pool pool = makePool(threads, mode);
        Problem problem = makeProblem(tiny);
        setThreads(problem.context, threads, pool, mode);
        const Arguments arguments = scores.in(problem.arguments());
        ASSERT_EQ(callIn(mode, [&] { return problem.write(arguments); }),
                  FP8ATTN_OK)
            << problem.context.message;
        EXPECT_TRUE(problem.keyCache == expected.keyCache);
        EXPECT_TRUE(problem.valueCache == expected.valueCache);
        ASSERT_EQ(callIn(mode, [&] { return problem.attend(arguments); }),
                  FP8ATTN_OK)
            << problem.context.message;
        EXPECT_EQ(problem.out, expected.out);
        EXPECT_EQ(std::memcmp(problem.lse.data(), expected.lse.data(),
                              expected.lse.size() * sizeof(float)),
                  0);
      }
  }
}

FP8ATTN_INSTANTIATE(FloatModelsTest, "llama_");
#define FP8ATTN_INSTANTIATE_AS(Name, prefix)                                   \
  INSTANTIATE_TEST_SUITE_P(                                                    \
      Name, FloatModelsTest,                                                   \
      testing::Combine(testing::ValuesIn(modelsNamed(prefix)),                 \
                       testing::ValuesIn(testedIsas())),                       \
      isaTestName)
FP8ATTN_INSTANTIATE_AS(Scales, "scaled_0");
FP8ATTN_INSTANTIATE_AS(Scores, "score_all");
FP8ATTN_INSTANTIATE_AS(Types, "sweep_f");
