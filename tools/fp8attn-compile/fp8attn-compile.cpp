//===- fp8attn-compile.cpp - the ahead-of-time compiler -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiles MLIR to an object, or to a step on the way there, and writes the C
// header of its entry points.
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"
#include "OutputFile.h"

#include "llvm/Support/InitLLVM.h"

namespace cl = llvm::cl;
using namespace mlir::fp8attn;

static const char kOverview[] =
    R"(compiles attention over an FP8 cache to objects with a C interface

Examples:
  fp8attn-compile decode.mlir -o decode.o             for this host
  fp8attn-compile decode.mlir -o decode.h             the C header beside it
  fp8attn-compile decode.mlir -o decode.o --fat --embed-kernels
                                                      for any x86-64, no library
  fp8attn-compile decode.mlir -o decode.so            for dlopen, no library
  fp8attn-compile decode.mlir -o decode.o --mcpu=generic --mtriple=aarch64-linux-gnu
  fp8attn-compile decode.mlir --explain               which kernels
  fp8attn-compile decode.mlir --explain=all           and why not others
  fp8attn-compile decode.mlir --stop-after=fp8attn-fold-scales
)";

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  // libLLVM brings hundreds of options of its own, some of the same names.
  cl::ResetCommandLineParser();
  addVersion();
  cl::OptionCategory category("fp8attn-compile options");
  OutputOptions output;
  CompileOptions options;
  CompileCommandLine commandLine(category, options);
  cl::opt<std::string, true> input(cl::Positional, cl::desc("<input.mlir>"),
                                   cl::location(output.inputPath),
                                   cl::init("-"), cl::cat(category));
  cl::opt<std::string, true> outputPath(
      "o",
      cl::desc("Output file: .o, .so, .s, .ll, .bc, .h or .json\n"
               "(default: assembly on standard output)"),
      cl::value_desc("file"), cl::location(output.outputPath), cl::init("-"),
      cl::cat(category));
  cl::opt<OutputKind, true> kind(
      "emit", cl::desc("What to write (default: as the file's extension says)"),
      cl::values(clEnumValN(OutputKind::Header, "header", "C header"),
                 clEnumValN(OutputKind::Json, "json",
                            "JSON: what entry points take and compute"),
                 clEnumValN(OutputKind::Object, "object", "object"),
                 clEnumValN(OutputKind::SharedLibrary, "shared",
                            "shared library with kernels; needs lld"),
                 clEnumValN(OutputKind::Assembly, "assembly", "assembly"),
                 clEnumValN(OutputKind::LLVMText, "llvm-ir", "LLVM IR"),
                 clEnumValN(OutputKind::Bitcode, "bitcode", "LLVM bitcode")),
      cl::location(output.kind), cl::init(OutputKind::Automatic),
      cl::cat(category));
  cl::opt<bool, true> embedKernels(
      "embed-kernels",
      cl::desc("Put the kernels and the runtime into the code,\n"
               "so that it needs the C library only"),
      cl::location(output.embedKernels), cl::cat(category));
  cl::opt<bool, true> fat(
      "fat",
      cl::desc("Compile bodies for every ISA of the architecture,\n"
               "of which each call chooses (default: for those\n"
               "that --mcpu has)"),
      cl::location(options.fat), cl::cat(category));
  cl::list<std::string, std::vector<std::string>> allowedImports(
      "allow-imports",
      cl::desc("Let objects import these symbols of the host's, which\n"
               "code beside the model calls (default: the C library\n"
               "and the runtime only)"),
      cl::value_desc("symbol,..."), cl::location(options.allowedImports),
      cl::CommaSeparated, cl::cat(category));
  cl::opt<bool, true> debugInfo(
      "g", cl::desc("Map code to lines of the input, for debuggers"),
      cl::location(options.debugInfo), cl::cat(category));
  cl::opt<ExplainKind, true> explain(
      "explain", cl::ValueOptional,
      cl::desc("Print kernels; code is written only if there is -o"),
      cl::values(clEnumValN(ExplainKind::Choices, "",
                            "a line for each function, body and phase"),
                 clEnumValN(ExplainKind::Candidates, "all",
                            "a table of each, with the kernels that were not "
                            "chosen, and why")),
      cl::location(output.explain), cl::init(ExplainKind::Nothing),
      cl::cat(category));
  cl::opt<std::string, true> stopAfter(
      "stop-after",
      cl::desc("Write the MLIR after this pass of the pipeline, e.g.\n"
               "fp8attn-fold-scales, and stop"),
      cl::value_desc("pass"), cl::location(options.stopAfter),
      cl::cat(category));
  cl::ParseCommandLineOptions(argc, argv, kOverview);

  if (options.cpu == "help")
    return printKnownCpus(options.triple);
  return runOnLargeStack(
      [&] { return failed(compileToFile(options, output)); });
}
