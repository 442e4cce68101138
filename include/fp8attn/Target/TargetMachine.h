//===- TargetMachine.h - LLVM's backend for a target ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Creates the backend that a user names with a triple, a CPU and features, and
// writes them into a module, from where passes read them (TargetInfo).
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TARGET_TARGETMACHINE_H
#define FP8ATTN_TARGET_TARGETMACHINE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mlir::fp8attn {

/// A target as LLVM's tools name it.
struct TargetDescription {
  /// Empty: the triple that LLVM was configured with.
  std::string triple;
  /// A CPU that LLVM knows, or "generic".
  std::string cpu = "generic";
  /// Comma-separated features, each with "+" or "-" before its name.
  std::string features;
};

/// Returns the machine that the program runs on. For tools: passes never ask.
TargetDescription getHostTarget();

/// Returns the target that a module's `llvm.target` attribute names, if it has
/// one.
std::optional<TargetDescription> getTargetOf(ModuleOp module);

/// Returns the backend, which compiles position-independent code. The error
/// names a triple, CPU or feature that LLVM does not know, and the closest one
/// that it does, or a triple whose objects are not ELF. Needs the LLVM targets
/// to be initialised.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(const TargetDescription &target);

/// Returns the names of the CPUs that LLVM knows for a triple, sorted.
llvm::Expected<std::vector<std::string>> getKnownCpus(StringRef triple);

/// Writes the target, its triple and its data layout into the module. Loads the
/// LLVM dialect; no pass may be running.
void attachTarget(ModuleOp module, const llvm::TargetMachine &machine);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TARGET_TARGETMACHINE_H
