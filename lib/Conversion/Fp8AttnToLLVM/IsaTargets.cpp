//===- IsaTargets.cpp - instructions that functions may use ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The code generator uses exactly the instructions of a function's ISA,
// whatever the target's CPU has beyond: a vector of a body for AVX-512 is a
// register, and what is generic runs on any CPU of the architecture, which the
// function that chooses a body must do.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Target/TargetInfo.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Only x86-64 has ISAs beyond generic.
static bool isX86(ModuleOp module) {
  auto target = module->getAttrOfType<LLVM::TargetAttr>(
      LLVM::LLVMDialect::getTargetAttrName());
  return target && llvm::Triple(target.getTriple().getValue()).getArch() ==
                       llvm::Triple::x86_64;
}

void mlir::fp8attn::setIsaTargets(ModuleOp module) {
  bool setsTargets = isX86(module);
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    auto isa = dyn_cast_or_null<IsaAttr>(
        function->removeAttr(Fp8AttnDialect::kIsaAttrName));
    function->removeAttr(kMemoryAttrName);
    if (!setsTargets || function.isExternal())
      continue;
    // Every x86-64 CPU has SSE2; no features would mean those of the target.
    std::string features = "+sse2";
    for (StringRef feature :
         getIsaFeatures(isa ? isa.getValue() : Isa::Generic))
      features += (",+" + feature).str();
    function.setTargetCpu("x86-64");
    function.setTargetFeaturesAttr(
        LLVM::TargetFeaturesAttr::get(module.getContext(), features));
  }
}
