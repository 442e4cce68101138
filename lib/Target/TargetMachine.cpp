//===- TargetMachine.cpp - LLVM's backend for a target --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Looks targets up in LLVM's registry. What LLVM itself would only warn of
// (unknown CPUs and features) is an error here, with the closest known name.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Target/TargetMachine.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// A registered target with its tables of CPUs and features.
struct TargetTables {
  const llvm::Target *target;
  llvm::Triple triple;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
};

static llvm::Expected<TargetTables> findTarget(StringRef tripleName) {
  TargetTables tables;
  tables.triple =
      llvm::Triple(tripleName.empty() ? llvm::sys::getDefaultTargetTriple()
                                      : llvm::Triple::normalize(tripleName));
  std::string error;
  tables.target = llvm::TargetRegistry::lookupTarget(tables.triple, error);
  if (!tables.target)
    return llvm::createStringError("unknown target triple \"" + tripleName +
                                   "\"");
  tables.subtarget.reset(
      tables.target->createMCSubtargetInfo(tables.triple, "", ""));
  return tables;
}

/// Returns an error that names what is not known, with the closest of the names
/// that are, if one is close.
template <typename Table>
static llvm::Error unknownName(StringRef what, StringRef name,
                               const llvm::Triple &triple, const Table &known,
                               StringRef hint) {
  // Beyond a third of its letters, another name is no correction.
  const unsigned maxDistance = name.size() / 3;
  StringRef closest;
  unsigned closestDistance = maxDistance + 1;
  for (const auto &entry : known) {
    unsigned distance = name.edit_distance(entry.Key, true, maxDistance);
    if (distance < closestDistance) {
      closest = entry.Key;
      closestDistance = distance;
    }
  }
  std::string correction;
  if (!closest.empty())
    correction = ("; did you mean \"" + closest + "\"?").str();
  return llvm::createStringError("unknown " + what + " \"" + name + "\" for " +
                                 triple.getArchName() + correction + hint);
}

static llvm::Error checkFeatures(const TargetTables &tables,
                                 StringRef features) {
  for (StringRef entry : llvm::split(features, ',')) {
    if (entry.empty())
      continue;
    if (entry.front() != '+' && entry.front() != '-')
      return llvm::createStringError(
          "expects \"+\" or \"-\" before feature \"" + entry + "\"");
    auto known = tables.subtarget->getAllProcessorFeatures();
    StringRef name = entry.drop_front();
    if (llvm::none_of(known, [&](auto &row) { return name == row.Key; }))
      return unknownName("feature", name, tables.triple, known, "");
  }
  return llvm::Error::success();
}

TargetDescription mlir::fp8attn::getHostTarget() {
  TargetDescription host;
  host.cpu = llvm::sys::getHostCPUName().str();
  // Both what the host has and what it lacks: a virtual machine may hide
  // features of the CPU that it names.
  SmallVector<std::string> features;
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    features.push_back(((feature.second ? "+" : "-") + feature.first()).str());
  llvm::sort(features);
  host.features = llvm::join(features, ",");
  return host;
}

std::optional<TargetDescription> mlir::fp8attn::getTargetOf(ModuleOp module) {
  auto target = module->getAttrOfType<LLVM::TargetAttr>(
      LLVM::LLVMDialect::getTargetAttrName());
  if (!target)
    return std::nullopt;
  TargetDescription description;
  description.triple = target.getTriple().str();
  description.cpu = target.getChip().str();
  if (target.getFeatures())
    description.features = target.getFeatures().getFeaturesString();
  return description;
}

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
mlir::fp8attn::createTargetMachine(const TargetDescription &target) {
  llvm::Expected<TargetTables> tables = findTarget(target.triple);
  if (!tables)
    return tables.takeError();
  // Other formats have other rules for names and sections, if LLVM can write
  // them for the architecture at all.
  const llvm::Triple &triple = tables->triple;
  if (!triple.isOSBinFormatELF())
    return llvm::createStringError(
        "expects a target triple with objects in ELF, got \"" + triple.str() +
        "\", whose format is " +
        llvm::Triple::getObjectFormatTypeName(triple.getObjectFormat()));
  if (target.cpu != "generic" &&
      !tables->subtarget->isCPUStringValid(target.cpu))
    return unknownName("CPU", target.cpu, tables->triple,
                       tables->subtarget->getAllProcessorDescriptions(),
                       " (--mcpu=help lists all)");
  if (llvm::Error error = checkFeatures(*tables, target.features))
    return error;
  std::unique_ptr<llvm::TargetMachine> machine(
      tables->target->createTargetMachine(
          tables->triple, target.cpu, target.features, llvm::TargetOptions(),
          llvm::Reloc::PIC_));
  if (!machine)
    return llvm::createStringError("LLVM has no code generator for \"" +
                                   tables->triple.str() + "\"");
  return machine;
}

llvm::Expected<std::vector<std::string>>
mlir::fp8attn::getKnownCpus(StringRef triple) {
  llvm::Expected<TargetTables> tables = findTarget(triple);
  if (!tables)
    return tables.takeError();
  std::vector<std::string> names;
  for (const auto &entry : tables->subtarget->getAllProcessorDescriptions())
    names.push_back(entry.Key);
  return names;
}

void mlir::fp8attn::attachTarget(ModuleOp module,
                                 const llvm::TargetMachine &machine) {
  MLIRContext *context = module.getContext();
  // A module of the model level need not have loaded it.
  context->loadDialect<LLVM::LLVMDialect>();
  StringRef triple = machine.getTargetTriple().str();
  StringRef features = machine.getTargetFeatureString();
  auto string = [&](StringRef text) { return StringAttr::get(context, text); };
  module->setAttr(LLVM::LLVMDialect::getTargetAttrName(),
                  LLVM::TargetAttr::get(
                      context, string(triple), string(machine.getTargetCPU()),
                      features.empty()
                          ? nullptr
                          : LLVM::TargetFeaturesAttr::get(context, features)));
  module->setAttr(LLVM::LLVMDialect::getTargetTripleAttrName(), string(triple));
  module->setAttr(LLVM::LLVMDialect::getDataLayoutAttrName(),
                  string(machine.createDataLayout().getStringRepresentation()));
}
