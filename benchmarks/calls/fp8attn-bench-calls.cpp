//===- fp8attn-bench-calls.cpp - whole calls against limits ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiles models, times calls of their entry points beside what the machine
// can do at best, and reports.
//
//===----------------------------------------------------------------------===//

#include "BenchOptions.h"
#include "BenchRun.h"
#include "Comparison.h"
#include "Picture.h"
#include "Table.h"
#include "TextFile.h"

#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"

namespace cl = llvm::cl;
using namespace mlir::fp8attn;

static const char kOverview[] =
    R"(times calls of compiled attention beside the limits of the machine

Whole calls: models are compiled and linked with kernels and runtime, as hosts do
it. Caches are in memory, not near the processor, unless a call is hot. Beside
each sample, the same threads measure what limits it: multiplications in
registers, or a read of the same pages one after the other (and of four pages at
once, which is faster).

Examples:
  fp8attn-bench-calls --models=llama3-8b --calls=decode,kv_write
  fp8attn-bench-calls --formats=all --isas=all --threads=1,cores,all --json=run.json
  fp8attn-bench-calls --from=run.json --svg=run.svg --against=before.json
  fp8attn-bench-calls --against-build=../before/build/release
)";

/// Measures, or reads what was measured.
static llvm::Expected<Run> getRun(const BenchOptions &options,
                                  llvm::StringRef command) {
  if (options.from.empty())
    return runBenchmark(options, command, llvm::outs());
  if (!options.againstBuild.empty())
    return llvm::createStringError(
        "expects one of --from and --against-build, got both");
  llvm::Expected<Run> run = Run::read(options.from);
  if (run)
    printTable(llvm::outs(), *run);
  return run;
}

/// Writes what the options want; returns the number of calls that are slower.
static llvm::Expected<int64_t> report(const BenchOptions &options,
                                      const Run &run) {
  // Files may be the standard output.
  llvm::outs().flush();
  if (!options.json.empty())
    if (llvm::Error error = run.write(options.json))
      return std::move(error);
  if (!options.svg.empty())
    if (llvm::Error error = writeTextFile(options.svg, drawRun(run)))
      return std::move(error);
  int64_t slower = 0;
  if (!options.againstBuild.empty()) {
    const Comparison comparison = compareBuilds(run);
    llvm::outs() << "\nagainst the build in " << options.againstBuild << "\n";
    comparison.print(llvm::outs());
    slower += comparison.countSlower();
  }
  if (!options.against.empty()) {
    llvm::Expected<Run> other = Run::read(options.against);
    if (!other)
      return other.takeError();
    const Comparison comparison = compareRuns(run, *other);
    llvm::outs() << "\nagainst " << options.against << ": " << other->machine
                 << ", " << other->date << "\n";
    comparison.print(llvm::outs());
    slower += comparison.countSlower();
  }
  return slower;
}

static int fail(llvm::Error error) {
  llvm::WithColor::error() << llvm::toString(std::move(error)) << "\n";
  return EXIT_FAILURE;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  // libLLVM brings hundreds of options of its own, some of the same names.
  cl::ResetCommandLineParser();
  cl::OptionCategory category("fp8attn-bench-calls options");
  BenchOptions options(category);
  cl::ParseCommandLineOptions(argc, argv, kOverview);

  std::string command = "fp8attn-bench-calls";
  for (int i = 1; i < argc; ++i)
    command += std::string(" ") + argv[i];
  llvm::Expected<Run> run = getRun(options, command);
  if (!run)
    return fail(run.takeError());
  llvm::Expected<int64_t> slower = report(options, *run);
  if (!slower)
    return fail(slower.takeError());
  return *slower == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
