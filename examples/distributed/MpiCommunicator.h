//===- MpiCommunicator.h - ranks of an MPI job ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An all-gather out of messages between pairs of ranks and not MPI_Allgather:
// so it is known who did not answer, and when to stop waiting.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_DISTRIBUTED_MPICOMMUNICATOR_H
#define FP8ATTN_EXAMPLES_DISTRIBUTED_MPICOMMUNICATOR_H

#include "Communicator.h"

namespace distributed {

class MpiCommunicator : public Communicator {
public:
  /// Joins the job that mpiexec started, or is alone without one. Waits
  /// `timeoutSeconds` for the other ranks in each collective. At most one may
  /// exist in a process.
  MpiCommunicator(int &argc, char **&argv, double timeoutSeconds);
  /// Leaves the job. An exception that ends the program ends the job first,
  /// with abort().
  ~MpiCommunicator() override;
  MpiCommunicator(const MpiCommunicator &) = delete;
  MpiCommunicator &operator=(const MpiCommunicator &) = delete;

  int rank() const override { return ownRank; }
  int size() const override { return numRanks; }
  void allGather(const void *mine, size_t bytes, void *all) override;

  /// Ends all ranks of the job with a status other than 0.
  [[noreturn]] static void abort();

private:
  double timeoutSeconds;
  int ownRank = 0, numRanks = 1;
};

} // namespace distributed

#endif // FP8ATTN_EXAMPLES_DISTRIBUTED_MPICOMMUNICATOR_H
