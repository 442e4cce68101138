//===- fp8attn-simulate-plan.cpp - how busy a plan keeps many workers -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Cuts batches into work items with the runtime's own functions, as generated
// code calls them, and gives the items out as its pool does, to workers that
// take for each what the table of kernels says. No machine of so many cores is
// needed. What is not simulated: waking, memory that workers share, and other
// processes.
//
//===----------------------------------------------------------------------===//

#include "Suite.h"

#include "pool_state.h"

#include "fp8attn/Runtime/kernels.h"
#include "fp8attn/Runtime/lowering_abi.h"
#include "fp8attn/Runtime/visible_keys.h"
#include "fp8attn/Target/KernelCosts.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/WithColor.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace cl = llvm::cl;
using namespace mlir::fp8attn;

namespace {
/// A batch as the runtime takes it.
struct Batch {
  Batch(const Model &model, const BenchCall &call)
      : group(model.heads / model.kvHeads), kvHeads(model.kvHeads),
        keyChannels(model.headDim), valueChannels(model.valueHeadDim),
        isLatent(model.values == Model::Values::Latent) {
    for (const Sequences &sequences : call.batch)
      for (int64_t i = 0; i < sequences.count; ++i) {
        starts.push_back(starts.back() + sequences.queries);
        lens.push_back(sequences.keys);
      }
  }
  int64_t numSeqs() const { return lens.size(); }
  int64_t numTokens() const { return starts.back(); }

  /// Of a key and its value, as they are computed with.
  int64_t channels() const { return keyChannels + valueChannels; }
  /// Elements of the cache, of a key and its value: a latent one has no values.
  int64_t stored() const { return isLatent ? keyChannels : channels(); }

  std::vector<int32_t> starts = {0}, lens;
  int64_t group, kvHeads, keyChannels, valueChannels;
  bool isLatent;
};

/// The kernels that do the work of items.
struct ItemCosts {
  KernelCosts attend, prefill, softmax;
};

/// How a batch is divided, and how long that takes.
struct Plan {
  int64_t rows, items;
  /// Of all workers' time until the last item ends, what they work.
  double busy;
};
} // namespace

/// Returns the cycles that an item takes.
static double costOf(const fp8attn_work_item &item, const Batch &batch,
                     const ItemCosts &kernels) {
  // Finding out that it has nothing to do; finding and finishing its rows, of
  // which queries and results come from memory and go there.
  constexpr double kEmpty = 50, kItem = 2000, kRowElement = 1.5;
  // Of a core's share of the memory (docs/Kernels.md).
  constexpr double kBytesPerCycle = 4;
  if (item.num_rows == 0)
    return kEmpty;
  double pairs = 0;
  for (int64_t row = 0; row < item.num_rows; ++row) {
    const fp8attn_key_range keys =
        fp8attn_visible_keys(&item, (item.first_row + row) / item.group);
    pairs += std::max<int64_t>(std::min(keys.end, item.num_keys) -
                                   std::max(keys.begin, item.first_key),
                               0);
  }
  const double keys = item.num_keys - item.first_key;
  const KernelCosts &kernel =
      item.num_rows > FP8ATTN_DECODE_ROWS ? kernels.prefill : kernels.attend;
  // Of the rows, those that see a key, on the average.
  const double seeing = keys > 0 ? pairs / (keys * item.num_rows) : 0;
  const double decoding = kernel.cyclesPerElement(0);
  const double forRows = kernel.cyclesPerElement(item.num_rows) - decoding;
  const double computing =
      keys * batch.channels() * (decoding + seeing * forRows) +
      pairs * kernels.softmax.cyclesPerElement(1);
  const double reading = batch.stored() * keys / kBytesPerCycle;
  // A query has the channels of a key, and a result those of a value.
  return std::max(computing, reading) + kItem +
         item.num_rows * batch.channels() / 2.0 * kRowElement;
}

/// Returns when the last item ends.
static double giveOut(llvm::ArrayRef<double> costs, int64_t atOnce,
                      int32_t workers) {
  std::priority_queue<double, std::vector<double>, std::greater<>> idleFrom;
  for (int32_t i = 0; i < workers; ++i)
    idleFrom.push(0);
  const int64_t items = costs.size();
  const ::fp8attn::Loop loop =
      ::fp8attn::cutLoop(llvm::divideCeil(items, atOnce), workers);
  double end = 0;
  for (int64_t range = 0; range < loop.numRanges; ++range) {
    double time = idleFrom.top();
    idleFrom.pop();
    const int64_t begin = range * loop.rangeSize;
    const int64_t rangeEnd = std::min(begin + loop.rangeSize, loop.count);
    for (int64_t i = begin * atOnce; i < std::min(rangeEnd * atOnce, items);
         ++i)
      time += costs[i];
    idleFrom.push(time);
    end = std::max(end, time);
  }
  return end;
}

/// Divides a batch as a compiled function does.
static Plan makePlan(const Batch &batch, const ItemCosts &kernels,
                     int32_t workers) {
  alignas(FP8ATTN_ALIGNMENT) static char workspace[FP8ATTN_LOOP_BYTES];
  fp8attn_context context;
  fp8attn_context_init(&context);
  context.num_workers = workers;
  context.parallel_for = fp8attn_pool_parallel_for;
  context.workspace = workspace;
  const int32_t *starts = batch.starts.data(), *lens = batch.lens.data();
  const int64_t seqs = batch.numSeqs(), tokens = batch.numTokens();
  const int64_t group = batch.group, heads = batch.kvHeads;
  constexpr int64_t kTopLeft = 0, kLeft = FP8ATTN_UNBOUNDED, kRight = 0;

  Plan plan;
  plan.rows = fp8attn_item_rows(&context, tokens, seqs, group, heads,
                                FP8ATTN_PREFILL_ROWS);
  const int64_t blocks =
      fp8attn_num_work_items(tokens, seqs, plan.rows, group, heads);
  const int64_t parts = fp8attn_num_parts(
      &context, blocks, plan.rows, starts, lens, seqs, tokens, group, heads,
      kTopLeft, kLeft, kRight, FP8ATTN_UNBOUNDED);
  const int64_t atOnce =
      fp8attn_items_at_once(&context, blocks * parts, starts, lens, seqs, group,
                            heads, batch.channels(), kLeft);
  std::vector<double> costs;
  double sum = 0;
  plan.items = 0;
  for (int64_t index = 0; index < blocks * parts; ++index) {
    fp8attn_work_item item;
    fp8attn_work_item_init(&context, &item, index, parts, plan.rows, starts,
                           lens, seqs, tokens, group, heads, kTopLeft, kLeft,
                           kRight, FP8ATTN_UNBOUNDED);
    plan.items += item.num_rows > 0;
    costs.push_back(costOf(item, batch, kernels));
    sum += costs.back();
  }
  plan.busy = sum / workers / giveOut(costs, atOnce, workers);
  return plan;
}

/// Prints a table with a row for each batch of each model.
static void printPlans(const Suite &suite, const ItemCosts &kernels,
                       llvm::ArrayRef<int32_t> counts) {
  llvm::outs() << "| model | batch |";
  for (int32_t count : counts)
    llvm::outs() << " " << count << " workers |";
  llvm::outs() << "\n|---|---|";
  for (size_t i = 0; i < counts.size(); ++i)
    llvm::outs() << "---|";
  llvm::outs() << "\n";
  for (const Model &model : suite.models)
    for (const BenchCall &call : suite.calls) {
      const Batch batch(model, call);
      if (batch.numSeqs() == 0)
        continue;
      llvm::outs() << "| " << model.name << " | " << call.name << " |";
      for (int32_t count : counts) {
        const Plan plan = makePlan(batch, kernels, count);
        llvm::outs() << llvm::formatv(" {0:F2} ({1} of {2}) |", plan.busy,
                                      plan.items, plan.rows);
      }
      llvm::outs() << "\n";
    }
}

static int fail(llvm::Error error) {
  llvm::WithColor::error() << llvm::toString(std::move(error)) << "\n";
  return EXIT_FAILURE;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::ResetCommandLineParser();
  cl::OptionCategory category("fp8attn-simulate-plan options");
  cl::opt<std::string> suitePath(
      "suite",
      cl::desc("Models and batches (default: benchmarks/calls/"
               "plans.json of the source)"),
      cl::value_desc("file.json"), cl::init(FP8ATTN_PLAN_SUITE),
      cl::cat(category));
  cl::list<std::string> models(
      "models", cl::desc("Only models whose names begin so (default: all)"),
      cl::value_desc("name,..."), cl::CommaSeparated, cl::cat(category));
  cl::list<int32_t> workers(
      "workers", cl::desc("Numbers of workers (default: 16,64,128)"),
      cl::value_desc("n,..."), cl::CommaSeparated, cl::cat(category));
  cl::opt<std::string> isa(
      "isa",
      cl::desc("Whose kernels' costs (default: avx512_bf16), on Zen 4 or,\n"
               "amx_bf16, Sapphire Rapids"),
      cl::value_desc("isa"), cl::init("avx512_bf16"), cl::cat(category));
  cl::ParseCommandLineOptions(
      argc, argv,
      "prints how busy the runtime's plan keeps many workers, as a part of\n"
      "their time, and items and their most rows; of e4m3 and causal "
      "attention\n");
  std::vector<int32_t> counts(workers.begin(), workers.end());
  if (counts.empty())
    counts = {16, 64, 128};
  for (int32_t count : counts)
    if (count < 1 || count > FP8ATTN_MAX_POOL_WORKERS)
      return fail(
          llvm::createStringError("expects --workers from 1 to " +
                                  llvm::Twine(FP8ATTN_MAX_POOL_WORKERS) +
                                  ", got " + llvm::Twine(count)));
  // AMX has the softmax of vectors.
  const bool isAmx = isa == "amx_bf16";
  const Microarchitecture cpu =
      isAmx ? Microarchitecture::SapphireRapids : Microarchitecture::Zen4;
  const auto attend = findKernelCosts("attend", "e4m3", isa, cpu),
             prefill = findKernelCosts("prefill", "e4m3", isa, cpu),
             softmax =
                 findKernelCosts("softmax", "bf16",
                                 isAmx ? "avx512_bf16" : isa.getValue(), cpu);
  if (!attend || !prefill || !softmax)
    return fail(llvm::createStringError(
        "expects --isa of avx2, avx512, avx512_bf16 and amx_bf16, got "
        "\"" +
        isa + "\""));
  llvm::Expected<Suite> suite = Suite::read(suitePath);
  if (!suite)
    return fail(suite.takeError());
  if (llvm::Error error = suite->keepModels(models))
    return fail(std::move(error));

  printPlans(*suite, {*attend, *prefill, *softmax}, counts);
  return EXIT_SUCCESS;
}
