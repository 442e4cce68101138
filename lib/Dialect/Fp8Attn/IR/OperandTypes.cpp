//===- OperandTypes.cpp - types of operands of the model level ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What ODS would check, in whose texts operands are numbers. The definitions
// have the same types in words, for the reference.
//
//===----------------------------------------------------------------------===//

#include "OperandTypes.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// The types that operands may have.
struct TypeRule {
  /// As texts list them: "bf16, f16 or f32".
  StringRef elements;
  /// Dimensions that a memref or tensor may have; none for a number.
  ArrayRef<int64_t> ranks;
};
} // namespace

static constexpr StringRef kFloats = "bf16, f16 or f32";
static constexpr StringRef kFp8 = "f8E4M3FN or f8E5M2";
static constexpr StringRef kFloatsOrFp8 = "bf16, f16, f32, f8E4M3FN or f8E5M2";
static constexpr StringRef kMasks = "i1, i8, f32, bf16 or f16";
static constexpr StringRef kCache = "!fp8attn.cache";
static constexpr int64_t kRanks[] = {0, 1, 2, 3, 4};

/// Returns the rule for `count` numbers of dimensions from `first` on.
static TypeRule shaped(StringRef elements, int64_t first, int64_t count = 1) {
  return {elements, ArrayRef(kRanks).slice(first, count)};
}
static TypeRule cache() { return {kCache, {}}; }
static TypeRule number() { return {"f32", {}}; }

/// Whether the text that lists elements has this one.
static bool isListed(Type type, StringRef elements) {
  std::string name = llvm::formatv("{0}", type);
  SmallVector<StringRef> names;
  elements.split(names, ' ');
  return llvm::any_of(
      names, [&](StringRef listed) { return listed.rtrim(',') == name; });
}

static bool isRight(Type type, const TypeRule &rule) {
  if (rule.elements == kCache)
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
    return (rule.elements == kCache ? "an " : "") + rule.elements.str();
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

/// Returns a rule for each operand or list of operands in the definition.
static SmallVector<TypeRule> getRules(Operation *op) {
  return llvm::TypeSwitch<Operation *, SmallVector<TypeRule>>(op)
      .Case<PagedAttentionOp>([](auto) {
        return SmallVector<TypeRule>{shaped(kFloats, 3),
                                     cache(),
                                     shaped("f32 or f8E8M0FNU", 0, 5),
                                     shaped("f32 or f8E8M0FNU", 0, 5),
                                     shaped("i32", 1),
                                     shaped("i32", 1),
                                     shaped("i32", 2),
                                     shaped("f32", 1),
                                     shaped(kFloats, 3),
                                     shaped("f32", 2),
                                     shaped("f32", 1),
                                     shaped(kMasks, 2),
                                     number()};
      })
      .Case<AttentionOp>([](auto) {
        return SmallVector<TypeRule>{shaped(kFloats, 4),
                                     shaped(kFloatsOrFp8, 4),
                                     shaped(kFloatsOrFp8, 4),
                                     shaped("f32", 0, 2),
                                     shaped("f32", 0, 2),
                                     shaped("f32", 1),
                                     shaped(kFloats, 4),
                                     shaped("f32", 3),
                                     shaped("f32", 1),
                                     shaped(kMasks, 4),
                                     number()};
      })
      .Case<MergeOp>([](auto) {
        return SmallVector<TypeRule>{
            shaped(kFloats, 3, 2), shaped("f32", 2, 2),   shaped(kFloats, 3, 2),
            shaped("f32", 2, 2),   shaped(kFloats, 3, 2), shaped("f32", 2, 2)};
      })
      .Case<KvWriteOp>([](auto) {
        return SmallVector<TypeRule>{shaped(kFloats, 3),
                                     shaped(kFloats, 3),
                                     shaped("i64", 1),
                                     shaped("f32 or f8E8M0FNU", 0, 5),
                                     shaped("f32 or f8E8M0FNU", 0, 5),
                                     cache()};
      })
      .Case<RepackOp>([](auto) {
        return SmallVector<TypeRule>{cache(), cache(), shaped("i32", 2),
                                     shaped("f32 or f8E8M0FNU", 0, 5),
                                     shaped("f32 or f8E8M0FNU", 0, 5)};
      })
      .Case<QuantizeOp>([](auto) {
        return SmallVector<TypeRule>{shaped(kFloats, 1, 4), shaped("f32", 0, 2),
                                     shaped(kFp8, 1, 4)};
      })
      .Case<DequantizeOp>([](auto) {
        return SmallVector<TypeRule>{shaped(kFp8, 1, 4), shaped("f32", 0, 2),
                                     shaped(kFloats, 1, 4)};
      });
}

/// Checks the operands of each group of the definition by its rule.
template <typename Op> static LogicalResult verifyGroups(Op op) {
  SmallVector<OperandRole> roles = op.getOperandRoles();
  size_t next = 0;
  for (auto [index, rule] : llvm::enumerate(getRules(op)))
    for (Value operand : op.getODSOperands(index)) {
      // operand_c6
      StringRef name = roles[next++].name;
      if (!isRight(operand.getType(), rule))
        return op.emitOpError("expects ") << name << " to be " << getText(rule)
                                          << ", got " << operand.getType();
    }
  return success();
}

LogicalResult fp8attn::detail::verifyTypes(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<PagedAttentionOp, AttentionOp, MergeOp, KvWriteOp, RepackOp,
            QuantizeOp, DequantizeOp>([](auto op) { return verifyGroups(op); });
}
