//===- HostCall.h - a call of any kind of entry point -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A valid call with random arguments and what it leaves, for hosts in any
// state: of the functions of fuzz/bypass.mlir, which are each operation by
// itself, and several in one.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_HOSTS_HOSTCALL_H
#define FP8ATTN_TEST_INTEGRATION_HOSTS_HOSTCALL_H

#include "BypassFunctions.h"
#include "Image.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// Does something in a state of the host: calls what it is given.
using Host = std::function<void(const std::function<void()> &body)>;

/// What a call returned, and all bytes of the memory that its arguments are in.
struct Outcome {
  fp8attn_status status = FP8ATTN_OK;
  std::string message;
  std::vector<char> memory;

  bool operator==(const Outcome &other) const {
    return status == other.status && memory == other.memory;
  }
};

class HostCall {
public:
  /// The call of a seed, in memory of its own.
  HostCall(const Function &function, uint32_t seed, fp8attn_isa isa);
  ~HostCall();
  HostCall(const HostCall &) = delete;
  HostCall &operator=(const HostCall &) = delete;

  /// Makes all memory what it was at first, calls the entry point inside of
  /// `host`, and does nothing else there. Returns what that left.
  Outcome callIn(const Host &host);
  Outcome call() {
    return callIn([](const std::function<void()> &body) { body(); });
  }
  /// Returns what the memory is before a call.
  std::vector<char> memoryAtFirst() const;

  /// The loop of the context may be set; the workspace is made for each call.
  fp8attn_context context;
  std::vector<Argument> arguments;

private:
  const Function &function;
  Image image, first;
};

#endif // FP8ATTN_TEST_INTEGRATION_HOSTS_HOSTCALL_H
