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

#include "OutputFile.h"

#include "llvm/Support/InitLLVM.h"

namespace cl = llvm::cl;
using namespace mlir::fp8attn;

static const char kOverview[] =
    R"(compiles attention over an FP8 cache to objects with a C interface

Examples:
  fp8attn-compile decode.mlir -o decode.o             for this host
  fp8attn-compile decode.mlir -o decode.h             the C header beside it
  fp8attn-compile decode.mlir -o decode.s --mcpu=sapphirerapids
  fp8attn-compile decode.mlir -o decode.o --mcpu=generic --mtriple=aarch64-linux-gnu
)";

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  // libLLVM brings hundreds of options of its own, some of the same names.
  cl::ResetCommandLineParser();
  cl::OptionCategory category("fp8attn-compile options");
  cl::opt<std::string> input(cl::Positional, cl::desc("<input.mlir>"),
                             cl::init("-"), cl::cat(category));
  cl::opt<std::string> output(
      "o",
      cl::desc(
          "Output file, \"-\" for standard output: .o, .s, .ll, .bc or .h"),
      cl::value_desc("file"), cl::init("-"), cl::cat(category));
  cl::opt<OutputKind> kind(
      "emit", cl::desc("What to write (default: as the file's extension says)"),
      cl::values(clEnumValN(OutputKind::Header, "header", "C header"),
                 clEnumValN(OutputKind::Object, "obj", "object"),
                 clEnumValN(OutputKind::Assembly, "asm", "assembly"),
                 clEnumValN(OutputKind::LLVMText, "llvm", "LLVM IR"),
                 clEnumValN(OutputKind::Bitcode, "bc", "LLVM bitcode")),
      cl::init(OutputKind::Automatic), cl::cat(category));
  CompileOptions options(category);
  cl::ParseCommandLineOptions(argc, argv, kOverview);

  if (options.cpu == "help")
    return failed(printKnownCpus(options.triple));
  return failed(compileToFile(options, input, output, kind));
}
