//===- AssignLayouts.cpp - layouts for caches that have none ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Replaces cache types without a layout throughout a module. The layout follows
// from the kernel table and the element type alone, so that all objects,
// headers and hosts agree on the bytes.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/KernelTable.h"
#include "fp8attn/Target/TargetInfo.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/IR/AttrTypeSubElements.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_ASSIGNLAYOUTS
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns whether kernels of every ISA read and write caches of that element
/// type and layout.
static bool areServed(Type elementType, LayoutKind layout) {
  auto hasRow = [&](Isa isa, StringRef op) {
    return llvm::any_of(getKernels(), [&](const KernelRow &row) {
      // Bodies store with rows of lesser ISAs where they have none.
      return row.op == op && row.cache == getTypeWord(elementType) &&
             row.isa <= isa && row.layout == stringifyLayoutKind(layout);
    });
  };
  return llvm::all_of(getAllIsas(), [&](Isa isa) {
    return llvm::all_of(
        ArrayRef<StringRef>{"qk", "pv", "store_key", "store_value"},
        [&](StringRef op) { return hasRow(isa, op); });
  });
}

/// Returns the first layout that kernels serve. There is one for each element
/// type that caches may have.
static LayoutAttr chooseLayout(CacheType type) {
  for (uint64_t kind = 0; kind <= getMaxEnumValForLayoutKind(); ++kind)
    if (areServed(type.getElementType(), static_cast<LayoutKind>(kind)))
      return LayoutAttr::get(type.getContext(), static_cast<LayoutKind>(kind));
  llvm_unreachable("every ISA has kernels for a common layout");
}

namespace {
struct AssignLayoutsPass
    : public fp8attn::impl::AssignLayoutsBase<AssignLayoutsPass> {
  void runOnOperation() override {
    AttrTypeReplacer replacer;
    replacer.addReplacement([](CacheType type) -> std::optional<Type> {
      if (type.getLayout())
        return std::nullopt;
      return CacheType::get(
          type.getContext(), type.getContent(), type.getNumHeads(),
          type.getHeadDim(), type.getValueHeadDim(), type.getRopeHeadDim(),
          type.getPageTokens(), type.getElementType(), chooseLayout(type));
    });
    replacer.recursivelyReplaceElementsIn(getOperation(), /*replaceAttrs=*/true,
                                          /*replaceLocs=*/false,
                                          /*replaceTypes=*/true);
  }
};
} // namespace
