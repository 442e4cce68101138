//===- BenchRun.cpp - all calls, one after the other ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A model is compiled once for each format; the memory of a call is made once
// for all its threads and ISAs.
//
//===----------------------------------------------------------------------===//

#include "BenchRun.h"

#include "CompiledModel.h"
#include "Progress.h"
#include "Sampling.h"
#include "Suite.h"
#include "Table.h"

#include "llvm/ADT/SetVector.h"

#include <ctime>
#include <optional>

using namespace mlir::fp8attn;

namespace {
/// What the lists of the options mean here.
struct Plan {
  Suite suite;
  std::vector<const Format *> formats;
  std::vector<fp8attn_isa> isas;
  std::vector<int32_t> threads;

  int64_t count() const {
    return suite.models.size() * suite.calls.size() * formats.size() *
           isas.size() * threads.size();
  }
};

/// The run under way.
class Runner {
public:
  Runner(const BenchOptions &options, const Host &host, const Plan &plan,
         llvm::raw_ostream &os)
      : options(options), host(host), plan(plan), os(os),
        progress(plan.count(), "calls") {}

  /// Fills in the results of a run.
  llvm::Error run(Run &run);

private:
  llvm::Error runModel(const Model &model, const Format &format);
  llvm::Error runCall(const Model &model, const Format &format,
                      const BenchCall &call,
                      llvm::ArrayRef<CompiledModel> builds);

  const BenchOptions &options;
  const Host &host;
  const Plan &plan;
  llvm::raw_ostream &os;
  Progress progress;
  std::vector<Result> results;
};
} // namespace

static llvm::Expected<Plan> makePlan(const BenchOptions &options,
                                     const Host &host) {
  Plan plan;
  if (options.samples < 1)
    return llvm::createStringError("expects --samples to be at least 1, got " +
                                   llvm::Twine(options.samples));
  llvm::Expected<Suite> suite = Suite::read(options.suite);
  if (!suite)
    return suite.takeError();
  plan.suite = std::move(*suite);
  if (llvm::Error error =
          plan.suite.keepModels(llvm::to_vector(options.models)))
    return std::move(error);
  if (llvm::Error error = plan.suite.keepCalls(llvm::to_vector(options.calls)))
    return std::move(error);
  auto formats = options.getFormats();
  if (!formats)
    return formats.takeError();
  plan.formats = *formats;
  auto isas = options.getIsas();
  if (!isas)
    return isas.takeError();
  plan.isas = *isas;
  auto threads = options.getThreads(host);
  if (!threads)
    return threads.takeError();
  plan.threads = *threads;
  return plan;
}

llvm::Error Runner::runCall(const Model &model, const Format &format,
                            const BenchCall &call,
                            llvm::ArrayRef<CompiledModel> builds) {
  // Larger than the cache, so that nothing of a turn is left when it comes
  // again.
  constexpr int64_t kCachesOfTurns = 2;
  const CallData data(model, format, call,
                      kCachesOfTurns * host.lastLevelBytes);
  for (int32_t threads : plan.threads) {
    const int64_t cores = host.spread(threads);
    std::vector<Contender> contenders;
    for (const CompiledModel &build : builds) {
      llvm::Expected<Contender> contender = Contender::create(build, threads);
      if (!contender)
        return contender.takeError();
      contenders.push_back(std::move(*contender));
    }
    for (fp8attn_isa isa : plan.isas) {
      progress.show(model.name + " " + format.name + " " + call.name);
      llvm::Expected<Result> result =
          measure(call, data, contenders, isa, options.samples);
      progress.advance();
      progress.clear();
      if (!result)
        return result.takeError();
      result->model = model.name;
      result->format = format.name;
      result->isa = fp8attn_isa_string(isa);
      result->call = call.name;
      result->threads = threads;
      result->cores = cores;
      printTableRow(os, *result);
      os.flush();
      results.push_back(std::move(*result));
    }
  }
  return llvm::Error::success();
}

llvm::Error Runner::runModel(const Model &model, const Format &format) {
  progress.show(model.name + " " + format.name + ": compiling");
  llvm::SmallSetVector<Lists, 4> lists;
  for (const BenchCall &call : plan.suite.calls)
    if (call.lists != Lists::None)
      lists.insert(call.lists);
  std::vector<CompiledModel> builds;
  for (const std::string &build : options.getBuilds()) {
    llvm::Expected<CompiledModel> compiled =
        CompiledModel::create(build, model, format, lists.getArrayRef());
    if (!compiled) {
      progress.clear();
      return compiled.takeError();
    }
    builds.push_back(std::move(*compiled));
  }
  for (const BenchCall &call : plan.suite.calls)
    if (llvm::Error error = runCall(model, format, call, builds))
      return error;
  return llvm::Error::success();
}

llvm::Error Runner::run(Run &run) {
  printTableHead(os, run);
  for (const Model &model : plan.suite.models)
    for (const Format *format : plan.formats)
      if (llvm::Error error = runModel(model, *format))
        return error;
  printTableNotes(os);
  run.results = std::move(results);
  return llvm::Error::success();
}

static std::string readDate() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", std::gmtime(&now));
  return text;
}

llvm::Expected<Run> mlir::fp8attn::runBenchmark(const BenchOptions &options,
                                                llvm::StringRef command,
                                                llvm::raw_ostream &os) {
  const Host host = Host::describe();
  llvm::Expected<Plan> plan = makePlan(options, host);
  if (!plan)
    return plan.takeError();
  Run run;
  run.date = readDate();
  run.machine = host.line();
  run.command = command.str();
  run.loadBefore = readLoad();
  if (llvm::Error error = Runner(options, host, *plan, os).run(run))
    return std::move(error);
  run.loadAfter = readLoad();
  return run;
}
