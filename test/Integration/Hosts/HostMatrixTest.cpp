//===- HostMatrixTest.cpp - hosts in every state --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Environments x loops x ISAs x kinds of entry points: a call leaves the bytes
// that it leaves in the default environment on one thread, and everything else
// as it was. FP8ATTN_HOST_ROUNDS says how often to try all, each time with
// other seeds, FP8ATTN_RANDOM_SEED with which to begin.
//
//===----------------------------------------------------------------------===//

#include "HostEnvironments.h"
#include "HostState.h"
#include "Loops.h"
#include "RandomSeeds.h"

#include <atomic>
#include <mutex>
#include <thread>

static constexpr int32_t kWorkers = 3;

/// Threads that are made for a loop, and take an index at a time.
static void runOnNewThreads(void *, int64_t count, fp8attn_body body,
                            void *argument) {
  std::atomic<int64_t> next{0};
  std::vector<std::thread> threads;
  for (int32_t worker = 0; worker < kWorkers; ++worker)
    threads.emplace_back([&, worker] {
      for (int64_t i; (i = next++) < count;)
        body(argument, i, i + 1, worker);
    });
  for (std::thread &thread : threads)
    thread.join();
}

namespace {
enum class Loop { Serial, Pool, PoolMadeInside, Shuffled, NewThreads };
constexpr const char *kLoopNames[] = {"Serial", "Pool", "PoolMadeInside",
                                      "Shuffled", "NewThreads"};

/// A way of running loops for calls that may be many at once.
class LoopOfHost {
public:
  explicit LoopOfHost(Loop loop) : loop(loop) {
    if (loop == Loop::Pool)
      pool.reset(fp8attn_pool_create(kWorkers));
  }

  /// Has the context run its loops so. This has to live as long as it.
  void setUp(fp8attn_context &context) {
    context.num_workers = loop == Loop::Serial ? 1 : kLoopWorkers;
    context.pool = pool.get();
    context.parallel_for = nullptr;
    if (loop == Loop::Pool)
      context.parallel_for = fp8attn_pool_parallel_for;
    if (loop == Loop::Shuffled)
      context.parallel_for = runShuffled;
    if (loop == Loop::NewThreads)
      context.parallel_for = runOnNewThreads;
    if (loop == Loop::PoolMadeInside) {
      context.pool = this;
      context.parallel_for = runOnLatePool;
    }
  }

  /// Makes in the environment what has to be made there.
  void makeInside() {
    const std::lock_guard<std::mutex> lock(mutex);
    if (loop == Loop::PoolMadeInside && !pool)
      pool.reset(fp8attn_pool_create(kWorkers));
  }

private:
  static void runOnLatePool(void *self, int64_t count, fp8attn_body body,
                            void *argument) {
    fp8attn_pool_parallel_for(static_cast<LoopOfHost *>(self)->pool.get(),
                              count, body, argument);
  }

  Loop loop;
  std::mutex mutex;
  std::unique_ptr<fp8attn_pool, void (*)(fp8attn_pool *)> pool{
      nullptr, fp8attn_pool_destroy};
};

class HostMatrixTest
    : public testing::TestWithParam<std::tuple<size_t, Loop, fp8attn_isa>> {
protected:
  void SetUp() override { FP8ATTN_REQUIRE_ISA(isa()); }

  const HostEnvironment &environment() const {
    return hostEnvironments()[std::get<0>(GetParam())];
  }
  Loop loop() const { return std::get<1>(GetParam()); }
  fp8attn_isa isa() const { return std::get<2>(GetParam()); }

  void tryFunction(const Function &function, uint32_t seed);
};
} // namespace

void HostMatrixTest::tryFunction(const Function &function, uint32_t seed) {
  SCOPED_TRACE(environment().name + ", " + function.name + ", seed " +
               std::to_string(seed));
  const auto make = [&] {
    return std::make_unique<HostCall>(function, seed, isa());
  };
  const auto plain = make();
  LoopOfHost(Loop::Serial).setUp(plain->context);
  const Outcome expected = plain->call();
  ASSERT_EQ(expected.status, FP8ATTN_OK) << expected.message;

  LoopOfHost loopOfHost(loop());
  const auto makeWithLoop = [&] {
    auto call = make();
    loopOfHost.setUp(call->context);
    return call;
  };
  std::mutex mutex;
  std::string changed;
  const Host inside = [&](const std::function<void()> &body) {
    loopOfHost.makeInside();
    const HostState before;
    body();
    const std::string change = before.change();
    const std::lock_guard<std::mutex> lock(mutex);
    changed += change;
  };
  const std::vector<Outcome> outcomes = environment().run(makeWithLoop, inside);
  EXPECT_FALSE(outcomes.empty());
  for (const Outcome &outcome : outcomes)
    EXPECT_TRUE(outcome == expected)
        << "status " << outcome.status << " " << outcome.message << ", "
        << (outcome.memory == expected.memory ? "the same" : "other")
        << " bits";
  EXPECT_EQ(changed, "");
}

TEST_P(HostMatrixTest, NothingShows) {
  if (loop() != Loop::Serial && !environment().allowsThreads)
    return;
  const uint32_t rounds = fromEnvironment("FP8ATTN_HOST_ROUNDS", 1);
  const uint32_t first = fromEnvironment("FP8ATTN_RANDOM_SEED", 1);
  for (uint32_t seed = first; seed < first + rounds; ++seed)
    for (const Function &function : bypassFunctions()) {
      tryFunction(function, seed);
      if (HasFailure())
        return;
    }
}

static std::vector<size_t> environmentNumbers() {
  std::vector<size_t> numbers(hostEnvironments().size());
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

INSTANTIATE_TEST_SUITE_P(
    Hosts, HostMatrixTest,
    testing::Combine(testing::ValuesIn(environmentNumbers()),
                     testing::Values(Loop::Serial, Loop::Pool,
                                     Loop::PoolMadeInside, Loop::Shuffled,
                                     Loop::NewThreads),
                     testing::ValuesIn(testedIsas())),
    [](const testing::TestParamInfo<HostMatrixTest::ParamType> &info) {
      std::string name = hostEnvironments()[std::get<0>(info.param)].name +
                         "_" + kLoopNames[int(std::get<1>(info.param))] + "_" +
                         fp8attn_isa_string(std::get<2>(info.param));
      for (char &letter : name)
        if (!std::isalnum(static_cast<unsigned char>(letter)))
          letter = '_';
      return name;
    });
