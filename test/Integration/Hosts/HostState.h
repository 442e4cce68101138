//===- HostState.h - what a call must leave alone ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a thread and its process have that is none of a call's business.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_HOSTS_HOSTSTATE_H
#define FP8ATTN_TEST_INTEGRATION_HOSTS_HOSTSTATE_H

#include "FloatModes.h"

#include <array>
#include <cstring>
#include <string>

#include <csignal>
#include <fcntl.h>

class HostState {
public:
  /// Notes the state of now.
  HostState() : floatMode(getFloatMode()) {
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    sigaltstack(nullptr, &stack);
    for (int number = 1; number < int(actions.size()); ++number)
      sigaction(number, nullptr, &actions[number]);
    for (int file = 0; file < int(files.size()); ++file)
      files[file] = fcntl(file, F_GETFD);
#ifdef __x86_64__
    __asm__ volatile("fnstcw %0" : "=m"(x87Control));
    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(cpuFlags));
    // Direction, alignment checks; the rest is results.
    cpuFlags &= 1 << 10 | 1 << 18;
#endif
  }

  /// Returns what is different now, or "".
  std::string change() const {
    const HostState now;
    std::string text;
    const auto compare = [&](bool same, const char *what) {
      if (!same)
        text += std::string(text.empty() ? "" : ", ") + what;
    };
    compare(floatMode == now.floatMode, "floating-point mode");
    compare(x87Control == now.x87Control, "x87 control word");
    compare(cpuFlags == now.cpuFlags, "flags of the CPU");
    for (int number = 1; number < int(actions.size()); ++number) {
      compare(sigismember(&mask, number) == sigismember(&now.mask, number),
              "signal mask");
      compare(actions[number].sa_sigaction == now.actions[number].sa_sigaction,
              "signal handlers");
    }
    compare(stack.ss_sp == now.stack.ss_sp &&
                stack.ss_size == now.stack.ss_size &&
                stack.ss_flags == now.stack.ss_flags,
            "signal stack");
    compare(files == now.files, "open files");
    return text;
  }

private:
  uint64_t floatMode;
  uint16_t x87Control = 0;
  uint64_t cpuFlags = 0;
  sigset_t mask;
  stack_t stack;
  std::array<struct sigaction, 32> actions = {};
  std::array<int, 64> files = {};
};

#endif // FP8ATTN_TEST_INTEGRATION_HOSTS_HOSTSTATE_H
