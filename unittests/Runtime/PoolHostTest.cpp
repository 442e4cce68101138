//===- PoolHostTest.cpp - what hosts do around the pool -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Hosts that fork, leave a body by an exception, end or cancel a thread in the
// middle of a loop, and send signals; and how many threads a loop wakes, on
// machines of any number of CPUs.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/fp8attn.h"

#include "gtest/gtest.h"

#include <atomic>
#include <csignal>
#include <fstream>
#include <memory>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

/// Threads that the runtime has asked the system to wake.
static std::atomic<int> woken{0};

/// What the system tells the runtime: as many CPUs, on which all threads may
/// run, or, if there are none, a CPU of its own for each.
static std::atomic<int> numProcessors{64};

extern "C" {
int __real_pthread_cond_signal(pthread_cond_t *condition);

// The linker gives the runtime these (CMakeLists.txt).
int __wrap_pthread_cond_signal(pthread_cond_t *condition) {
  ++woken;
  return __real_pthread_cond_signal(condition);
}
int __wrap_pthread_getaffinity_np(pthread_t, size_t size, cpu_set_t *mask) {
  static std::atomic<int> asked{0};
  CPU_ZERO_S(size, mask);
  if (numProcessors == 0)
    CPU_SET_S(asked++ % 64, size, mask);
  for (int cpu = 0; cpu < numProcessors; ++cpu)
    CPU_SET_S(cpu, size, mask);
  return 0;
}
}

namespace {
class PoolHost : public testing::Test {
protected:
  ~PoolHost() override {
    fp8attn_pool_destroy(pool);
    numProcessors = 64;
  }

  /// Expects `workers` threads to be in a loop of this thread at the same time,
  /// of `ranges` ranges; hangs if one does not come. Returns which workers were
  /// in it, a bit for each.
  uint32_t meet(int32_t workers, int64_t ranges) {
    struct Meeting {
      int32_t awaited;
      std::atomic<int32_t> arrived;
      std::atomic<uint32_t> came;
    } meeting = {workers, {0}, {0}};
    fp8attn_pool_parallel_for(
        pool, ranges,
        [](void *argument, int64_t, int64_t, int32_t worker) {
          auto *meeting = static_cast<Meeting *>(argument);
          meeting->came |= 1u << worker;
          ++meeting->arrived;
          while (meeting->arrived < meeting->awaited)
            std::this_thread::yield();
        },
        &meeting);
    return meeting.came;
  }
  void expectAllMeet(int32_t workers) { meet(workers, workers); }

  static constexpr int32_t kWorkers = 8;
  fp8attn_pool *pool = fp8attn_pool_create(kWorkers);
};
} // namespace

//===----------------------------------------------------------------------===//
// Waking
//===----------------------------------------------------------------------===//

/// Longer than the pool believes what it knows of CPUs.
static constexpr useconds_t kUntilItAsksAgain = 200000;

TEST_F(PoolHost, EachRangeHasAThreadWhileThereAreProcessors) {
  for (int repetition = 0; repetition < 20; ++repetition)
    for (int32_t workers = 1; workers <= kWorkers; ++workers)
      expectAllMeet(workers);
}

TEST_F(PoolHost, ThreadsBeyondTheProcessorsSleep) {
  for (int processors = 1; processors <= kWorkers; ++processors) {
    numProcessors = processors;
    fp8attn_pool_destroy(pool);
    pool = fp8attn_pool_create(kWorkers);
    for (int repetition = 0; repetition < 20; ++repetition)
      EXPECT_EQ(meet(processors, 100), (1u << processors) - 1);
  }
}

TEST_F(PoolHost, ProcessorsMayChange) {
  for (int processors : {2, 8, 1, 3}) {
    numProcessors = processors;
    usleep(kUntilItAsksAgain);
    EXPECT_EQ(meet(processors, 100), (1u << processors) - 1);
  }
}

TEST_F(PoolHost, ProcessorsOfAllThreadsCount) {
  numProcessors = 0;
  EXPECT_EQ(meet(kWorkers, 100), (1u << kWorkers) - 1);
}

TEST_F(PoolHost, WakesNoMoreThreadsThanThereAreRanges) {
  const fp8attn_body body = [](void *, int64_t, int64_t, int32_t) {};
  for (int repetition = 0; repetition < 20; ++repetition)
    for (int64_t count = 1; count < kWorkers; ++count) {
      // So that there is somebody to wake.
      usleep(3000);
      woken = 0;
      fp8attn_pool_parallel_for(pool, count, body, nullptr);
      // Each thread that leaves may wake the caller.
      EXPECT_LE(woken, 2 * (count - 1)) << count << " ranges";
    }
}

//===----------------------------------------------------------------------===//
// Leaving a body
//===----------------------------------------------------------------------===//

/// Waits, in a body of a loop of many ranges, until the caller is in one of its
/// own, so that it has one. `hasCome` is a fresh flag.
static void awaitCaller(std::atomic<bool> &hasCome, int32_t worker) {
  if (worker == 0)
    hasCome = true;
  while (!hasCome)
    std::this_thread::yield();
}

/// A body that leaves by an exception on the caller's thread; the argument is a
/// flag for awaitCaller.
static void throwOnCaller(void *argument, int64_t, int64_t, int32_t worker) {
  awaitCaller(*static_cast<std::atomic<bool> *>(argument), worker);
  if (worker == 0)
    throw std::runtime_error("a body");
}

static void throwInLoop(fp8attn_pool *pool) {
  std::atomic<bool> hasCome{false};
  fp8attn_pool_parallel_for(pool, 100, throwOnCaller, &hasCome);
}

/// Returns what the thread of `main` returns.
static void *runThread(void *(*main)(void *), void *argument) {
  pthread_t thread;
  void *result = nullptr;
  EXPECT_EQ(pthread_create(&thread, nullptr, main, argument), 0);
  EXPECT_EQ(pthread_join(thread, &result), 0);
  return result;
}

TEST_F(PoolHost, CallerLeavesByAnException) {
  for (int repetition = 0; repetition < 100; ++repetition)
    EXPECT_THROW(throwInLoop(pool), std::runtime_error);
  // This thread is in no loop, and others get their turn.
  expectAllMeet(kWorkers);
  std::thread([&] { expectAllMeet(kWorkers); }).join();
}

/// Nobody is in the body, or begins it, when the exception is out.
TEST_F(PoolHost, AnExceptionEndsTheLoop) {
  struct Record {
    std::atomic<bool> hasCome{false};
    std::atomic<int> busy{0};
    std::atomic<bool> isOver{false};
    std::atomic<int> late{0};
  } record;
  const fp8attn_body body = [](void *argument, int64_t, int64_t,
                               int32_t worker) {
    auto *record = static_cast<Record *>(argument);
    ++record->busy;
    record->late += record->isOver;
    awaitCaller(record->hasCome, worker);
    --record->busy;
    if (worker == 0)
      throw std::runtime_error("a body");
  };
  EXPECT_THROW(fp8attn_pool_parallel_for(pool, 10000, body, &record),
               std::runtime_error);
  record.isOver = true;
  EXPECT_EQ(record.busy, 0);
  expectAllMeet(kWorkers);
  EXPECT_EQ(record.late, 0);
}

TEST_F(PoolHost, NestedLoopsLeaveByAnException) {
  struct Pools {
    fp8attn_pool *outer, *inner;
  } pools = {pool, fp8attn_pool_create(2)};
  const fp8attn_body outer = [](void *argument, int64_t, int64_t, int32_t) {
    throwInLoop(static_cast<Pools *>(argument)->inner);
  };
  // One range, which is the caller's.
  EXPECT_THROW(fp8attn_pool_parallel_for(pool, 1, outer, &pools),
               std::runtime_error);
  expectAllMeet(kWorkers);
  std::swap(pool, pools.inner);
  expectAllMeet(2);
  fp8attn_pool_destroy(pools.inner);
}

TEST_F(PoolHost, CallersThreadEnds) {
  const auto main = [](void *pool) -> void * {
    const fp8attn_body body = [](void *argument, int64_t, int64_t,
                                 int32_t worker) {
      awaitCaller(*static_cast<std::atomic<bool> *>(argument), worker);
      if (worker == 0)
        pthread_exit(nullptr);
    };
    std::atomic<bool> hasCome{false};
    fp8attn_pool_parallel_for(pool, 100, body, &hasCome);
    return pool;
  };
  EXPECT_EQ(runThread(main, pool), nullptr) << "the loop returned";
  expectAllMeet(kWorkers);
}

TEST_F(PoolHost, CallerIsCancelledInItsBody) {
  const auto main = [](void *pool) -> void * {
    const fp8attn_body body = [](void *argument, int64_t, int64_t,
                                 int32_t worker) {
      awaitCaller(*static_cast<std::atomic<bool> *>(argument), worker);
      if (worker != 0)
        return;
      pthread_cancel(pthread_self());
      pthread_testcancel();
    };
    std::atomic<bool> hasCome{false};
    fp8attn_pool_parallel_for(pool, 100, body, &hasCome);
    return pool;
  };
  EXPECT_EQ(runThread(main, pool), PTHREAD_CANCELED);
  expectAllMeet(kWorkers);
}

/// The loop of a caller that is cancelled while it waits for others ends first:
/// its bodies use the caller's memory.
TEST_F(PoolHost, CallerIsCancelledWhileItWaits) {
  struct Shared {
    fp8attn_pool *pool;
    pthread_t caller;
    std::atomic<int> arrived;
    bool hasReturned;
  } shared = {pool, {}, {0}, false};
  const auto main = [](void *argument) -> void * {
    auto *shared = static_cast<Shared *>(argument);
    shared->caller = pthread_self();
    const fp8attn_body body = [](void *argument, int64_t, int64_t,
                                 int32_t worker) {
      auto *shared = static_cast<Shared *>(argument);
      ++shared->arrived;
      while (shared->arrived < 2)
        std::this_thread::yield();
      if (worker == 0)
        return;
      pthread_cancel(shared->caller);
      // Longer than the caller spins.
      usleep(50000);
    };
    fp8attn_pool_parallel_for(shared->pool, 2, body, shared);
    shared->hasReturned = true;
    pthread_testcancel();
    return nullptr;
  };
  EXPECT_EQ(runThread(main, &shared), PTHREAD_CANCELED);
  EXPECT_TRUE(shared.hasReturned);
  expectAllMeet(kWorkers);
}

//===----------------------------------------------------------------------===//
// Forks
//===----------------------------------------------------------------------===//

/// Counts the indices of a loop and the workers that are not 0.
struct Count {
  std::atomic<int64_t> indices{0};
  std::atomic<int64_t> otherWorkers{0};
};

static void countRange(void *argument, int64_t begin, int64_t end,
                       int32_t worker) {
  auto *count = static_cast<Count *>(argument);
  count->indices += end - begin;
  count->otherWorkers += worker != 0;
}

/// Returns whether a loop on a child's pool runs all indices as worker 0.
static bool runsSerially(fp8attn_pool *pool) {
  constexpr int64_t kIndices = 1000;
  Count count;
  fp8attn_pool_parallel_for(pool, kIndices, countRange, &count);
  return count.indices == kIndices && count.otherWorkers == 0;
}

/// Forks, and returns the exit code of a child that runs `main`, -1 if it dies.
template <typename Main> static int forkAndRun(Main main) {
  const pid_t child = fork();
  if (child == 0) {
    // A child that hangs dies of this.
    alarm(30);
    _exit(main());
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(PoolHost, ChildRunsSerially) {
  expectAllMeet(kWorkers);
  EXPECT_EQ(forkAndRun([&] {
              if (!runsSerially(pool) || !runsSerially(pool))
                return 1;
              fp8attn_pool_destroy(pool);
              return 0;
            }),
            0);
  expectAllMeet(kWorkers);
}

/// Threads and locks are in any state when others fork.
TEST_F(PoolHost, ForksDuringLoopsOfOthers) {
  std::atomic<bool> isOver{false};
  std::thread other([&] {
    Count count;
    while (!isOver)
      fp8attn_pool_parallel_for(pool, 9, countRange, &count);
  });
  for (int repetition = 0; repetition < 50; ++repetition)
    EXPECT_EQ(forkAndRun([&] {
                if (!runsSerially(pool))
                  return 1;
                fp8attn_pool_destroy(pool);
                return 0;
              }),
              0);
  isOver = true;
  other.join();
  expectAllMeet(kWorkers);
}

/// The child is in the caller's loop, whose other threads it does not have.
TEST_F(PoolHost, ForksInABody) {
  struct Shared {
    fp8attn_pool *pool;
    int exitCode;
  } shared = {pool, -1};
  const fp8attn_body body = [](void *argument, int64_t begin, int64_t,
                               int32_t worker) {
    auto *shared = static_cast<Shared *>(argument);
    if (worker != 0 || begin != 0)
      return;
    const pid_t child = fork();
    if (child == 0) {
      alarm(30);
      // The loop ends, and another begins, behind it.
      if (!runsSerially(shared->pool))
        _exit(1);
      shared->exitCode = 0;
      return;
    }
    int status = -1;
    waitpid(child, &status, 0);
    shared->exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  const pid_t parent = getpid();
  // The caller takes the first range at once, for nobody else is asked.
  fp8attn_pool_parallel_for(pool, 1, body, &shared);
  if (getpid() != parent)
    _exit(shared.exitCode != 0 || !runsSerially(pool));
  EXPECT_EQ(shared.exitCode, 0);
  expectAllMeet(kWorkers);
}

//===----------------------------------------------------------------------===//
// Signals
//===----------------------------------------------------------------------===//

TEST_F(PoolHost, SignalsAreForTheHostsThreads) {
  sigset_t before, after;
  pthread_sigmask(SIG_BLOCK, nullptr, &before);
  fp8attn_pool_destroy(fp8attn_pool_create(2));
  pthread_sigmask(SIG_BLOCK, nullptr, &after);
  for (int signal = 1; signal < SIGRTMAX; ++signal)
    EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal));

  struct Record {
    std::atomic<int> arrived{0};
    sigset_t blocked[kWorkers];
  } record;
  fp8attn_pool_parallel_for(
      pool, kWorkers,
      [](void *argument, int64_t, int64_t, int32_t worker) {
        auto *record = static_cast<Record *>(argument);
        pthread_sigmask(SIG_BLOCK, nullptr, &record->blocked[worker]);
        ++record->arrived;
        while (record->arrived < kWorkers)
          std::this_thread::yield();
      },
      &record);
  for (int worker = 1; worker < kWorkers; ++worker) {
    for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGCHLD, SIGUSR1,
                       SIGPIPE, SIGPROF, SIGRTMIN})
      EXPECT_EQ(sigismember(&record.blocked[worker], signal), 1) << signal;
    for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL})
      EXPECT_EQ(sigismember(&record.blocked[worker], signal), 0) << signal;
  }
}
