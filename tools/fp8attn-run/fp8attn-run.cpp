//===- fp8attn-run.cpp - runs an entry point on random inputs -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiles MLIR in memory, runs it on this machine, and checks and times it.
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"
#include "Run.h"
#include "TextFile.h"

#include "llvm/Support/InitLLVM.h"

namespace cl = llvm::cl;
using namespace mlir::fp8attn;

static const char kOverview[] =
    R"(compiles and runs attention over an FP8 cache on random inputs

Sizes that the types leave open come from the options: the batch has --seqs
sequences of --context keys and --query-len query tokens each. Dense tensors
(fp8attn.attention) are [--seqs, heads, --query-len or --context, channels]: all
sequences have the same lengths then. Where attention has shared prefixes, each
--group sequences have one of --prefix tokens before their --context. Where
queries see selected keys, each has a list of --selected ones, in any order.

Compiled is what runs: one entry point, for the best ISA of target, CPU and
--isa-cap; with --fat for all of them.

Examples:
  fp8attn-run decode.mlir --context=8192 --check
  fp8attn-run decode.mlir --seqs=8 --context=2048 --threads=2 --time --svg=roofline.svg
  fp8attn-run attention.mlir --context=1000,37,512 --query-len=1,37,128 --check
  fp8attn-run decode.mlir --emulate-amx --isa=amx_bf16 --check
)";

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  // libLLVM brings hundreds of options of its own, some of the same names.
  cl::ResetCommandLineParser();
  addVersion();
  cl::OptionCategory category("fp8attn-run options");
  RunOptions options(category);
  CompileOptions compileOptions;
  CompileCommandLine commandLine(category, compileOptions);
  cl::ParseCommandLineOptions(argc, argv, kOverview);

  if (compileOptions.cpu == "help")
    return printKnownCpus(compileOptions.triple);
  if (failed(options.verify()))
    return EXIT_FAILURE;
  return runOnLargeStack([&] {
    mlir::FailureOr<Report> report = runFile(options, compileOptions);
    if (failed(report))
      return EXIT_FAILURE;
    if (options.json)
      report->printJson(llvm::outs());
    else
      report->printText(llvm::outs());
    if (!options.svg.empty()) {
      llvm::outs().flush(); // The file may be the standard output.
      if (llvm::Error error =
              writeTextFile(options.svg, report->drawRoofline())) {
        reportError(llvm::toString(std::move(error)));
        return EXIT_FAILURE;
      }
    }
    return report->passed() ? EXIT_SUCCESS : EXIT_FAILURE;
  });
}
