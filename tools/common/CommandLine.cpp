//===- CommandLine.cpp - options that say what to compile for -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Declares the options.
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"

#include "fp8attn/Compilation/Compilation.h"
#include "fp8attn/Compilation/LargeStack.h"
#include "fp8attn/Runtime/fp8attn.h"
#include "fp8attn/Target/TargetMachine.h"

#include "llvm/Support/WithColor.h"

namespace cl = llvm::cl;
using namespace mlir::fp8attn;

CompileCommandLine::CompileCommandLine(cl::OptionCategory &category,
                                       CompileOptions &options)
    : cpu("mcpu",
          cl::desc("CPU to compile for, as llc takes it: a name, \"native\"\n"
                   "for this host, \"help\" for a list (default: the\n"
                   "module's llvm.target, else native)"),
          cl::value_desc("cpu"), cl::location(options.cpu), cl::cat(category)),
      features("mattr",
               cl::desc("Features to add to or take from the CPU's, e.g.\n"
                        "+avx512bf16,-amx-bf16"),
               cl::value_desc("features"), cl::location(options.features),
               cl::cat(category)),
      triple("mtriple",
             cl::desc("Target triple, e.g. aarch64-linux-gnu\n"
                      "(default: this host's)"),
             cl::value_desc("triple"), cl::location(options.triple),
             cl::cat(category)),
      isa("isa",
          cl::desc("Compile bodies for this ISA only: generic, avx2,\n"
                   "avx512, avx512_bf16 or amx_bf16\n"
                   "(default: all that the target has)"),
          cl::value_desc("isa"), cl::location(options.isa), cl::cat(category)),
      force("force",
            cl::desc("Use these kernels of attention wherever they can\n"
                     "be, however slow: names as --explain prints them\n"
                     "(qk and pv together), or an ISA for all of its own"),
            cl::value_desc("kernel,..."), cl::location(options.force),
            cl::CommaSeparated, cl::cat(category)),
      mixIsas("mix-isas",
              cl::desc("Let decode take kernels of a lesser ISA than prefill\n"
                       "where those are faster; results then depend, in\n"
                       "their last bits, on the chunks of a prompt"),
              cl::location(options.mixIsas), cl::cat(category)),
      noRuntimeChecks("no-runtime-checks",
                      cl::desc("Leave out the checks of arguments at run time"),
                      cl::location(options.noRuntimeChecks), cl::cat(category)),
      remarks("remarks", cl::desc("Print what was chosen, and why, to stderr"),
              cl::location(options.remarks), cl::cat(category)) {}

void mlir::fp8attn::addVersion() {
  cl::AddExtraVersionPrinter([](llvm::raw_ostream &os) {
    os << "fp8attn version " FP8ATTN_VERSION ", for runtimes of ABI version "
       << FP8ATTN_ABI_VERSION << "\n";
  });
}

int mlir::fp8attn::printKnownCpus(llvm::StringRef triple) {
  initializeTargets();
  llvm::Expected<std::vector<std::string>> cpus = getKnownCpus(triple);
  if (!cpus) {
    reportError(llvm::toString(cpus.takeError()));
    return EXIT_FAILURE;
  }
  for (const std::string &cpu : *cpus)
    llvm::outs() << cpu << "\n";
  return EXIT_SUCCESS;
}

int mlir::fp8attn::runOnLargeStack(llvm::function_ref<int()> main) {
  int result = EXIT_FAILURE;
  if (!callOnLargeStack([&] { result = main(); }))
    reportError("cannot start a thread with a stack of 1 GiB");
  return result;
}

void mlir::fp8attn::reportError(const llvm::Twine &message) {
  llvm::WithColor::error() << message << "\n";
}
