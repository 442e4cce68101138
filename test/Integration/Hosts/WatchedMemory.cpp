//===- WatchedMemory.cpp - memory that changes when it is read ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "WatchedMemory.h"

#include <cstdlib>

#include <sys/mman.h>
#include <unistd.h>

WatchedMemory *WatchedMemory::watched = nullptr;

#if defined(__x86_64__) && defined(__linux__)
#include <ucontext.h>

/// The flag by which the CPU traps behind the next instruction.
static constexpr greg_t kTrapFlag = 0x100;

bool WatchedMemory::isSupported() { return true; }

static greg_t &flagsOf(void *context) {
  return static_cast<ucontext_t *>(context)->uc_mcontext.gregs[REG_EFL];
}
#else
#include <csignal>

static constexpr long kTrapFlag = 0;

bool WatchedMemory::isSupported() { return false; }

static long &flagsOf(void *) {
  static long none;
  return none;
}
#endif

WatchedMemory::WatchedMemory() : bytes(size_t(sysconf(_SC_PAGESIZE))) {
  page = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    std::abort();
}

WatchedMemory::~WatchedMemory() { munmap(page, bytes); }

void WatchedMemory::protect() const { mprotect(page, bytes, PROT_NONE); }
void WatchedMemory::expose() const {
  mprotect(page, bytes, PROT_READ | PROT_WRITE);
}

void WatchedMemory::onAccess(int number, siginfo_t *info, void *context) {
  const char *address = static_cast<const char *>(info->si_addr);
  const char *begin = static_cast<const char *>(watched->page);
  if (address < begin || address >= begin + watched->bytes) {
    // A fault of somebody else: once more, without us.
    std::signal(number, SIG_DFL);
    return;
  }
  watched->expose();
  if (watched->accesses++ == watched->when)
    (*watched->change)();
  flagsOf(context) |= kTrapFlag;
}

void WatchedMemory::onStep(int, siginfo_t *, void *context) {
  flagsOf(context) &= ~kTrapFlag;
  watched->protect();
}

int WatchedMemory::watch(const std::function<void()> &body, int atAccess,
                         const std::function<void()> &changeThen) {
  watched = this;
  accesses = 0;
  when = atAccess;
  change = &changeThen;
  struct sigaction action = {};
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  action.sa_sigaction = onAccess;
  sigaction(SIGSEGV, &action, &accessBefore);
  action.sa_sigaction = onStep;
  sigaction(SIGTRAP, &action, &stepBefore);
  protect();
  body();
  expose();
  sigaction(SIGSEGV, &accessBefore, nullptr);
  sigaction(SIGTRAP, &stepBefore, nullptr);
  return accesses;
}
