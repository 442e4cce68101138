//===- LargeStack.cpp - room for deeply nested input ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Makes the thread by the system's interface: llvm::thread ends the process
// where there can be none.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Compilation/LargeStack.h"

#include <pthread.h>

using Body = llvm::function_ref<void()>;

static void *callBody(void *body) {
  (*static_cast<Body *>(body))();
  return nullptr;
}

bool mlir::fp8attn::callOnLargeStack(Body body) {
  // Address space; memory is taken as it is used.
  constexpr size_t kStackBytes = size_t(1) << 30;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes))
    return false;
  pthread_t thread;
  const bool started = !pthread_attr_setstacksize(&attributes, kStackBytes) &&
                       !pthread_create(&thread, &attributes, callBody, &body);
  pthread_attr_destroy(&attributes);
  if (started)
    pthread_join(thread, /*retval=*/nullptr);
  return started;
}
