//===- Views.cpp - memrefs that are parts of others -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Views.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Reference/Fp8.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/TypeSwitch.h"

#include <utility>

using namespace mlir;
using namespace mlir::fp8attn;

static bool isCast(Operation *op) {
  return isa_and_present<memref::CastOp, CacheViewOp>(op);
}

bool mlir::fp8attn::isKnownView(Operation *op) {
  return isCast(op) ||
         isa_and_present<memref::SubViewOp, memref::TransposeOp,
                         memref::ExpandShapeOp, memref::CollapseShapeOp>(op);
}

Value mlir::fp8attn::skipCasts(Value value) {
  while (isCast(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

Value mlir::fp8attn::getMemory(Value value) {
  while (isKnownView(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

/// Returns a number that has to be known.
static FailureOr<int64_t> require(Operation *op, OpFoldResult number,
                                  EvaluateIndex evaluate) {
  if (std::optional<int64_t> value = evaluate(number))
    return *value;
  op->emitError("expects offsets and strides of views in a function to run to "
                "be constants or sizes of memrefs");
  return failure();
}

static int64_t multiply(ArrayRef<int64_t> sizes, ArrayRef<int64_t> dims) {
  int64_t product = 1;
  for (int64_t dim : dims)
    product *= sizes[dim];
  return product;
}

static FailureOr<SmallVector<int64_t>> getSourceSizes(memref::SubViewOp view,
                                                      ArrayRef<int64_t> sizes,
                                                      EvaluateIndex evaluate) {
  SmallVector<int64_t> result(view.getSourceType().getShape());
  const llvm::SmallBitVector dropped = view.getDroppedDims();
  for (size_t dim = 0, kept = 0; dim < result.size(); ++dim) {
    const int64_t size = dropped[dim] ? 1 : sizes[kept++];
    if (!ShapedType::isDynamic(result[dim]))
      continue;
    FailureOr<int64_t> offset =
        require(view, view.getMixedOffsets()[dim], evaluate);
    FailureOr<int64_t> stride =
        require(view, view.getMixedStrides()[dim], evaluate);
    if (failed(offset) || failed(stride))
      return failure();
    result[dim] = *offset + (size > 0 ? (size - 1) * *stride + 1 : 0);
  }
  return result;
}

static FailureOr<SmallVector<int64_t>>
getSourceSizes(memref::CollapseShapeOp view, ArrayRef<int64_t> sizes) {
  SmallVector<int64_t> result(view.getSrcType().getShape());
  for (auto [size, group] : llvm::zip(sizes, view.getReassociationIndices())) {
    int64_t rest = size;
    for (int64_t dim : group)
      if (!ShapedType::isDynamic(result[dim]) && result[dim] > 0)
        rest /= result[dim];
    // What is left is the first one's.
    for (int64_t dim : group)
      if (ShapedType::isDynamic(result[dim]))
        result[dim] = std::exchange(rest, 1);
  }
  return result;
}

FailureOr<SmallVector<int64_t>>
mlir::fp8attn::getSourceSizes(Operation *view, ArrayRef<int64_t> sizes,
                              EvaluateIndex evaluate) {
  if (auto subView = dyn_cast<memref::SubViewOp>(view))
    return ::getSourceSizes(subView, sizes, evaluate);
  if (auto collapse = dyn_cast<memref::CollapseShapeOp>(view))
    return ::getSourceSizes(collapse, sizes);
  SmallVector<int64_t> result(sizes);
  if (auto transpose = dyn_cast<memref::TransposeOp>(view))
    for (auto [dim, size] : llvm::enumerate(sizes))
      result[transpose.getPermutation().getDimPosition(dim)] = size;
  if (auto expand = dyn_cast<memref::ExpandShapeOp>(view)) {
    result.clear();
    for (const ReassociationIndices &group : expand.getReassociationIndices())
      result.push_back(multiply(sizes, group));
  }
  return result;
}

static LogicalResult describe(memref::SubViewOp view,
                              const fp8attn_tensor &source,
                              EvaluateIndex evaluate, fp8attn_tensor &result) {
  const llvm::SmallBitVector dropped = view.getDroppedDims();
  int64_t first = 0;
  for (int32_t dim = 0, kept = 0; dim < source.rank; ++dim) {
    FailureOr<int64_t> offset =
        require(view, view.getMixedOffsets()[dim], evaluate);
    FailureOr<int64_t> stride =
        require(view, view.getMixedStrides()[dim], evaluate);
    if (failed(offset) || failed(stride))
      return failure();
    const int64_t size = dropped[dim] ? 1 : result.sizes[kept];
    const int64_t last = *offset + (size - 1) * *stride;
    if (*offset < 0 || *stride < 0 || last >= source.sizes[dim])
      return view.emitError("expects a part of dimension ")
             << dim << ", which has " << source.sizes[dim]
             << " elements in this run, got elements " << *offset << " to "
             << last;
    first += *offset * source.strides[dim];
    if (!dropped[dim])
      result.strides[kept++] = *stride * source.strides[dim];
  }
  result.data =
      static_cast<uint8_t *>(source.data) +
      first * ::fp8attn::reference::elementBytes(fp8attn_type(source.type));
  return success();
}

/// Splits dimensions: those of a group lie in row-major order.
static LogicalResult describe(memref::ExpandShapeOp view,
                              const fp8attn_tensor &source,
                              fp8attn_tensor &result) {
  for (auto [dim, group] : llvm::enumerate(view.getReassociationIndices())) {
    if (const int64_t product = multiply(result.sizes, group);
        product != source.sizes[dim])
      return view.emitError("expects sizes whose product is ")
             << source.sizes[dim] << " in this run, got " << product;
    int64_t stride = source.strides[dim];
    for (int64_t part : llvm::reverse(group)) {
      result.strides[part] = stride;
      stride *= result.sizes[part];
    }
  }
  return success();
}

FailureOr<fp8attn_tensor>
mlir::fp8attn::describeView(Operation *view, const fp8attn_tensor &source,
                            ArrayRef<int64_t> sizes, EvaluateIndex evaluate) {
  fp8attn_tensor result = source;
  result.rank = sizes.size();
  llvm::copy(sizes, result.sizes);
  LogicalResult isDescribed =
      llvm::TypeSwitch<Operation *, LogicalResult>(view)
          .Case([&](memref::SubViewOp op) {
            return describe(op, source, evaluate, result);
          })
          .Case([&](memref::ExpandShapeOp op) {
            return describe(op, source, result);
          })
          .Case([&](memref::CollapseShapeOp op) {
            for (auto [dim, group] :
                 llvm::enumerate(op.getReassociationIndices()))
              result.strides[dim] = source.strides[group.back()];
            return success();
          })
          .Case([&](memref::TransposeOp op) {
            for (size_t dim = 0; dim < sizes.size(); ++dim)
              result.strides[dim] =
                  source.strides[op.getPermutation().getDimPosition(dim)];
            return success();
          });
  if (failed(isDescribed))
    return failure();
  return result;
}

SmallVector<OpFoldResult> mlir::fp8attn::getMixedSizes(Operation *op) {
  if (auto subView = dyn_cast<memref::SubViewOp>(op)) {
    SmallVector<OpFoldResult> kept;
    const llvm::SmallBitVector dropped = subView.getDroppedDims();
    for (auto [dim, size] : llvm::enumerate(subView.getMixedSizes()))
      if (!dropped[dim])
        kept.push_back(size);
    return kept;
  }
  if (auto expand = dyn_cast<memref::ExpandShapeOp>(op))
    return expand.getMixedOutputShape();
  if (auto alloc = dyn_cast<memref::AllocOp>(op))
    return alloc.getMixedSizes();
  if (auto alloca = dyn_cast<memref::AllocaOp>(op))
    return alloca.getMixedSizes();
  if (!isKnownView(op))
    return {};
  // Transposes and collapsed shapes have what their sources have.
  auto type = dyn_cast<MemRefType>(op->getResult(0).getType());
  if (!type || !type.hasStaticShape())
    return {};
  return getAsIndexOpFoldResult(op->getContext(), type.getShape());
}
