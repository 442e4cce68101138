//===- ChildProcess.cpp - calls in a process of their own -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The outcome comes through shared memory: a sandbox has no pipes.
//
//===----------------------------------------------------------------------===//

#include "ChildProcess.h"

#include <cstdlib>
#include <cstring>

#include <csignal>
#include <linux/seccomp.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {
/// An outcome without pointers.
struct SharedOutcome {
  static constexpr size_t kMostBytes = size_t(64) << 20;

  bool isThere;
  fp8attn_status status;
  char message[256];
  size_t bytes;
  uint8_t memory[kMostBytes];
};
} // namespace

/// Calls that hang are killed.
static constexpr unsigned kMostSeconds = 30;

static void share(const Outcome &outcome, SharedOutcome &shared) {
  shared.status = outcome.status;
  std::strncpy(shared.message, outcome.message.c_str(),
               sizeof(shared.message) - 1);
  shared.bytes = outcome.memory.size();
  if (shared.bytes > SharedOutcome::kMostBytes)
    return;
  std::memcpy(shared.memory, outcome.memory.data(), shared.bytes);
  shared.isThere = true;
}

Outcome runInChild(const std::function<Outcome()> &body) {
  void *memory = mmap(nullptr, sizeof(SharedOutcome), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    std::abort();
  auto &shared = *static_cast<SharedOutcome *>(memory);
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGALRM, SIG_DFL);
    alarm(kMostSeconds);
    share(body(), shared);
    // Not exit_group, which a sandbox forbids too.
    syscall(SYS_exit, 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Outcome outcome;
  if (shared.isThere) {
    outcome = {shared.status,
               shared.message,
               {shared.memory, shared.memory + shared.bytes}};
  } else {
    outcome.status = fp8attn_status(-1);
    outcome.message = WIFSIGNALED(status)
                          ? std::string("the child was killed: ") +
                                strsignal(WTERMSIG(status))
                          : "the child left nothing";
  }
  munmap(memory, sizeof(SharedOutcome));
  return outcome;
}

Outcome runInSandbox(
    const std::function<Outcome(const std::function<void()> &enter)> &body) {
  return runInChild([&] {
    // Memory of the test itself is had before.
    constexpr int kMuch = 256 << 20;
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, 2 * kMuch);
    mallopt(M_TOP_PAD, kMuch);
    std::free(std::malloc(kMuch));
    return body([] { prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT); });
  });
}
