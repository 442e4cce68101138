//===- ConstraintCalls.h - entry points of constraints.py -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each operation in each place, with arguments by name.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_CONSTRAINTCALLS_H
#define FP8ATTN_TEST_INTEGRATION_CONSTRAINTCALLS_H

#include "fp8attn/Runtime/fp8attn.h"

#include <map>
#include <string>
#include <vector>

/// The arguments of a call.
struct ConstraintArguments {
  std::map<std::string, fp8attn_tensor> tensors;
  std::map<std::string, fp8attn_cache> caches;

  const fp8attn_tensor *tensor(const char *name) { return &tensors.at(name); }
  const fp8attn_cache *cache(const char *name) { return &caches.at(name); }
};

/// An entry point, and what a call that succeeds takes.
struct ConstraintCall {
  struct Argument {
    const char *name;
    /// An fp8attn_type, or -1 of a cache.
    int32_t type;
    std::vector<int64_t> sizes;
  };

  const char *operation;
  const char *place;
  fp8attn_status (*call)(fp8attn_context *context,
                         ConstraintArguments &arguments);
  int64_t (*workspaceBytes)(int32_t numWorkers);
  std::vector<Argument> arguments;
};

extern const std::vector<ConstraintCall> kConstraintCalls;

#endif // FP8ATTN_TEST_INTEGRATION_CONSTRAINTCALLS_H
