//===- DecomposePrefix.cpp - shared prefixes apart from own keys ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes paged_attention with a prefix out as its definition: attention over
// the prefixes, in which a group of sequences is one, attention over the own
// keys, and a merge. It relies on the checks having been made: they know the
// operands by their names.
//
//===----------------------------------------------------------------------===//

#include "Support/Constants.h"
#include "Support/Loops.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/MemRefForm.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_DECOMPOSEPREFIX
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Results of attention over some of the keys, in f32.
struct Part {
  Value out, lse;
};

/// Decomposes one operation.
class PrefixDecomposition {
public:
  explicit PrefixDecomposition(PagedAttentionOp op)
      : op(op), builder(op), loc(op.getLoc()) {}

  void run();

private:
  Value allocate(ArrayRef<int64_t> shape, Type element, Value size);
  Part allocatePart(Value out, Value lse);
  Value findQueryStarts();
  PagedAttentionOp copyWithoutPrefix(const Part &part);
  void attendToPrefix(const Part &part);

  PagedAttentionOp op;
  OpBuilder builder;
  Location loc;
  SmallVector<Value> allocated;
};
} // namespace

/// Allocates memory whose first dimension has `size` elements.
Value PrefixDecomposition::allocate(ArrayRef<int64_t> shape, Type element,
                                    Value size) {
  Value memory = memref::AllocOp::create(
      builder, loc, MemRefType::get(shape, element), ValueRange{size});
  allocated.push_back(memory);
  return memory;
}

/// Returns a part in the given memory, or in new one where that is null.
Part PrefixDecomposition::allocatePart(Value out, Value lse) {
  constexpr int64_t kDynamic = ShapedType::kDynamic;
  Type f32 = builder.getF32Type();
  const int64_t heads = op.getNumHeads();
  Value tokens = memref::DimOp::create(builder, loc, op.getQuery(), 0);
  if (!out)
    out = allocate({kDynamic, heads, op.getValueDim()}, f32, tokens);
  if (!lse)
    lse = allocate({kDynamic, heads}, f32, tokens);
  return {out, lse};
}

/// Returns where the queries of each group begin.
Value PrefixDecomposition::findQueryStarts() {
  Value groups = memref::DimOp::create(builder, loc, op.getPrefixLens(), 0);
  Value numStarts = arith::AddIOp::create(builder, loc, groups,
                                          constantIndex(builder, loc, 1));
  Value starts =
      allocate({ShapedType::kDynamic}, builder.getI32Type(), numStarts);
  forEach(builder, loc, numStarts, 1, [&](OpBuilder &body, Value group) {
    Value sequence =
        memref::LoadOp::create(body, loc, op.getGroupStart(), group);
    sequence =
        arith::IndexCastOp::create(body, loc, body.getIndexType(), sequence);
    Value start =
        memref::LoadOp::create(body, loc, op.getQueryStart(), sequence);
    memref::StoreOp::create(body, loc, start, starts, group);
  });
  return starts;
}

/// Returns the operation without its prefix, its results those of a part.
PagedAttentionOp PrefixDecomposition::copyWithoutPrefix(const Part &part) {
  auto copy = cast<PagedAttentionOp>(builder.clone(*op));
  copy.getGroupStartMutable().clear();
  copy.getPrefixLensMutable().clear();
  copy.getPrefixTableMutable().clear();
  copy.getOutMutable().assign(part.out);
  copy.getLseMutable().assign(part.lse);
  copy.getOutScaleMutable().clear();
  copy.removeOutScaleMapAttr();
  return copy;
}

/// Has the queries of each group see all of its prefix.
void PrefixDecomposition::attendToPrefix(const Part &part) {
  Value starts = findQueryStarts();
  PagedAttentionOp prefix = copyWithoutPrefix(part);
  prefix.getQueryStartMutable().assign(starts);
  prefix.getSeqLensMutable().assign(op.getPrefixLens());
  prefix.getBlockTableMutable().assign(op.getPrefixTable());
  // A sink joins one part, and what says which keys are seen is of the own
  // ones.
  prefix.getSinkMutable().clear();
  prefix.getMaskMutable().clear();
  prefix.getDraftMaskMutable().clear();
  prefix.setCausal(false);
  prefix.removeWindowRightAttr();
  prefix.setAlignment(Alignment::BottomRight);
}

void PrefixDecomposition::run() {
  // The result is merged in place where it is f32. Where it is the query, the
  // prefixes have been read by then, and own keys are attended to in place.
  const bool isF32 = op.getOut().getType().getElementType().isF32();
  Part prefix = allocatePart(Value(), Value());
  Part own = allocatePart(isF32 ? Value(op.getOut()) : Value(), op.getLse());
  attendToPrefix(prefix);
  // Own keys are what the operation is of without its prefix.
  copyWithoutPrefix(own);
  // FP8 is quantised from the merged result.
  const bool isFp8 = static_cast<bool>(op.getOutScale());
  MergeOp::create(builder, loc, TypeRange(), prefix.out, prefix.lse, own.out,
                  own.lse, isFp8 ? own.out : Value(op.getOut()), own.lse);
  if (isFp8)
    QuantizeOp::create(builder, loc, TypeRange(), own.out, op.getOutScale(),
                       op.getOut(), op.getOutScaleMapAttr());
  for (Value memory : allocated)
    memref::DeallocOp::create(builder, loc, memory);
  op.erase();
}

namespace {
struct DecomposePrefixPass
    : public fp8attn::impl::DecomposePrefixBase<DecomposePrefixPass> {
  using DecomposePrefixBase::DecomposePrefixBase;

  void runOnOperation() override {
    if (failed(requireMemRefs(getOperation())))
      return signalPassFailure();
    SmallVector<PagedAttentionOp> ops;
    getOperation().walk([&](PagedAttentionOp op) {
      if (op.hasPrefix())
        ops.push_back(op);
    });
    for (PagedAttentionOp op : ops)
      PrefixDecomposition(op).run();
  }
};
} // namespace
