//===- PartStates.cpp - states of the online softmax by parts -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "PartStates.h"
#include "Constants.h"
#include "fp8attn/Runtime/lowering_abi.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::fp8attn;

static constexpr int64_t kFloatBytes = 4;
static constexpr int64_t kCounterBytes =
    FP8ATTN_MAX_DIVIDED_BLOCKS * sizeof(int32_t);
static_assert(kCounterBytes % FP8ATTN_ALIGNMENT == 0);
/// Max or sum of the rows of any work item.
static constexpr int64_t kRowBytes = FP8ATTN_BLOCK_ROWS * kFloatBytes;
static_assert(kRowBytes % FP8ATTN_ALIGNMENT == 0);

/// Returns the bytes of a state of the largest work item.
static int64_t getStateBytes(int64_t channels) {
  return 2 * kRowBytes + channels * kRowBytes;
}

SoftmaxState mlir::fp8attn::selectState(OpBuilder &builder, Location loc,
                                        Value condition,
                                        const SoftmaxState &yes,
                                        const SoftmaxState &no) {
  auto select = [&](Value a, Value b) -> Value {
    return arith::SelectOp::create(builder, loc, condition, a, b);
  };
  return {select(yes.max, no.max), select(yes.sum, no.sum),
          select(yes.acc, no.acc)};
}

void PartStates::reserve(int64_t channels, ScratchBuilder &scratch) {
  scratch.reserve(kCounterBytes +
                  FP8ATTN_PARTS_PER_WORKER * getStateBytes(channels));
}

void PartStates::emitPreparation(OpBuilder &builder, Location loc) {
  numParts = ItemPartsOp::create(builder, loc, item);
  part = ItemPartOp::create(builder, loc, item);
  block = ItemBlockOp::create(builder, loc, item);
  divided = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ugt,
                                  numParts, constantIndex(builder, loc, 1));
}

SoftmaxState PartStates::stateOf(OpBuilder &builder, Location loc,
                                 Value part) const {
  auto accType = cast<MemRefType>(state.acc.getType());
  // Tiles side by side, of 16 channels each.
  const int64_t channels = accType.getDimSize(1) * accType.getDimSize(3);
  auto number = [&](int64_t value) {
    return constantIndex(builder, loc, value);
  };
  Value slot = arith::MulIOp::create(builder, loc, block, parts);
  slot = arith::AddIOp::create(builder, loc, slot, part);
  Value perWorker = number(FP8ATTN_PARTS_PER_WORKER);
  Value worker = arith::DivUIOp::create(builder, loc, slot, perWorker);
  Value place = arith::RemUIOp::create(builder, loc, slot, perWorker);
  Value bytes = WorkerScratchOp::create(builder, loc, scratchType, worker);
  Value offset = arith::MulIOp::create(builder, loc, place,
                                       number(getStateBytes(channels)));
  auto viewAt = [&](int64_t begin, Value like) -> Value {
    Value shift = arith::AddIOp::create(builder, loc, offset,
                                        number(kCounterBytes + begin));
    return memref::ViewOp::create(builder, loc,
                                  cast<MemRefType>(like.getType()), bytes,
                                  shift, ValueRange());
  };
  return {viewAt(0, state.max), viewAt(kRowBytes, state.sum),
          viewAt(2 * kRowBytes, state.acc)};
}

SoftmaxState PartStates::ownState(OpBuilder &builder, Location loc) const {
  return stateOf(builder, loc, part);
}
