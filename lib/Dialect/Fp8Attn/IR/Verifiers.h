//===- Verifiers.h - checks that operations share ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The checks of operands, caches and scales. Each function reports the
// first offence on `op`, naming the operand, what was expected and what it got.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_DIALECT_FP8ATTN_IR_VERIFIERS_H
#define FP8ATTN_LIB_DIALECT_FP8ATTN_IR_VERIFIERS_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

namespace mlir::fp8attn::detail {

/// A memref or tensor, and its name in messages. The value is null if it is
/// absent.
struct NamedShaped {
  llvm::StringRef name;
  Value value;

  ShapedType type() const { return cast<ShapedType>(value.getType()); }
  int64_t size(unsigned dim) const { return type().getDimSize(dim); }
};

/// Adds a note at the definition of `operand`.
InFlightDiagnostic noteDefinition(InFlightDiagnostic diagnostic,
                                  llvm::StringRef name, Value operand);

/// Returns "?" for a dynamic size or stride, else the number.
std::string sizeText(int64_t size);

/// Checks memory space and layout. `contiguous` demands an innermost stride of
/// 1. An absent operand and a tensor are correct.
LogicalResult verifyMemRef(Operation *op, NamedShaped operand, bool contiguous);

/// Checks every operand of a list so, and that each is contiguous inside.
LogicalResult verifyMemRefs(Operation *op,
                            llvm::ArrayRef<NamedShaped> operands);

/// Checks that a size that code is compiled for is static.
LogicalResult verifyStatic(Operation *op, llvm::StringRef what,
                           NamedShaped operand, unsigned dim);

/// Checks that memrefs that are written are the value of no operand that is
/// read, nor of each other. Tensors may be.
LogicalResult verifyOwnMemory(Operation *op,
                              llvm::ArrayRef<NamedShaped> written,
                              llvm::ArrayRef<NamedShaped> read);

/// Checks an attribute that is a finite number above 0, if it is given.
LogicalResult verifyPositive(Operation *op, llvm::StringRef name,
                             FloatAttr attribute);

/// Checks that two sizes do not contradict each other: dynamic ones agree with
/// everything, because the call checks them.
LogicalResult verifySizesAgree(Operation *op, llvm::StringRef what,
                               NamedShaped operand, unsigned dim,
                               NamedShaped other, unsigned otherDim);

/// Checks that a size is static and equals that of the cache.
LogicalResult verifySizeOfCache(Operation *op, llvm::StringRef what,
                                NamedShaped operand, unsigned dim, Value cache,
                                llvm::StringRef cacheWhat, int64_t expected);

/// Checks that the caches are one of keys and values, or one of each.
LogicalResult verifyCaches(Operation *op, OperandRange caches);

/// Checks that kernels can read and write the cache.
LogicalResult verifyHasKernels(Operation *op, Value cache);

/// Checks that the layout of a cache is not open (layout_c2).
LogicalResult verifyHasLayout(Operation *op, Value cache);

/// Checks that `content` is keys or values, and that the cache has them.
LogicalResult verifyCachePart(Operation *op, CacheContent content,
                              CacheType cache);

/// Checks the scale of the keys or values of `cache`, and its map. Messages
/// call the cache `holder`, and say that it holds `held` if that is another
/// type than the one that kernels are given.
LogicalResult verifyCacheScale(Operation *op, NamedShaped scale,
                               std::optional<AffineMap> map, CacheType cache,
                               llvm::StringRef holder = "the cache",
                               Type held = {});

/// Checks that the values of a latent cache, which are part of the keys, have
/// no `what` (a scale or a zero point) of their own, the operand `name`.
LogicalResult verifyNoValueScale(Operation *op, llvm::StringRef name,
                                 llvm::StringRef what, Value operand,
                                 std::optional<AffineMap> map);

/// Checks what the scales of the keys or values of `cache` are multiplied with,
/// if it is given.
LogicalResult verifyOuterScale(Operation *op, NamedShaped outer,
                               NamedShaped scale, CacheType cache);

/// Checks the zero points of the keys or values of `cache`, and their map, if
/// they are given.
LogicalResult verifyZeroPoint(Operation *op, NamedShaped zeroPoint,
                              std::optional<AffineMap> map, CacheType cache);

/// Checks the scales and zero points of the key and the value cache of `op`.
template <typename Op> LogicalResult verifyCacheScales(Op op) {
  NamedShaped key{"key_scale", op.getKeyScale()},
      value{"value_scale", op.getValueScale()};
  if (failed(verifyCacheScale(op, key, op.getKeyScaleMap(),
                              op.getKeyCacheType())) ||
      failed(verifyOuterScale(op, {"key_outer_scale", op.getKeyOuterScale()},
                              key, op.getKeyCacheType())) ||
      failed(verifyOuterScale(op,
                              {"value_outer_scale", op.getValueOuterScale()},
                              value, op.getValueCacheType())) ||
      failed(verifyZeroPoint(op, {"key_zero_point", op.getKeyZeroPoint()},
                             op.getKeyZeroPointMap(), op.getKeyCacheType())) ||
      failed(verifyZeroPoint(op, {"value_zero_point", op.getValueZeroPoint()},
                             op.getValueZeroPointMap(),
                             op.getValueCacheType())))
    return failure();
  if (!op.getKeyCacheType().isLatent())
    return verifyCacheScale(op, value, op.getValueScaleMap(),
                            op.getValueCacheType());
  return failure(
      failed(verifyNoValueScale(op, "value_scale", "scale", op.getValueScale(),
                                op.getValueScaleMap())) ||
      failed(verifyNoValueScale(op, "value_zero_point", "zero point",
                                op.getValueZeroPoint(),
                                op.getValueZeroPointMap())));
}

/// Checks what kv_write does to keys and queries before it writes them
/// (kv_write_c7 to kv_write_c15).
LogicalResult verifyRotation(KvWriteOp op);

/// Checks the block of a score region: its arguments, its result, and that it
/// holds only what can be computed for many keys at once. It extracts elements
/// of tensors only if `op` `hasTensors` as operands.
LogicalResult verifyScoreRegion(Operation *op, Region &region, bool hasTensors);

/// Checks the list of the keys that queries see, if there is one.
LogicalResult verifySelection(PagedAttentionOp op);

/// Checks the element types of a merge: of two parts, and of the result.
LogicalResult verifyMergedTypes(Operation *op, NamedShaped first,
                                NamedShaped second, NamedShaped out);

/// Checks the scale of a dense tensor, and its map from the tensor's indices.
LogicalResult verifyTensorScale(Operation *op, NamedShaped scale, AffineMap map,
                                NamedShaped tensor);

/// Checks the same of a scale that is there if and only if the tensor is FP8.
LogicalResult verifyRowScale(Operation *op, NamedShaped scale,
                             std::optional<AffineMap> map, NamedShaped tensor);

} // namespace mlir::fp8attn::detail

#endif // FP8ATTN_LIB_DIALECT_FP8ATTN_IR_VERIFIERS_H
