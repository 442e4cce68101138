//===- KernelSelection.cpp - choosing rows of the kernel table ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "KernelSelection.h"

#include "fp8attn/Runtime/kernels.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

std::string AttentionCandidate::getName() const {
  return attend ? attend->name.str() : (qk->name + " + " + pv->name).str();
}

std::string AttentionCandidate::whyNot(const AttentionCandidate &chosen) const {
  if (!dropped.empty())
    return dropped;
  if (cyclesPerKey > chosen.cyclesPerKey)
    return llvm::formatv("{0:F1} times as many cycles",
                         cyclesPerKey / chosen.cyclesPerKey);
  return "no faster, and more calls";
}

StringRef mlir::fp8attn::getPhase(int64_t rows) {
  return rows <= FP8ATTN_DECODE_ROWS ? "decode" : "prefill";
}

/// Returns why `row` cannot compute the problem's keys (or values), or "".
static std::string getObstacle(const KernelRow &row,
                               const AttentionProblem &problem,
                               int64_t channels) {
  if (row.isa > problem.isa)
    return llvm::formatv("needs {0}, but bodies here are for {1}",
                         stringifyIsa(row.isa), stringifyIsa(problem.isa));
  if (problem.rows > row.maxRows)
    return llvm::formatv("takes at most {0} rows, but there are {1}",
                         row.maxRows, problem.rows);
  if (channels % row.channels != 0)
    return llvm::formatv("takes multiples of {0} channels, but there are {1}",
                         row.channels, channels);
  return "";
}

/// Whether `row` is of the operation and of the cache's element type.
static bool matches(const KernelRow &row, StringRef op, Type type) {
  return row.op == op && row.cache == getTypeWord(type);
}

static void addFused(const AttentionProblem &problem,
                     SmallVectorImpl<AttentionCandidate> &candidates) {
  if (problem.keyType != problem.valueType)
    return;
  for (const KernelRow &row : getKernels()) {
    if (!matches(row, "attend", problem.keyType))
      continue;
    AttentionCandidate &candidate = candidates.emplace_back();
    candidate.attend = &row;
    if (problem.modifiesScores)
      candidate.dropped = "the score region stands between scores and softmax";
    else if (problem.isDense)
      candidate.dropped = "dense keys and values are packed before each step";
    else if (problem.isDequantized)
      candidate.dropped = "elements are multiplied one by one before each step";
    else if (problem.hasFactorsByKey)
      candidate.dropped = "scales differ by key and are collected step by step";
    else
      candidate.dropped = getObstacle(row, problem, problem.keyChannels);
    candidate.cyclesPerKey =
        row.cyclesPerElement(problem.rows) *
        static_cast<double>(problem.keyChannels + problem.valueChannels);
  }
}

static void addSeparate(const AttentionProblem &problem,
                        SmallVectorImpl<AttentionCandidate> &candidates) {
  for (const KernelRow &qk : getKernels())
    for (const KernelRow &pv : getKernels()) {
      // Rows may be mixed, but one ISA for both needs half the words to say.
      if (!matches(qk, "qk", problem.keyType) ||
          !matches(pv, "pv", problem.valueType) || qk.isa != pv.isa)
        continue;
      AttentionCandidate &candidate = candidates.emplace_back();
      candidate.qk = &qk;
      candidate.pv = &pv;
      candidate.dropped = getObstacle(qk, problem, problem.keyChannels);
      if (candidate.dropped.empty())
        candidate.dropped = getObstacle(pv, problem, problem.valueChannels);
      candidate.cyclesPerKey = qk.cyclesPerElement(problem.rows) *
                                   static_cast<double>(problem.keyChannels) +
                               pv.cyclesPerElement(problem.rows) *
                                   static_cast<double>(problem.valueChannels);
    }
}

SmallVector<AttentionCandidate>
mlir::fp8attn::getAttentionCandidates(const AttentionProblem &problem) {
  SmallVector<AttentionCandidate> candidates;
  addFused(problem, candidates);
  addSeparate(problem, candidates);
  llvm::sort(candidates, [](const AttentionCandidate &a,
                            const AttentionCandidate &b) {
    auto key = [](const AttentionCandidate &candidate) {
      return std::make_tuple(!candidate.dropped.empty(), candidate.cyclesPerKey,
                             !candidate.attend, candidate.keyRow().name);
    };
    return key(a) < key(b);
  });
  return candidates;
}

const KernelRow *mlir::fp8attn::selectByIsa(StringRef op, StringRef in,
                                            StringRef cache, Isa isa) {
  const KernelRow *best = nullptr;
  for (const KernelRow &row : getKernels())
    if (row.op == op && row.in == in && row.cache == cache && row.isa <= isa &&
        (!best || row.isa > best->isa))
      best = &row;
  return best;
}
