//===- OperandRoles.cpp - what operations do with their operands ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A table of operands for each operation of the model level, with their types
// (OperandTypes.cpp), and what follows from it for all of them: whether memrefs
// and tensors are mixed, effects on memory, destinations, and the sizes of
// results.
//
//===----------------------------------------------------------------------===//

#include "OperandTypes.h"
#include "Verifiers.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::fp8attn::detail;

namespace {
/// The role of a group of operands of an operation.
struct GroupRole {
  StringRef name;
  TypeRule types;
  Access access = Access::Read;
  bool isContiguous = true;
};
} // namespace

static constexpr StringRef kFloats = "bf16, f16 or f32";
static constexpr StringRef kCodes = "f8E4M3FN, f8E5M2 or i8";
static constexpr StringRef kFloatsOrFp8 = "bf16, f16, f32, f8E4M3FN or f8E5M2";
static constexpr StringRef kMasks = "i1, i8, f32, bf16 or f16";
static constexpr int64_t kRanks[] = {0, 1, 2, 3, 4};
static constexpr TypeRule kCache = {kAnyCache, {}};
static constexpr TypeRule kNumber = {"f32", {}};

/// Returns the rule for `count` numbers of dimensions from `first` on.
static TypeRule shaped(StringRef elements, int64_t first, int64_t count = 1) {
  return {elements, ArrayRef(kRanks).slice(first, count)};
}

/// A scale, whose elements are loaded one by one.
static GroupRole scale(StringRef name) {
  return {name, shaped("f32", 0, 2), Access::Read, /*isContiguous=*/false};
}
/// A scale of rows, or of a tensor that is converted.
static GroupRole rowScale(StringRef name) {
  return {name, shaped("f32", 0, 4), Access::Read, /*isContiguous=*/false};
}
static GroupRole cacheScale(StringRef name, Access access = Access::Read) {
  return {name, shaped("f32, f8E8M0FNU or f8E4M3FN", 0, 5), access,
          /*isContiguous=*/false};
}
static GroupRole zeroPoint(StringRef name, Access access = Access::Read) {
  return {name, shaped("i8", 0, 5), access, /*isContiguous=*/false};
}

/// Lists the operands that are there. A group of two is a cache of keys and one
/// of values.
template <typename Op>
static SmallVector<OperandRole> listRoles(Op op, ArrayRef<GroupRole> groups) {
  SmallVector<OperandRole> roles;
  for (auto [index, group] : llvm::enumerate(groups)) {
    auto [first, count] = op.getODSOperandIndexAndLength(index);
    for (unsigned i = 0; i < count; ++i) {
      StringRef name = count == 1 ? group.name
                       : i == 0   ? StringRef("key_cache")
                                  : StringRef("value_cache");
      roles.push_back({name, &op->getOpOperand(first + i), group.types,
                       group.access, group.isContiguous});
    }
  }
  return roles;
}

SmallVector<OperandRole> PagedAttentionOp::getOperandRoles() {
  return listRoles(*this, {{"query", shaped(kFloatsOrFp8, 3)},
                           {"cache", kCache},
                           cacheScale("key_scale"),
                           cacheScale("value_scale"),
                           {"query_start", shaped("i32", 1)},
                           {"seq_lens", shaped("i32", 1)},
                           {"block_table", shaped("i32", 2)},
                           {"sink", shaped(kFloats, 1)},
                           {"out", shaped(kFloatsOrFp8, 3), Access::Overwrite},
                           {"lse", shaped("f32", 2), Access::Overwrite},
                           {"alibi", shaped(kFloats, 1)},
                           {"mask", shaped(kMasks, 2)},
                           {"softmax_scale", kNumber},
                           {"group_start", shaped("i32", 1)},
                           {"prefix_lens", shaped("i32", 1)},
                           {"prefix_table", shaped("i32", 2)},
                           {"draft_mask", shaped(kMasks, 2)},
                           {"selected_pages", shaped("i32", 2, 2)},
                           {"selected_tokens", shaped("i32", 2, 2)},
                           rowScale("query_scale"),
                           rowScale("out_scale"),
                           scale("key_outer_scale"),
                           scale("value_outer_scale"),
                           zeroPoint("key_zero_point"),
                           zeroPoint("value_zero_point")});
}

SmallVector<OperandRole> AttentionOp::getOperandRoles() {
  return listRoles(*this, {{"query", shaped(kFloatsOrFp8, 4)},
                           {"key", shaped(kFloatsOrFp8, 4)},
                           {"value", shaped(kFloatsOrFp8, 4)},
                           scale("key_scale"),
                           scale("value_scale"),
                           {"sink", shaped(kFloats, 1)},
                           {"out", shaped(kFloatsOrFp8, 4), Access::Overwrite},
                           {"lse", shaped("f32", 3), Access::Overwrite},
                           {"alibi", shaped(kFloats, 1)},
                           {"mask", shaped(kMasks, 4)},
                           {"softmax_scale", kNumber},
                           {"key_lens", shaped("i32", 1)},
                           {"query_offsets", shaped("i32", 1)},
                           rowScale("query_scale"),
                           rowScale("out_scale")});
}

SmallVector<OperandRole> MergeOp::getOperandRoles() {
  const TypeRule part = shaped(kFloats, 3, 2), lse = shaped("f32", 2, 2);
  return listRoles(*this, {{"first_out", part},
                           {"first_lse", lse},
                           {"second_out", part},
                           {"second_lse", lse},
                           {"out", part, Access::Overwrite},
                           {"lse", lse, Access::Overwrite}});
}

SmallVector<OperandRole> KvWriteOp::getOperandRoles() {
  // Scales of tokens that are skipped stay as they are.
  const Access ofScale = getDynamic() ? Access::Update : Access::Read;
  return listRoles(*this, {{"key", shaped(kFloats, 3)},
                           {"value", shaped(kFloats, 3)},
                           {"query", shaped(kFloats, 3)},
                           {"slots", shaped("i64", 1)},
                           {"key_norm", shaped(kFloats, 1)},
                           {"query_norm", shaped(kFloats, 1)},
                           {"positions", shaped("i32", 1)},
                           {"cos", shaped(kFloats, 2)},
                           {"sin", shaped(kFloats, 2)},
                           {"query_out", shaped(kFloats, 3), Access::Overwrite},
                           cacheScale("key_scale", ofScale),
                           cacheScale("value_scale", ofScale),
                           zeroPoint("key_zero_point", ofScale),
                           zeroPoint("value_zero_point", ofScale),
                           {"cache", kCache, Access::Update},
                           scale("key_outer_scale"),
                           scale("value_outer_scale")});
}

SmallVector<OperandRole> RepackOp::getOperandRoles() {
  // A tensor that is written would be a result, and is refused (repack_c10).
  const bool isWritten = takesScales() && getKeyScale() &&
                         isa<MemRefType>(getKeyScale().getType());
  const Access ofScale = isWritten ? Access::Update : Access::Read;
  return listRoles(*this, {{"source", kCache},
                           {"destination", kCache, Access::Update},
                           {"pages", shaped("i32", 2)},
                           cacheScale("key_scale", ofScale),
                           cacheScale("value_scale")});
}

SmallVector<OperandRole> QuantizeOp::getOperandRoles() {
  return listRoles(*this,
                   {{"source", shaped(kFloats, 1, 4)},
                    rowScale("scale"),
                    {"destination", shaped(kCodes, 1, 4), Access::Overwrite}});
}

SmallVector<OperandRole> DequantizeOp::getOperandRoles() {
  return listRoles(*this,
                   {{"source", shaped(kCodes, 1, 4)},
                    rowScale("scale"),
                    {"destination", shaped(kFloats, 1, 4), Access::Overwrite}});
}

/// Returns the operands that are written, but for caches.
static SmallVector<OperandRole> getWritten(ModelOpInterface op) {
  return llvm::filter_to_vector(op.getOperandRoles(), [](OperandRole role) {
    return role.isWritten() && isa<ShapedType>(role.get().getType());
  });
}

/// Checks that each operand that is written is a result, if it is a tensor.
static LogicalResult verifyResults(ModelOpInterface op) {
  SmallVector<OperandRole> written = getWritten(op);
  if (!op.hasTensors())
    written.clear();
  // form_c2
  if (op->getNumResults() != written.size()) {
    InFlightDiagnostic diagnostic = op->emitOpError("expects ");
    if (written.empty())
      diagnostic << "no result, because it writes no tensor";
    else
      diagnostic << "a result for each tensor that it writes (";
    llvm::interleaveComma(written, diagnostic, [&](const OperandRole &role) {
      diagnostic << role.name;
    });
    return diagnostic << (written.empty() ? "" : ")") << ", got "
                      << op->getNumResults();
  }
  // form_c3
  for (auto [role, result] : llvm::zip(written, op->getResults()))
    if (result.getType() != role.get().getType())
      return op->emitOpError("expects result ")
             << result.getResultNumber() << " to be of the type of "
             << role.name << " (" << role.get().getType() << "), got "
             << result.getType();
  return success();
}

LogicalResult fp8attn::detail::verifyForm(Operation *op) {
  auto model = cast<ModelOpInterface>(op);
  OperandRole memref{}, tensor{};
  for (const OperandRole &role : model.getOperandRoles()) {
    OperandRole &first =
        isa<TensorType>(role.get().getType()) ? tensor : memref;
    if (isa<ShapedType>(role.get().getType()) && !first.operand)
      first = role;
  }
  // form_c1
  if (memref.operand && tensor.operand)
    return op->emitOpError("expects memrefs or tensors as operands, and not "
                           "both, got ")
           << memref.name << ", a " << memref.get().getType() << ", and "
           << tensor.name << ", a " << tensor.get().getType();
  return verifyResults(model);
}

void fp8attn::detail::addEffects(
    ModelOpInterface op,
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  for (const OperandRole &role : op.getOperandRoles()) {
    if (!isa<MemRefType, CacheType>(role.get().getType()))
      continue;
    MemoryEffects::Effect *effect = MemoryEffects::Read::get();
    if (role.isWritten())
      effect = MemoryEffects::Write::get();
    effects.emplace_back(effect, role.operand);
  }
  for (Region &region : op->getRegions())
    region.walk(
        [&](MemoryEffectOpInterface inner) { inner.getEffects(effects); });
}

MutableOperandRange fp8attn::detail::getInits(ModelOpInterface op) {
  SmallVector<OperandRole> written = getWritten(op);
  if (written.empty())
    return MutableOperandRange(op, /*start=*/0, /*length=*/0);
  return MutableOperandRange(op, written.front().operand->getOperandNumber(),
                             written.size());
}

LogicalResult fp8attn::detail::reifyInits(ModelOpInterface op,
                                          OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  for (const OperandRole &role : getWritten(op))
    if (isa<TensorType>(role.get().getType()))
      shapes.push_back(tensor::getMixedSizes(builder, op.getLoc(), role.get()));
  return success();
}
