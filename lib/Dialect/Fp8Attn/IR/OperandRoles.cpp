//===- OperandRoles.cpp - what operations do with their operands ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A table of operands for each operation of the model level, and what follows
// from it for all of them: whether memrefs and tensors are mixed, effects on
// memory, destinations, and the sizes of results.
//
//===----------------------------------------------------------------------===//

#include "Verifiers.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// The role of a group of operands of an operation.
struct GroupRole {
  StringRef name;
  Access access = Access::Read;
  bool isContiguous = true;
};
} // namespace

/// A scale, whose elements are loaded one by one.
static GroupRole scale(StringRef name, Access access = Access::Read) {
  return {name, access, /*isContiguous=*/false};
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
      roles.push_back({name, &op->getOpOperand(first + i), group.access,
                       group.isContiguous});
    }
  }
  return roles;
}

SmallVector<OperandRole> PagedAttentionOp::getOperandRoles() {
  return listRoles(*this, {{"query"},
                           {"cache"},
                           scale("key_scale"),
                           scale("value_scale"),
                           {"query_start"},
                           {"seq_lens"},
                           {"block_table"},
                           {"sink"},
                           {"out", Access::Overwrite},
                           {"lse", Access::Overwrite},
                           {"alibi"},
                           {"mask"},
                           {"softmax_scale"}});
}

SmallVector<OperandRole> AttentionOp::getOperandRoles() {
  return listRoles(*this, {{"query"},
                           {"key"},
                           {"value"},
                           scale("key_scale"),
                           scale("value_scale"),
                           {"sink"},
                           {"out", Access::Overwrite},
                           {"lse", Access::Overwrite},
                           {"alibi"},
                           {"mask"},
                           {"softmax_scale"}});
}

SmallVector<OperandRole> MergeOp::getOperandRoles() {
  return listRoles(*this, {{"first_out"},
                           {"first_lse"},
                           {"second_out"},
                           {"second_lse"},
                           {"out", Access::Overwrite},
                           {"lse", Access::Overwrite}});
}

SmallVector<OperandRole> KvWriteOp::getOperandRoles() {
  // Scales of tokens that are skipped stay as they are.
  const Access ofScale = getDynamic() ? Access::Update : Access::Read;
  return listRoles(*this, {{"key"},
                           {"value"},
                           {"slots"},
                           scale("key_scale", ofScale),
                           scale("value_scale", ofScale),
                           {"cache", Access::Update}});
}

SmallVector<OperandRole> RepackOp::getOperandRoles() {
  return listRoles(*this, {{"source"},
                           {"destination", Access::Update},
                           {"pages"},
                           scale("key_scale"),
                           scale("value_scale")});
}

SmallVector<OperandRole> QuantizeOp::getOperandRoles() {
  return listRoles(
      *this, {{"source"}, scale("scale"), {"destination", Access::Overwrite}});
}

SmallVector<OperandRole> DequantizeOp::getOperandRoles() {
  return listRoles(
      *this, {{"source"}, scale("scale"), {"destination", Access::Overwrite}});
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
