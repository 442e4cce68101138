//===- HostEnvironments.h - states in which hosts call ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What surrounds a call that a host makes: floating-point modes, signals,
// threads, other processes, limits. None of it may show in a result.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_HOSTS_HOSTENVIRONMENTS_H
#define FP8ATTN_TEST_INTEGRATION_HOSTS_HOSTENVIRONMENTS_H

#include "HostCall.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

/// Returns a call of its own, the same as every other that it returns.
using MakeCall = std::function<std::unique_ptr<HostCall>()>;

struct HostEnvironment {
  std::string name;
  /// Makes the call one time or several in the environment, `inside` around
  /// each, and returns what each of them left.
  std::function<std::vector<Outcome>(const MakeCall &make, const Host &inside)>
      run;
  /// Whether the host may start threads, or wake those it has, in a call.
  bool allowsThreads = true;
};

const std::vector<HostEnvironment> &hostEnvironments();

#endif // FP8ATTN_TEST_INTEGRATION_HOSTS_HOSTENVIRONMENTS_H
