//===- MpiCommunicator.cpp - an all-gather with a time-out ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MpiCommunicator.h"

#include <chrono>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <mpi.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace distributed;

/// Throws if a call of MPI failed. By default MPI ends the job itself; a
/// communicator that returns errors lets the caller say what it was doing.
static void check(int error, const char *what) {
  if (error == MPI_SUCCESS)
    return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(error, text, &length);
  throw std::runtime_error(std::string(what) + ": " +
                           std::string(text, size_t(length)));
}

MpiCommunicator::MpiCommunicator(int &argc, char **&argv, double timeoutSeconds)
    : timeoutSeconds(timeoutSeconds) {
  check(MPI_Init(&argc, &argv), "MPI_Init");
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  check(MPI_Comm_rank(MPI_COMM_WORLD, &ownRank), "MPI_Comm_rank");
  check(MPI_Comm_size(MPI_COMM_WORLD, &numRanks), "MPI_Comm_size");
}

MpiCommunicator::~MpiCommunicator() { MPI_Finalize(); }

void MpiCommunicator::abort() {
  // What ranks have said is on its way to mpiexec, which may drop it when it
  // ends the job.
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  MPI_Abort(MPI_COMM_WORLD, 1);
  std::abort(); // for the compiler: MPI_Abort does not return
}

/// Returns "rank 1" or "ranks 1, 3".
static std::string listRanks(const std::vector<int> &ranks) {
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (size_t i = 0; i < ranks.size(); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(ranks[i]);
  return text;
}

void MpiCommunicator::allGather(const void *mine, size_t bytes, void *all) {
  using Clock = std::chrono::steady_clock;
  if (bytes > INT_MAX)
    throw std::runtime_error("expects messages of at most " +
                             std::to_string(INT_MAX) + " bytes, got " +
                             std::to_string(bytes));
  auto *places = static_cast<char *>(all);
  std::memcpy(places + size_t(ownRank) * bytes, mine, bytes);
  // Of rank r, request 2 r receives and request 2 r + 1 sends.
  std::vector<MPI_Request> requests(size_t(numRanks) * 2, MPI_REQUEST_NULL);
  constexpr int kTag = 0;
  for (int other = 0; other < numRanks; ++other) {
    if (other == ownRank)
      continue;
    MPI_Request *pair = &requests[size_t(other) * 2];
    check(MPI_Irecv(places + size_t(other) * bytes, int(bytes), MPI_BYTE, other,
                    kTag, MPI_COMM_WORLD, pair),
          "MPI_Irecv");
    check(MPI_Isend(mine, int(bytes), MPI_BYTE, other, kTag, MPI_COMM_WORLD,
                    pair + 1),
          "MPI_Isend");
  }
  const auto begin = Clock::now();
  while (true) {
    int done = 0;
    check(MPI_Testall(int(requests.size()), requests.data(), &done,
                      MPI_STATUSES_IGNORE),
          "MPI_Testall");
    if (done)
      return;
    const std::chrono::duration<double> waited = Clock::now() - begin;
    if (waited.count() > timeoutSeconds)
      break;
    // On a machine with fewer CPUs than ranks, others can do their part.
    std::this_thread::yield();
  }
  std::vector<int> silent;
  for (int other = 0; other < numRanks; ++other) {
    int received = 1, sent = 1;
    MPI_Test(&requests[size_t(other) * 2], &received, MPI_STATUS_IGNORE);
    MPI_Test(&requests[size_t(other) * 2 + 1], &sent, MPI_STATUS_IGNORE);
    if (!received || !sent)
      silent.push_back(other);
  }
  throw std::runtime_error("rank " + std::to_string(ownRank) + " waited " +
                           std::to_string(std::llround(timeoutSeconds)) +
                           " s for " + listRanks(silent) + " of " +
                           std::to_string(numRanks));
}
