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

#include "fp8attn/Runtime/fp8attn.h"

#include "llvm/Support/WithColor.h"
#include "llvm/Support/thread.h"

namespace cl = llvm::cl;
using namespace mlir::fp8attn;

CompileOptions::CompileOptions(cl::OptionCategory &category)
    : cpu("mcpu",
          cl::desc("CPU to compile for, as llc takes it: a name, \"native\"\n"
                   "for this host, \"help\" for a list (default: the\n"
                   "module's llvm.target, else native)"),
          cl::value_desc("cpu"), cl::init("native"), cl::cat(category)),
      features("mattr",
               cl::desc("Features to add to or take from the CPU's, e.g.\n"
                        "+avx512bf16,-amx-bf16"),
               cl::value_desc("features"), cl::cat(category)),
      triple("mtriple",
             cl::desc("Target triple, e.g. aarch64-linux-gnu\n"
                      "(default: this host's)"),
             cl::value_desc("triple"), cl::cat(category)),
      isa("isa",
          cl::desc("Compile bodies for this ISA only: generic, avx2,\n"
                   "avx512, avx512_bf16 or amx_bf16\n"
                   "(default: all that the target has)"),
          cl::value_desc("isa"), cl::cat(category)),
      force("force",
            cl::desc("Use these kernels of attention wherever they can\n"
                     "be, however slow: names as --explain prints them\n"
                     "(qk and pv together), or an ISA for all of its own"),
            cl::value_desc("kernel,..."), cl::CommaSeparated,
            cl::cat(category)),
      mixIsas("mix-isas",
              cl::desc("Let decode take kernels of a lesser ISA than prefill\n"
                       "where those are faster; results then depend, in\n"
                       "their last bits, on the chunks of a prompt"),
              cl::cat(category)),
      noRuntimeChecks("no-runtime-checks",
                      cl::desc("Leave out the checks of arguments at run time"),
                      cl::cat(category)),
      remarks("remarks", cl::desc("Print what was chosen, and why, to stderr"),
              cl::cat(category)) {}

void mlir::fp8attn::addVersion() {
  cl::AddExtraVersionPrinter([](llvm::raw_ostream &os) {
    os << "fp8attn version " FP8ATTN_VERSION ", for runtimes of ABI version "
       << FP8ATTN_ABI_VERSION << "\n";
  });
}

int mlir::fp8attn::runOnLargeStack(llvm::function_ref<int()> main) {
  // Address space; memory is taken as it is used.
  constexpr unsigned kStackBytes = 1u << 30;
  int result = EXIT_FAILURE;
  llvm::thread thread(std::optional(kStackBytes), [&] { result = main(); });
  thread.join();
  return result;
}

void mlir::fp8attn::reportError(const llvm::Twine &message) {
  llvm::WithColor::error() << message << "\n";
}
