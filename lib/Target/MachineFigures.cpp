//===- MachineFigures.cpp - caches and memory of the target ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads DLTI entries and holds the table of what is usual.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Target/MachineFigures.h"

#include "fp8attn/Target/TargetInfo.h"

#include "mlir/Dialect/DLTI/DLTI.h"
#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace mlir::fp8attn;

static constexpr int64_t kKiB = 1024, kMiB = 1024 * kKiB;

/// What one core can take from memory if others leave it its share, in bytes a
/// cycle: measured on one core of a Sapphire Rapids and of a Zen 4.
static constexpr double kMemoryBytesPerCycle = 4;
/// Likewise, of reads that repeat.
static constexpr double kL1BytesPerCycle = 64;
static constexpr double kL2BytesPerCycle = 32;
static constexpr double kL3BytesPerCycle = 8;

/// Returns what is usual for servers of a class, as their data sheets say.
static MachineFigures getUsualFigures(Microarchitecture microarchitecture) {
  switch (microarchitecture) {
  case Microarchitecture::Zen4:
    return {32 * kKiB,        kMiB, 32 * kMiB, 8, kMemoryBytesPerCycle,
            microarchitecture};
  case Microarchitecture::Zen5:
    return {48 * kKiB,        kMiB, 32 * kMiB, 8, kMemoryBytesPerCycle,
            microarchitecture};
  case Microarchitecture::SapphireRapids:
  case Microarchitecture::GraniteRapids:
    return {48 * kKiB,        2 * kMiB, 105 * kMiB, 56, kMemoryBytesPerCycle,
            microarchitecture};
  case Microarchitecture::Skylake:
  case Microarchitecture::Zen3:
    return {32 * kKiB,        kMiB, 32 * kMiB, 16, kMemoryBytesPerCycle,
            microarchitecture};
  }
  llvm_unreachable("all classes are above");
}

/// Returns a number, integer or float; none of another attribute.
static std::optional<double> getNumber(Attribute attribute) {
  if (auto number = dyn_cast<IntegerAttr>(attribute))
    return number.getType().isUnsignedInteger()
               ? static_cast<double>(number.getValue().getZExtValue())
               : static_cast<double>(number.getValue().getSExtValue());
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return number.getValueAsDouble();
  return std::nullopt;
}

/// Replaces `figure` by the entry of that name, if there is one.
template <typename Number>
static LogicalResult readFigure(ModuleOp module, TargetDeviceSpecInterface cpu,
                                StringRef name, Number &figure) {
  DataLayoutEntryInterface entry =
      cpu.getSpecForIdentifier(StringAttr::get(module.getContext(), name));
  if (!entry)
    return success();
  std::optional<double> number = getNumber(entry.getValue());
  constexpr bool isRate = std::is_floating_point_v<Number>;
  const bool isKind = isRate || isa<IntegerAttr>(entry.getValue());
  const StringRef kind = isRate ? "a number" : "an integer";
  // The comparisons are false of NaN; nothing that exists is larger.
  constexpr double kLargest = 1e15;
  if (!number || !isKind || !(*number > 0 && *number <= kLargest))
    return module.emitError("expects ")
           << name << " of dlti.target_system_spec to be " << kind
           << " greater than 0, got " << entry.getValue();
  figure = static_cast<Number>(*number);
  return success();
}

FailureOr<MachineFigures> MachineFigures::get(ModuleOp module, Isa isa) {
  FailureOr<TargetInfo> target = TargetInfo::get(module);
  if (failed(target))
    return failure();
  MachineFigures figures = getUsualFigures(target->getMicroarchitecture(isa));
  auto system = module->getAttrOfType<TargetSystemSpecInterface>(
      DLTIDialect::kTargetSystemDescAttrName);
  if (!system)
    return figures;
  auto cpu = system.getDeviceSpecForDeviceID(
      StringAttr::get(module.getContext(), "CPU"));
  if (!cpu)
    return figures;
  auto read = [&](StringRef name, auto &figure) {
    return readFigure(module, *cpu, name, figure);
  };
  if (failed(read("L1_cache_size_in_bytes", figures.l1Bytes)) ||
      failed(read("L2_cache_size_in_bytes", figures.l2Bytes)) ||
      failed(read("L3_cache_size_in_bytes", figures.l3Bytes)) ||
      failed(read("num_cores", figures.cores)) ||
      failed(read("memory_bytes_per_cycle", figures.memoryBytesPerCycle)))
    return failure();
  return figures;
}

MemoryLevel MachineFigures::levelOf(int64_t bytes) const {
  if (bytes <= l1Bytes)
    return {"L1", kL1BytesPerCycle};
  if (bytes <= l2Bytes)
    return {"L2", kL2BytesPerCycle};
  if (bytes <= l3Bytes / cores)
    return {"L3", kL3BytesPerCycle};
  return memory();
}
