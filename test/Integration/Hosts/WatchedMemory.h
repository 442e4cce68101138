//===- WatchedMemory.h - memory that changes when it is read ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A page that tells how often this thread accesses it, and that a test can
// change right before any of the accesses, as another thread could at that
// moment. Each access faults; the instruction is then done alone, and the page
// protected again.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_HOSTS_WATCHEDMEMORY_H
#define FP8ATTN_TEST_INTEGRATION_HOSTS_WATCHEDMEMORY_H

#include <csignal>
#include <cstddef>
#include <functional>

class WatchedMemory {
public:
  /// Whether this machine can do an instruction alone.
  static bool isSupported();

  WatchedMemory();
  ~WatchedMemory();
  WatchedMemory(const WatchedMemory &) = delete;

  void *data() const { return page; }

  /// Runs `body` with the page watched, and `change` before access number
  /// `when`, counted from 0, if there are as many. Returns the number of
  /// accesses.
  int watch(const std::function<void()> &body, int when,
            const std::function<void()> &change);

private:
  static void onAccess(int number, siginfo_t *info, void *context);
  static void onStep(int number, siginfo_t *info, void *context);
  void protect() const;
  void expose() const;

  static WatchedMemory *watched;
  void *page;
  size_t bytes;
  int accesses = 0, when = 0;
  const std::function<void()> *change = nullptr;
  struct sigaction accessBefore = {}, stepBefore = {};
};

#endif // FP8ATTN_TEST_INTEGRATION_HOSTS_WATCHEDMEMORY_H
