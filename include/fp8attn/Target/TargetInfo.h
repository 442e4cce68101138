//===- TargetInfo.h - what the target can run -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The only source of target facts for passes: the module's `llvm.target`
// attribute, read with LLVM's own CPU tables. Nothing here asks the host.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TARGET_TARGETINFO_H
#define FP8ATTN_TARGET_TARGETINFO_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Target/Microarchitecture.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"

#include <string>

namespace mlir::fp8attn {

/// Returns all ISAs, best first.
ArrayRef<Isa> getAllIsas();

/// Returns the LLVM features that kernels of an ISA are compiled with, none for
/// `generic`.
ArrayRef<StringRef> getIsaFeatures(Isa isa);

/// What the CPU named by a module's `llvm.target` attribute can run.
class TargetInfo {
public:
  /// Reads the attribute: the features of the chip, as LLVM knows it, with the
  /// listed features added and removed in order, and what they imply. A module
  /// without the attribute has a generic target: no feature is known. Emits an
  /// error if the attribute is of another kind or names a chip that LLVM does
  /// not know.
  static FailureOr<TargetInfo> get(ModuleOp module);

  /// Returns whether the target has an LLVM feature, e.g. "avx512bf16".
  bool hasFeature(StringRef feature) const {
    return features.contains(feature);
  }

  /// Returns whether the target has all features of the ISA.
  bool supports(Isa isa) const { return missingFeatures(isa).empty(); }

  /// Returns the features that the target lacks for the ISA.
  SmallVector<StringRef> missingFeatures(Isa isa) const;

  /// Returns the ISAs that the target supports, best first; never empty, for
  /// `generic` is always among them.
  SmallVector<Isa> supportedIsas() const;

  /// Returns the ISAs that some CPU of the target's architecture supports, best
  /// first: all for x86-64, `generic` for others and for no target.
  ArrayRef<Isa> architectureIsas() const;

  /// Returns whether a body for the ISA can be code for the target, or for some
  /// CPU of its architecture; any can where the module names no target.
  bool canHaveBodyFor(Isa isa) const {
    return !isKnown || llvm::is_contained(architectureIsas(), isa);
  }

  /// Returns the class of the CPUs that run a body for `body` of the target, by
  /// features alone: a virtual machine may name another chip than it has.
  Microarchitecture getMicroarchitecture(Isa body) const;

  /// Returns the name of the chip, "generic" if none is given.
  StringRef chip() const { return chipName; }

private:
  std::string chipName = "generic";
  llvm::StringSet<> features;
  bool isKnown = false;
  bool isX86_64 = false;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_TARGET_TARGETINFO_H
