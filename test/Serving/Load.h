//===- Load.h - requests, and what must hold between steps ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_SERVING_LOAD_H
#define FP8ATTN_TEST_SERVING_LOAD_H

#include "Engine.h"

#include <functional>
#include <map>
#include <ostream>
#include <random>

namespace serving {

/// What a request became: equal only if all bits were.
struct Text {
  std::vector<Token> tokens;
  uint64_t digest;
  bool operator==(const Text &) const = default;
};
std::ostream &operator<<(std::ostream &stream, const Text &text);

/// Returns a request whose prompt begins, more often than not, with some of the
/// tokens that others begin with. It may name these as its prefix, or fewer or
/// more of its tokens.
Request drawRequest(std::mt19937 &random, int64_t id);

/// Returns count of them, with the ids 0 to count - 1.
std::vector<Request> drawRequests(uint32_t seed, int64_t count);

/// A model of two layers, made once; and one whose tokens see a window.
const Model &testModel();
const Model &windowedModel();

/// Returns the text of a request that is served by itself, on one worker, with
/// its prompt in one chunk, or two where it names a prefix, and without
/// guesses.
Text serveAlone(const Request &request, CacheFormat format,
                const Model &model = testModel(),
                int32_t isaCap = FP8ATTN_ISA_AMX_BF16);

/// Fails the test unless each page has as many references as it has holders,
/// sequences that wait hold none, and all else is free.
void expectInvariants(const Scheduler &scheduler);

/// Calls step() until nothing is left, with the invariants checked after each
/// and no call that fails, and returns the texts by request. `afterStep` sees
/// each report.
std::map<int64_t, Text> serveAll(
    Engine &engine, const std::function<void(const StepReport &)> &afterStep =
                        [](const StepReport &) {});

} // namespace serving

#endif // FP8ATTN_TEST_SERVING_LOAD_H
