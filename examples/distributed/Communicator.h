//===- Communicator.h - what ranks do together ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one collective that sharded attention needs. An engine with collectives
// of its own implements it in a few lines; MpiCommunicator is one on MPI.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_DISTRIBUTED_COMMUNICATOR_H
#define FP8ATTN_EXAMPLES_DISTRIBUTED_COMMUNICATOR_H

#include <cstddef>
#include <cstring>

namespace distributed {

class Communicator {
public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Gives each rank the `bytes` bytes at `mine` of every rank, in the order of
  /// ranks: `all` is [size()][bytes] and does not overlap `mine`. All ranks
  /// call it with the same number of bytes. Throws std::runtime_error, with the
  /// ranks in its text, if some do not answer in time; the job cannot go on
  /// then.
  virtual void allGather(const void *mine, size_t bytes, void *all) = 0;
};

/// One process that has all to itself.
class Alone : public Communicator {
public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void allGather(const void *mine, size_t bytes, void *all) override {
    std::memcpy(all, mine, bytes);
  }
};

} // namespace distributed

#endif // FP8ATTN_EXAMPLES_DISTRIBUTED_COMMUNICATOR_H
