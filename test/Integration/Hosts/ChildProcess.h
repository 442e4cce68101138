//===- ChildProcess.h - calls in a process of their own ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Outcomes of a forked process, as the parent gets them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_HOSTS_CHILDPROCESS_H
#define FP8ATTN_TEST_INTEGRATION_HOSTS_CHILDPROCESS_H

#include "HostCall.h"

#include <functional>

/// Returns what `body` returns in a child of this process. Without one, as the
/// child was killed or hangs, the message says so and the status is -1.
Outcome runInChild(const std::function<Outcome()> &body);

/// The same where `enter`, once it is called, forbids all system calls but
/// exit.
Outcome runInSandbox(
    const std::function<Outcome(const std::function<void()> &enter)> &body);

#endif // FP8ATTN_TEST_INTEGRATION_HOSTS_CHILDPROCESS_H
