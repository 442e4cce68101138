//===- TargetInfo.cpp - what the target can run ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Expands the `llvm.target` attribute into a set of features with the tables of
// LLVM's TargetParser, which need no registered backend, and holds the one
// table from our ISAs to LLVM's features.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Target/TargetInfo.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/TargetParser/X86TargetParser.h"

using namespace mlir;
using namespace mlir::fp8attn;

ArrayRef<Isa> mlir::fp8attn::getAllIsas() {
  static constexpr Isa kBestFirst[] = {Isa::AmxBf16, Isa::Avx512Bf16,
                                       Isa::Avx512, Isa::Avx2, Isa::Generic};
  return kBestFirst;
}

// The same features as the compiler flags of cmake/modules/AddFp8Attn.cmake.
ArrayRef<StringRef> mlir::fp8attn::getIsaFeatures(Isa isa) {
  // Each ISA has the features of those before it.
  static constexpr StringRef kFeatures[] = {
      "avx2",       "fma",      "f16c",     "avx512f",
      "avx512bw",   "avx512dq", "avx512vl", "avx512vbmi",
      "avx512bf16", "amx-tile", "amx-bf16"};
  constexpr size_t kAvx2 = 3, kAvx512 = 7, kAvx512Bf16 = 9;
  switch (isa) {
  case Isa::Generic:
    return {};
  case Isa::Avx2:
    return ArrayRef(kFeatures).take_front(kAvx2);
  case Isa::Avx512:
    return ArrayRef(kFeatures).take_front(kAvx512);
  case Isa::Avx512Bf16:
    return ArrayRef(kFeatures).take_front(kAvx512Bf16);
  case Isa::AmxBf16:
    return kFeatures;
  }
  llvm_unreachable("unknown ISA");
}

/// Sets or clears a feature and, where LLVM's tables know it, what depends on
/// it: "+avx512bf16" implies avx512bw, "-avx512f" takes all of AVX-512 away.
static void setFeature(const llvm::Triple &triple, StringRef feature,
                       bool enabled, llvm::StringMap<bool> &features) {
  if (triple.isX86())
    llvm::X86::updateImpliedFeatures(feature, enabled, features);
  features[feature] = enabled;
}

/// Adds the features of a chip. Only x86 has ISAs beyond generic, so other
/// targets' chips need no table here.
static LogicalResult addChipFeatures(ModuleOp module,
                                     const llvm::Triple &triple, StringRef chip,
                                     llvm::StringMap<bool> &features) {
  if (!triple.isX86() || chip.empty() || chip == "generic")
    return success();
  if (llvm::X86::parseArchX86(chip) == llvm::X86::CK_None)
    return module.emitError("expects the chip of llvm.target to be a CPU of ")
           << triple.getArchName() << ", got \"" << chip << "\"";
  SmallVector<StringRef> names;
  llvm::X86::getFeaturesForCPU(chip, names);
  for (StringRef name : names)
    setFeature(triple, name, /*enabled=*/true, features);
  return success();
}

FailureOr<TargetInfo> TargetInfo::get(ModuleOp module) {
  TargetInfo info;
  Attribute attr = module->getAttr(LLVM::LLVMDialect::getTargetAttrName());
  if (!attr)
    return info;
  auto target = dyn_cast<LLVM::TargetAttr>(attr);
  if (!target)
    return module.emitError("expects llvm.target to be a #llvm.target, got ")
           << attr;

  llvm::Triple triple(target.getTriple().getValue());
  info.isKnown = true;
  info.isX86_64 = triple.getArch() == llvm::Triple::x86_64;
  llvm::StringMap<bool> features;
  StringRef chip = target.getChip().getValue();
  if (failed(addChipFeatures(module, triple, chip, features)))
    return failure();
  if (LLVM::TargetFeaturesAttr listed = target.getFeatures())
    for (StringAttr entry : listed.getFeatures())
      setFeature(triple, entry.getValue().drop_front(),
                 entry.getValue().starts_with("+"), features);

  if (!chip.empty())
    info.chipName = chip.str();
  for (const llvm::StringMapEntry<bool> &feature : features)
    if (feature.second)
      info.features.insert(feature.first());
  return info;
}

SmallVector<StringRef> TargetInfo::missingFeatures(Isa isa) const {
  return llvm::filter_to_vector(getIsaFeatures(isa), [&](StringRef feature) {
    return !hasFeature(feature);
  });
}

SmallVector<Isa> TargetInfo::supportedIsas() const {
  return llvm::filter_to_vector(getAllIsas(),
                                [&](Isa isa) { return supports(isa); });
}

ArrayRef<Isa> TargetInfo::architectureIsas() const {
  static constexpr Isa kAnyArchitecture[] = {Isa::Generic};
  return isX86_64 ? getAllIsas() : ArrayRef(kAnyArchitecture);
}

Microarchitecture TargetInfo::getMicroarchitecture(Isa body) const {
  auto bodyHas = [&](StringRef feature) {
    return hasFeature(feature) ||
           llvm::is_contained(getIsaFeatures(body), feature);
  };
  if (bodyHas("amx-tile"))
    return hasFeature("amx-fp16") ? Microarchitecture::GraniteRapids
                                  : Microarchitecture::SapphireRapids;
  // Only CPUs of AMD have ever had it.
  if (hasFeature("sse4a")) {
    if (!bodyHas("avx512f"))
      return Microarchitecture::Zen3;
    // VNNI without AVX-512 beside it came with Zen 5.
    return hasFeature("avxvnni") ? Microarchitecture::Zen5
                                 : Microarchitecture::Zen4;
  }
  if (hasFeature("avx512bf16"))
    return Microarchitecture::SapphireRapids;
  // Of objects for any CPU: calls on those of Intel run the body for AVX-512
  // (docs/Runtime.md).
  return bodyHas("avx512bf16") ? Microarchitecture::Zen4
                               : Microarchitecture::Skylake;
}
