//===- KernelSelection.cpp - choosing rows of the kernel table ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/KernelSelection.h"

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
  const double cycles = prediction.cycles();
  const double chosenCycles = chosen.prediction.cycles();
  // What rounds to "1.0 times" says nothing.
  constexpr double kNoticeable = 1.05;
  if (cycles >= kNoticeable * chosenCycles)
    return llvm::formatv("{0:F1} times as many cycles", cycles / chosenCycles);
  if (keyRow().isa != chosen.keyRow().isa && cycles < chosenCycles)
    return llvm::formatv(
        "{0:F1} times as many cycles, but sums in another order than {1}; "
        "mix-isas allows it",
        cycles / chosenCycles,
        multipliedChannels > chosen.multipliedChannels ? "decode" : "prefill");
  if (cycles > chosenCycles)
    return llvm::formatv("{0:F1} cycles more", cycles - chosenCycles);
  if (prediction.computeCycles > chosen.prediction.computeCycles)
    return "no faster: it waits for the same bytes, and computes longer";
  return "no faster, and more calls";
}

StringRef mlir::fp8attn::getPhase(int64_t rows) {
  return rows <= FP8ATTN_DECODE_ROWS ? "decode" : "prefill";
}

/// Returns why `row` cannot compute the problem's keys (or values), or "".
static std::string getObstacle(const KernelRow &row,
                               const AttentionProblem &problem,
                               int64_t channels) {
  // Decode on tiles takes what is in the cache as tiles.
  if (row.op == "attend" && row.isa == Isa::AmxBf16) {
    if (problem.isLatent && problem.keyType.getIntOrFloatBitWidth() == 4)
      return "values of a latent cache of 4 bits are put in order tile by "
             "tile, in pv";
    if (!problem.hasWholeGranules)
      return "pages are no multiple of 32 tokens, and tiles of values are put "
             "together one by one, in pv";
  }
  if (row.isa > problem.isa)
    return llvm::formatv("needs {0}, but bodies here are for {1}",
                         stringifyIsa(row.isa), stringifyIsa(problem.isa));
  if (problem.maxRows > row.maxRows)
    return llvm::formatv("takes at most {0} rows, but there are {1}",
                         row.maxRows, problem.maxRows);
  if (channels % row.channels != 0)
    return llvm::formatv("takes multiples of {0} channels, but there are {1}",
                         row.channels, channels);
  return "";
}

/// Whether `row` is of the operation, of what the table calls the cache and of
/// the problem's products.
static bool matches(const KernelRow &row, StringRef op, StringRef cache,
                    const AttentionProblem &problem) {
  return row.op == op && row.cache == cache &&
         row.in == getTypeWord(problem.productType);
}

/// What the table calls elements that were multiplied by their scales.
static constexpr StringLiteral kMultiplied = "bf16";

/// Returns whether `row` computes scores, or weighted values if `isValue`, of
/// what is in the cache, or in the page that it is dequantised to. A row that
/// multiplies by scales itself takes the place of the one of its ISA that does
/// not.
static bool serves(const KernelRow &row, bool isValue,
                   const AttentionProblem &problem) {
  const StringRef op = isValue ? "pv" : "qk";
  if (isValue ? !problem.scalesValueElements : !problem.scalesKeyElements)
    return matches(row, op,
                   getTypeWord(isValue ? problem.valueType : problem.keyType),
                   problem);
  const BlockKernels &kernels =
      isValue ? problem.valueBlocks : problem.keyBlocks;
  const std::string blocks = (op + "_blocks").str();
  auto scalesBlocks = [&](const KernelRow &other) {
    return kernels.obstacle.empty() &&
           matches(other, blocks, kernels.cache, problem) &&
           other.isa == row.isa;
  };
  return scalesBlocks(row) || (matches(row, op, kMultiplied, problem) &&
                               llvm::none_of(getKernels(), scalesBlocks));
}

/// Returns whether `row` is a fused one that reads the problem's keys and
/// values.
static bool isFused(const KernelRow &row, const AttentionProblem &problem) {
  if (row.op == "prefill_mixed")
    return problem.isMixed && problem.maxRows > FP8ATTN_DECODE_ROWS &&
           matches(row, row.op, getTypeWord(problem.keyType), problem);
  if (problem.scalesKeyElements != problem.scalesValueElements ||
      problem.keyType != problem.valueType)
    return false;
  StringRef cache = getTypeWord(problem.keyType);
  if (problem.scalesKeyElements) {
    const BlockKernels &keys = problem.keyBlocks, &values = problem.valueBlocks;
    if (keys.obstacle.empty() && values.obstacle.empty())
      return keys.cache == values.cache &&
             matches(row, "attend_blocks", keys.cache, problem);
    cache = kMultiplied;
  }
  return matches(row, "attend", cache, problem) ||
         (problem.maxRows > FP8ATTN_DECODE_ROWS &&
          matches(row, "prefill", cache, problem));
}

static void addFused(const AttentionProblem &problem,
                     const MachineFigures &machine,
                     SmallVectorImpl<AttentionCandidate> &candidates) {
  for (const KernelRow &row : getKernels()) {
    if (!isFused(row, problem))
      continue;
    AttentionCandidate &candidate = candidates.emplace_back();
    candidate.attend = &row;
    const bool scalesElements =
        problem.scalesKeyElements || problem.scalesValueElements;
    if (problem.modifiesScores)
      candidate.dropped = "the score region stands between scores and softmax";
    else if (problem.isDense)
      candidate.dropped = "dense keys and values are packed before each step";
    else if (scalesElements && !candidate.scalesBlocks())
      candidate.dropped = "elements are multiplied one by one before each step";
    else if (problem.hasFactorsByKey)
      candidate.dropped = "scales differ by key and are collected step by step";
    else if (candidate.isMixed() && !problem.mixedObstacle.empty())
      candidate.dropped = problem.mixedObstacle;
    else if (candidate.isPrefill() && !problem.canHaveMoreRows)
      candidate.dropped = "work items have a fixed number of rows";
    else
      candidate.dropped = getObstacle(row, problem, problem.shape.keyChannels);
    // Its softmax is that of its ISA.
    if (candidate.dropped.empty())
      candidate.prediction = predict(
          problem.shape, {row, getSoftmax(row.isa, problem.productType), row},
          machine);
  }
}

static void addSeparate(const AttentionProblem &problem,
                        const MachineFigures &machine,
                        SmallVectorImpl<AttentionCandidate> &candidates) {
  for (const KernelRow &qk : getKernels())
    for (const KernelRow &pv : getKernels()) {
      // Rows may be mixed, but one ISA for both needs half the words to say.
      if (qk.isa != pv.isa || !serves(qk, /*isValue=*/false, problem) ||
          !serves(pv, /*isValue=*/true, problem))
        continue;
      AttentionCandidate &candidate = candidates.emplace_back();
      candidate.qk = &qk;
      candidate.pv = &pv;
      if (problem.scalesKeyElements && !candidate.scalesKeyBlocks())
        candidate.multipliedChannels += problem.shape.keyChannels;
      // Those of a latent cache are the keys.
      if (problem.scalesValueElements && !candidate.scalesValueBlocks() &&
          !problem.isLatent)
        candidate.multipliedChannels += problem.shape.valueChannels;
      candidate.dropped = getObstacle(qk, problem, problem.shape.keyChannels);
      if (candidate.dropped.empty())
        candidate.dropped =
            getObstacle(pv, problem, problem.shape.valueChannels);
      if (candidate.dropped.empty())
        candidate.prediction =
            predict(problem.shape,
                    {qk, getSoftmax(problem.isa, problem.productType), pv,
                     candidate.multipliedChannels},
                    machine);
    }
}

static constexpr StringLiteral kKernelPrefix = "fp8attn_uk_";

bool mlir::fp8attn::isNamed(const KernelRow &row, StringRef word) {
  word.consume_front(kKernelPrefix);
  return word == stringifyIsa(row.isa) ||
         word == row.name.drop_front(kKernelPrefix.size());
}

bool mlir::fp8attn::isForceable(StringRef word) {
  return llvm::any_of(getKernels(), [&](const KernelRow &row) {
    return llvm::is_contained(ArrayRef<StringRef>{"attend", "prefill", "qk",
                                                  "pv", "qk_blocks",
                                                  "pv_blocks", "attend_blocks",
                                                  "prefill_mixed"},
                              row.op) &&
           isNamed(row, word);
  });
}

/// Drops what is not forced, if something that is forced can be used.
static void applyForce(ArrayRef<std::string> forced,
                       MutableArrayRef<AttentionCandidate> candidates) {
  auto isForced = [&](const AttentionCandidate &candidate) {
    auto names = [&](const KernelRow &row) {
      return llvm::any_of(forced,
                          [&](StringRef word) { return isNamed(row, word); });
    };
    return names(candidate.keyRow()) && names(candidate.valueRow());
  };
  auto isUsable = [](const AttentionCandidate &candidate) {
    return candidate.dropped.empty();
  };
  if (llvm::none_of(candidates, [&](const AttentionCandidate &candidate) {
        return isForced(candidate) && isUsable(candidate);
      }))
    return;
  for (AttentionCandidate &candidate : candidates)
    if (isUsable(candidate) && !isForced(candidate))
      candidate.dropped = "another one is forced";
}

SmallVector<AttentionCandidate>
mlir::fp8attn::getAttentionCandidates(const AttentionProblem &problem,
                                      const MachineFigures &machine,
                                      const SelectionWishes &wishes) {
  SmallVector<AttentionCandidate> candidates;
  addFused(problem, machine, candidates);
  addSeparate(problem, machine, candidates);
  applyForce(wishes.forced, candidates);
  auto getKey = [&](const AttentionCandidate &candidate) {
    // All ISAs have rows for many query rows and for few, so that the best one
    // is the same for both. In decode, to multiply elements one by one takes
    // many times as long as all else.
    const bool isMultiplied =
        !wishes.mixIsas && candidate.multipliedChannels > 0;
    const int isaRank =
        wishes.mixIsas ? 0 : -static_cast<int>(candidate.keyRow().isa);
    return std::make_tuple(!candidate.dropped.empty(), isMultiplied, isaRank,
                           candidate.prediction.cycles(),
                           candidate.prediction.computeCycles,
                           !candidate.attend, candidate.keyRow().name);
  };
  llvm::sort(candidates,
             [&](const AttentionCandidate &a, const AttentionCandidate &b) {
               return getKey(a) < getKey(b);
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

const KernelRow &mlir::fp8attn::getSoftmax(Isa isa, Type productType) {
  return *selectByIsa("softmax", "f32", getTypeWord(productType), isa);
}
