//===- once.h - what a process computes once --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shared libraries name no library that they need, and before glibc 2.34
// pthread_once was in one of its own, so this does without.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_RUNTIME_ONCE_H
#define FP8ATTN_LIB_RUNTIME_ONCE_H

#include <atomic>
#include <cstdint>

namespace fp8attn {

/// Whether something has been computed; static, so that it begins as 0.
struct Once {
  enum : int32_t { kNot = 0, kRunning = 1, kDone = 2 };
  std::atomic<int32_t> state;
};

/// Has `compute` run, once, before the call returns. It must leave the same
/// bytes each time that it runs: it is run again where the thread that runs it
/// is not there to end it, which is so in the child of a fork.
inline void computeOnce(Once &once, void (*compute)()) {
  if (once.state.load(std::memory_order_acquire) == Once::kDone)
    return;
  int32_t state = Once::kNot;
  bool isFirst = once.state.compare_exchange_strong(state, Once::kRunning,
                                                    std::memory_order_acquire);
  // Far longer than it takes to ask the CPU and the kernel.
  constexpr int kPatience = 1 << 24;
  for (int i = 0; !isFirst && i < kPatience; ++i)
    if (once.state.load(std::memory_order_acquire) == Once::kDone)
      return;
  compute();
  once.state.store(Once::kDone, std::memory_order_release);
}

} // namespace fp8attn

#endif // FP8ATTN_LIB_RUNTIME_ONCE_H
