//===- HostEnvironments.cpp - states in which hosts call ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each environment lasts for the call alone: what prepares and compares it is
// done in that of the test.
//
//===----------------------------------------------------------------------===//

#include "HostEnvironments.h"
#include "ChildProcess.h"
#include "FloatModes.h"

#include <atomic>
#include <cstdlib>
#include <thread>

#include <csignal>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/time.h>

using Outcomes = std::vector<Outcome>;

/// Runs `body` on a thread with this much stack.
static void runOnThread(size_t stackBytes, const std::function<void()> &body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stackBytes);
  pthread_t thread;
  const auto start = [](void *argument) -> void * {
    (*static_cast<const std::function<void()> *>(argument))();
    return nullptr;
  };
  if (pthread_create(&thread, &attributes, start,
                     const_cast<std::function<void()> *>(&body)) != 0)
    std::abort();
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

static HostEnvironment floatModeEnvironment(const FloatMode &mode) {
  return {std::string("float mode: ") + mode.name,
          [bits = mode.bits](const MakeCall &make, const Host &inside) {
            const auto call = make();
            return Outcomes{call->callIn([&](const auto &body) {
              const uint64_t before = getFloatMode();
              setFloatMode(bits);
              inside(body);
              setFloatMode(before);
            })};
          }};
}

/// On a thread whose signals run on a stack as small as was once usual,
/// SIGSTKSZ of 8 KB, or as small as the kernel allows.
static Outcomes onSmallSignalStack(const MakeCall &make, const Host &inside) {
  const auto call = make();
  return {call->callIn([&](const auto &body) {
    runOnThread(size_t(1) << 20, [&] {
      constexpr size_t kOnceUsual = 8192;
      std::vector<char> memory(kOnceUsual);
      stack_t stack = {};
      stack.ss_sp = memory.data();
      stack.ss_size = memory.size();
      // Where the kernel has it so already, no small stack can be had.
      if (sigaltstack(&stack, nullptr) != 0)
        return inside(body);
      inside(body);
      stack.ss_flags = SS_DISABLE;
      sigaltstack(&stack, nullptr);
    });
  })};
}

/// What is left for a call of the stack of a thread that a host made small.
static Outcomes onSmallStack(const MakeCall &make, const Host &inside) {
  constexpr size_t kStackBytes = 64 << 10;
  const auto call = make();
  return {call->callIn([&](const auto &body) {
    runOnThread(kStackBytes, [&] { inside(body); });
  })};
}

static Outcomes withBlockedSignals(const MakeCall &make, const Host &inside) {
  const auto call = make();
  return {call->callIn([&](const auto &body) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    inside(body);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  })};
}

static std::atomic<int> alarms;

/// Interrupted every 50 microseconds by a handler that computes in a mode of
/// its own, as those of garbage collectors and profilers do.
static Outcomes amongSignals(const MakeCall &make, const Host &inside) {
  constexpr int kCalls = 3, kMicroseconds = 50;
  const auto call = make();
  struct sigaction action = {}, before = {};
  action.sa_flags = SA_RESTART;
  action.sa_handler = [](int) {
    setFloatMode(floatModes().back().bits);
    alarms += 1;
  };
  sigaction(SIGALRM, &action, &before);
  itimerval often = {{0, kMicroseconds}, {0, kMicroseconds}}, never = {};
  Outcomes outcomes;
  for (int i = 0; i < kCalls; ++i)
    outcomes.push_back(call->callIn([&](const auto &body) {
      setitimer(ITIMER_REAL, &often, nullptr);
      inside(body);
      setitimer(ITIMER_REAL, &never, nullptr);
    }));
  sigaction(SIGALRM, &before, nullptr);
  return outcomes;
}

/// While another thread adds to the environment of the process, and takes away.
static Outcomes amongSetenv(const MakeCall &make, const Host &inside) {
  constexpr int kCalls = 100, kVariables = 200;
  const auto call = make();
  std::atomic<bool> done{false};
  std::thread other([&] {
    for (int i = 0; !done; ++i) {
      const std::string name = "FP8ATTN_TEST_" + std::to_string(i % kVariables);
      if (i / kVariables % 2)
        unsetenv(name.c_str());
      else
        setenv(name.c_str(), name.c_str(), 1);
    }
  });
  Outcomes outcomes;
  for (int i = 0; i < kCalls; ++i)
    outcomes.push_back(call->callIn(inside));
  done = true;
  other.join();
  for (int i = 0; i < kVariables; ++i)
    unsetenv(("FP8ATTN_TEST_" + std::to_string(i)).c_str());
  return outcomes;
}

/// Many threads that call at once, each with arguments of its own.
static Outcomes amongCallers(const MakeCall &make, const Host &inside) {
  constexpr size_t kCallers = 6;
  std::vector<std::unique_ptr<HostCall>> calls(kCallers);
  for (auto &call : calls)
    call = make();
  Outcomes outcomes(kCallers);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kCallers; ++i)
    threads.emplace_back([&, i] { outcomes[i] = calls[i]->callIn(inside); });
  for (std::thread &thread : threads)
    thread.join();
  return outcomes;
}

/// In the child of a fork, with all that the parent had made for the call.
static Outcomes inChild(const MakeCall &make, const Host &inside) {
  const auto call = make();
  call->callIn(inside);
  return {runInChild([&] { return call->callIn(inside); })};
}

/// Where every system call but exit ends the process.
static Outcomes inSandbox(const MakeCall &make, const Host &inside) {
  // Whatever the process asks once.
  fp8attn_cpu();
  const auto call = make();
  call->callIn(inside);
  return {runInSandbox([&](const std::function<void()> &enter) {
    return call->callIn([&](const auto &body) {
      enter();
      body();
    });
  })};
}

/// Where the kernel gives no more memory, files or processes.
static Outcomes withoutResources(const MakeCall &make, const Host &inside) {
  constexpr int kResources[] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_NOFILE,
                                RLIMIT_NPROC};
  const auto call = make();
  return {call->callIn([&](const auto &body) {
    std::array<rlimit, std::size(kResources)> before;
    for (size_t i = 0; i < before.size(); ++i) {
      getrlimit(__rlimit_resource(kResources[i]), &before[i]);
      const rlimit nothing = {0, before[i].rlim_max};
      setrlimit(__rlimit_resource(kResources[i]), &nothing);
    }
    inside(body);
    for (size_t i = 0; i < before.size(); ++i)
      setrlimit(__rlimit_resource(kResources[i]), &before[i]);
  })};
}

/// Of a sanitizer's shadow and stack frames there is more than some
/// environments have.
static constexpr bool kIsSanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    true;
#else
    false;
#endif
#else
    false;
#endif

const std::vector<HostEnvironment> &hostEnvironments() {
  static const std::vector<HostEnvironment> environments = [] {
    std::vector<HostEnvironment> all = {
        {"small signal stack", onSmallSignalStack},
        {"blocked signals", withBlockedSignals},
        {"among signals", amongSignals},
        {"among setenv", amongSetenv},
        {"among callers", amongCallers},
        {"child", inChild}};
    for (const FloatMode &mode : floatModes())
      all.push_back(floatModeEnvironment(mode));
    if (!kIsSanitized) {
      all.push_back({"small stack", onSmallStack});
      all.push_back({"sandbox", inSandbox, /*allowsThreads=*/false});
      all.push_back(
          {"no resources", withoutResources, /*allowsThreads=*/false});
    }
    return all;
  }();
  return environments;
}
