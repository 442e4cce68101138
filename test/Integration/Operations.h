//===- Operations.h - a valid call of each operation ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Arguments with their names, in memory of their own, so that a test can break
// any one of any operation.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_OPERATIONS_H
#define FP8ATTN_TEST_INTEGRATION_OPERATIONS_H

#include "Problem.h"

#include <array>
#include <deque>
#include <string>
#include <vector>

/// The bytes of all arguments.
using Memory = std::vector<std::vector<uint8_t>>;

/// Arguments of one entry point, filled in for a call that succeeds.
class Operation {
public:
  struct Tensor {
    std::string name;
    fp8attn_tensor tensor;
    /// Whether its first size is the number of tokens.
    bool isPerToken;
    /// Whether null is passed instead of it.
    bool isNull = false;
  };
  struct Cache {
    std::string name;
    fp8attn_cache cache;
    bool isNull = false;
  };

  static constexpr std::array<const char *, 6> kNames = {
      "attend", "write", "merge", "repack", "quantize", "dequantize"};

  /// `name` is one of kNames.
  explicit Operation(const char *name);

  /// In the order of the entry point, caches apart.
  std::vector<Tensor> tensors;
  std::vector<Cache> caches;
  fp8attn_context context;
  /// Of the context's workers.
  int64_t workspaceBytes = 0;

  fp8attn_status call() { return callWith(&context); }
  fp8attn_status callWith(fp8attn_context *other);

  /// Runs on kLoopWorkers workers of a loop from now on.
  void setLoop(fp8attn_parallel_for loop);

  bool isRepack() const { return name == "repack"; }
  /// Takes the tokens, but not the sequences, from an attention's batch.
  void makeBatchEmpty();

  Memory memory() const;

private:
  void addTensor(const char *name, fp8attn_type type, bool isPerToken,
                 std::vector<int64_t> sizes, int64_t seed);
  void addCache(const char *name);
  template <typename T>
  void addTable(const char *name, fp8attn_type type, bool isPerToken,
                std::vector<int64_t> sizes, std::vector<T> values);
  void addWorkspace();
  int64_t needWorkspace(int32_t numWorkers) const;

  const std::string name;
  /// Of tensors, then of caches; references to it stay valid.
  std::deque<AlignedBytes> bytes;
  AlignedBytes workspace{0};
};

#endif // FP8ATTN_TEST_INTEGRATION_OPERATIONS_H
