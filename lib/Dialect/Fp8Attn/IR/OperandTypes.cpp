//===- OperandTypes.cpp - types of operands of the model level ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What ODS would check, in whose texts operands are numbers: the types that the
// roles of the operands tell. The definitions have the same types in words, for
// the reference.
//
//===----------------------------------------------------------------------===//

#include "OperandTypes.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::fp8attn::detail;

/// Whether the text that lists elements has this one.
static bool isListed(Type type, StringRef elements) {
  std::string name = llvm::formatv("{0}", type);
  SmallVector<StringRef> names;
  elements.split(names, ' ');
  return llvm::any_of(
      names, [&](StringRef listed) { return listed.rtrim(',') == name; });
}

static bool isRight(Type type, const TypeRule &rule) {
  if (rule.elements == kAnyCache)
    return isa<CacheType>(type);
  if (rule.ranks.empty())
    return isListed(type, rule.elements);
  auto shape = dyn_cast<ShapedType>(type);
  return shape && isa<MemRefType, RankedTensorType>(type) &&
         llvm::is_contained(rule.ranks, shape.getRank()) &&
         isListed(shape.getElementType(), rule.elements);
}

/// Returns the rule in words.
static std::string getText(const TypeRule &rule) {
  if (rule.ranks.empty())
    return (rule.elements == kAnyCache ? "an " : "") + rule.elements.str();
  std::string text = "a memref or tensor of ";
  for (auto [index, rank] : llvm::enumerate(rule.ranks)) {
    if (index > 0)
      text += index + 1 < rule.ranks.size() ? ", " : " or ";
    text += std::to_string(rank);
  }
  return text +
         (rule.ranks == ArrayRef<int64_t>(1) ? " dimension" : " dimensions") +
         " and " + rule.elements.str();
}

LogicalResult fp8attn::detail::verifyTypes(Operation *op) {
  // operand_c6
  for (const OperandRole &role : cast<ModelOpInterface>(op).getOperandRoles()) {
    const Type type = role.get().getType();
    if (!isRight(type, role.types))
      return op->emitOpError("expects ")
             << role.name << " to be " << getText(role.types) << ", got "
             << type;
  }
  return success();
}
