//===- AttentionCalls.cpp - emitting the calls of attention ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header. The powers of two that FP8 decoding leaves out enter here:
// the query carries 2^exponent of the key kernel, the probabilities
// 2^getProbExponent, and the finish takes both out again. So do scales that
// differ by channel: the query and the result are multiplied by them.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/AttentionCalls.h"
#include "SelectKernels/AttentionBuffers.h"
#include "SelectKernels/AttentionSteps.h"
#include "SelectKernels/KernelCalls.h"
#include "SelectKernels/ScaleLoops.h"
#include "SelectKernels/ScoreLoop.h"
#include "Support/Constants.h"
#include "Support/Loops.h"
#include "Support/ScaleLoads.h"
#include "Support/Scratch.h"
#include "Support/Views.h"
#include "fp8attn/Runtime/lowering_abi.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Emits the calls of one work item.
class AttentionEmitter {
public:
  AttentionEmitter(AttentionMatch match, const AttentionCandidate &candidate,
                   Isa isa)
      : match(match), candidate(candidate), isa(isa), builder(match.loop),
        loc(match.finish.getLoc()), item(match.query.getItem()),
        buffers(this->match, candidate),
        steps(this->match, candidate, isa, buffers) {}

  void emit() {
    prepare();
    emitQuery();
    emitKeys();
    if (!isDivisible())
      return emitFinish();
    Value isFinished = emitHandOver();
    auto finish =
        scf::IfOp::create(builder, loc, isFinished, /*withElse=*/false);
    builder.setInsertionPointToStart(finish.thenBlock());
    emitFinish();
  }

private:
  Value index(int64_t value) { return constantIndex(builder, loc, value); }
  const KernelRow &rowFor(StringRef op, StringRef in, StringRef cache) {
    return *selectByIsa(op, in, cache, isa);
  }

  /// Returns an optional f32 operand, a null pointer if it is absent.
  Value orNull(Value memref, unsigned rank) {
    if (memref)
      return memref;
    SmallVector<int64_t> sizes(rank, ShapedType::kDynamic);
    return UkernelNullOp::create(builder, loc,
                                 MemRefType::get(sizes, builder.getF32Type()));
  }

  static StringRef elementWord(TypedValue<MemRefType> memref) {
    return getTypeWord(memref.getType().getElementType());
  }

  /// Whether items may be parts of a block.
  bool isDivisible() {
    auto pagedItem = item.getDefiningOp<WorkItemOp>();
    return pagedItem && pagedItem.getParts();
  }

  /// Makes the buffers and the numbers that all calls share.
  void prepare() {
    ScratchBuilder scratch;
    if (isDivisible())
      scratch.reserve(fp8attn_part_states_bytes(buffers.paddedValueDim));
    buffers.reserveRows(match, candidate, scratch);
    steps.reserve(scratch);
    buffers.reserveFactors(match, scratch);
    scratchMemory = scratch.build(builder, loc);
    if (!match.modify)
      buffers.all.softmaxScale = buffers.all.rowScale;
    buffers.all.rows = NumRowsOp::create(builder, loc, item);
    steps.emitPreparation(builder, loc);
    buffers.keyChannels = index(buffers.paddedKeyDim);
    buffers.valueChannels = index(buffers.paddedValueDim);
    buffers.probExponent =
        index(getProbExponent(candidate.valueRow().exponent));
  }

  void emitQuery() {
    SmallVector<Value> operands = {item};
    appendStrided(builder, loc, match.query.getQuery(), 2, operands);
    Value scale = orOne(builder, loc, match.qk.getFactor());
    if (match.queryFactor)
      scale = loadFactors(match.queryFactor, buffers.queryFactors,
                          buffers.keyDim, scale);
    operands.append({index(buffers.keyDim), scale,
                     index(candidate.keyRow().exponent), buffers.all.queryTiles,
                     buffers.all.rowScale, buffers.all.rowBegin,
                     buffers.all.rowLimit});
    emitKernelCall(builder, loc,
                   rowFor("query", elementWord(match.query.getQuery()),
                          getTypeWord(buffers.productType)),
                   operands);
    if (match.queryFactor)
      emitScaleProducts(builder, loc, buffers.all.queryTiles, buffers.all.rows,
                        buffers.keyChannels, buffers.queryFactors);
    if (match.queryScale)
      forEachRowScale(
          builder, loc, match.queryScale, buffers.all.rows,
          [&](OpBuilder &body, Value row, Value scale) {
            Value factors = buffers.all.rowScale;
            Value factor = memref::LoadOp::create(body, loc, factors, row);
            factor = arith::MulFOp::create(body, loc, factor, scale);
            memref::StoreOp::create(body, loc, factor, factors, row);
          });
  }

  /// Collects the factors of the channels without their power of two, which
  /// joins `scale`.
  Value loadFactors(LoadScaleOp load, Value buffer, int64_t channels,
                    Value scale) {
    emitChannelScales(builder, load, buffer);
    Value half = normalizeFactors(builder, loc, buffer, channels);
    scale = arith::MulFOp::create(builder, loc, scale, half);
    return arith::AddFOp::create(builder, loc, scale, scale);
  }

  void emitInit(OpBuilder &body, Location loc, const SoftmaxState &state) {
    emitKernelCall(body, loc, rowFor("init", "f32", "f32"),
                   {buffers.all.rows, buffers.valueChannels, state.max,
                    state.sum, state.acc});
  }

  /// A fused kernel makes an empty state itself, unless there is no key.
  void emitFirstInit(Value begin, Value end) {
    const SoftmaxState &state = buffers.all.state;
    if (!candidate.attend)
      return emitInit(builder, loc, state);
    Value none = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::uge,
                                       begin, end);
    scf::IfOp::create(builder, loc, none, [&](OpBuilder &then, Location loc) {
      emitInit(then, loc, state);
      scf::YieldOp::create(then, loc);
    });
  }

  void emitJoin(OpBuilder &body, Location loc, const SoftmaxState &state,
                const SoftmaxState &other) {
    emitKernelCall(body, loc, rowFor("join", "f32", "f32"),
                   {buffers.all.rows, buffers.valueChannels, state.max,
                    state.sum, state.acc, other.max, other.sum, other.acc});
  }

  /// Emits the loop over the item's keys part by part: the first has its state
  /// in the item's, each other one is joined to it.
  void emitKeys() {
    scf::ForOp loop = match.loop;
    const SoftmaxState &state = buffers.all.state;
    if (match.modify)
      fillRows(builder, loc, buffers.all.softmaxScale,
               orOne(builder, loc, match.modify.getFactor()));
    Value begin = loop.getLowerBound(), end = loop.getUpperBound();
    emitFirstInit(begin, end);
    forEachPiece(
        builder, loc, begin, end, index(FP8ATTN_PART_KEYS),
        [&](OpBuilder &body, Location loc, Value first, Value pieceEnd) {
          Value isOther = arith::CmpIOp::create(
              body, loc, arith::CmpIPredicate::ne, first, begin);
          RowBlock block = buffers.all;
          auto select = [&](Value yes, Value no) -> Value {
            return arith::SelectOp::create(body, loc, isOther, yes, no);
          };
          block.state = {select(buffers.partState.max, state.max),
                         select(buffers.partState.sum, state.sum),
                         select(buffers.partState.acc, state.acc)};
          if (candidate.attend)
            emitFused(body, loc, first, pieceEnd, block);
          else
            emitSeparate(body, loc, first, pieceEnd, block, isOther);
          scf::IfOp::create(body, loc, isOther,
                            [&](OpBuilder &then, Location loc) {
                              emitJoin(then, loc, state, buffers.partState);
                              scf::YieldOp::create(then, loc);
                            });
        });
  }

  void emitFused(OpBuilder &body, Location loc, Value first, Value end,
                 const RowBlock &block) {
    Value numKeys = arith::SubIOp::create(body, loc, end, first);
    SmallVector<Value> operands = {
        match.key.getRun(),   first,      numKeys,
        block.queryTiles,     block.rows, buffers.keyChannels,
        buffers.valueChannels};
    if (candidate.scalesBlocks()) {
      llvm::append_range(operands, steps.getKeyScales());
      llvm::append_range(operands, steps.getValueScales());
    }
    operands.append({block.rowScale, block.rowBegin, block.rowLimit,
                     buffers.probExponent, block.state.max, block.state.sum,
                     block.state.acc, buffers.kernelScratch});
    emitKernelCall(body, loc, *candidate.attend, operands);
  }

  void emitSeparate(OpBuilder &body, Location loc, Value first, Value end,
                    const RowBlock &block, Value isOther) {
    scf::IfOp::create(body, loc, isOther, [&](OpBuilder &then, Location loc) {
      emitInit(then, loc, buffers.partState);
      scf::YieldOp::create(then, loc);
    });
    forEachPiece(
        body, loc, first, end, match.loop.getStep(),
        [&](OpBuilder &inner, Location loc, Value firstKey, Value stepEnd) {
          Value keys = arith::SubIOp::create(inner, loc, stepEnd, firstKey);
          steps.emit(inner, loc, firstKey, keys, block);
        });
  }

  /// Returns whether the item's state is that of its block. If it is that of a
  /// part, the worker that is ready last has it.
  Value emitHandOver() {
    Value numParts = ItemPartsOp::create(builder, loc, item);
    Value isPart = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::ugt, numParts, index(1));
    auto isFinished = scf::IfOp::create(
        builder, loc, isPart,
        [&](OpBuilder &then, Location loc) {
          const SoftmaxState &state = buffers.all.state;
          Value isLast = UkernelHandOverOp::create(
              then, loc, item, buffers.valueChannels, state.max, state.sum,
              state.acc, scratchMemory, rowFor("join", "f32", "f32").name);
          scf::YieldOp::create(then, loc, isLast);
        },
        [&](OpBuilder &otherwise, Location loc) {
          Value yes = arith::ConstantIntOp::create(otherwise, loc, 1, 1);
          scf::YieldOp::create(otherwise, loc, yes);
        });
    return isFinished.getResult(0);
  }

  /// Returns the sinks as f32, of which those of the item's heads are there, or
  /// a null pointer.
  Value emitSinks() {
    Value sink = match.finish.getSink();
    if (!buffers.sinks)
      return orNull(sink, /*rank=*/1);
    Value group = GroupOp::create(builder, loc, item);
    Value first = arith::MulIOp::create(
        builder, loc, KvHeadOp::create(builder, loc, item), group);
    forEach(builder, loc, group, 1, [&](OpBuilder &body, Value member) {
      Value head = arith::AddIOp::create(body, loc, first, member);
      Value small = memref::LoadOp::create(body, loc, sink, head);
      Value number = arith::ExtFOp::create(body, loc, body.getF32Type(), small);
      memref::StoreOp::create(body, loc, number, buffers.sinks, head);
    });
    return buffers.sinks;
  }

  /// Returns the scales of the rows of an FP8 result, or a null pointer. They
  /// take the place of the factors of scores, which are not used any more.
  Value emitOutScales() {
    if (!match.outScale)
      return orNull(Value(), /*rank=*/1);
    Value scales = buffers.all.rowScale;
    forEachRowScale(builder, loc, match.outScale, buffers.all.rows,
                    [&](OpBuilder &body, Value row, Value scale) {
                      memref::StoreOp::create(body, loc, scale, scales, row);
                    });
    return scales;
  }

  void emitFinish() {
    const SoftmaxState &state = buffers.all.state;
    FinishOp finish = match.finish;
    Value scale = orOne(builder, loc, finish.getFactor());
    if (match.outFactor) {
      scale = loadFactors(match.outFactor, buffers.outFactors, buffers.valueDim,
                          scale);
      emitScaleColumns(builder, loc, state.acc, buffers.all.rows,
                       buffers.valueChannels, buffers.outFactors);
    }
    SmallVector<Value> operands = {item,
                                   state.acc,
                                   state.max,
                                   state.sum,
                                   emitSinks(),
                                   index(buffers.valueDim),
                                   scale,
                                   emitOutScales(),
                                   index(candidate.valueRow().exponent),
                                   buffers.probExponent};
    appendStrided(builder, loc, finish.getOut(), 2, operands);
    if (finish.getLse())
      appendStrided(builder, loc, finish.getLse(), 2, operands);
    else
      operands.append({orNull(Value(), /*rank=*/2), index(0), index(0)});
    emitKernelCall(builder, loc,
                   rowFor("finish", "f32", elementWord(finish.getOut())),
                   operands);
  }

  AttentionMatch match;
  const AttentionCandidate &candidate;
  Isa isa;
  OpBuilder builder;
  Location loc;
  Value item;
  AttentionBuffers buffers;
  AttentionSteps steps;
  /// The worker's.
  Value scratchMemory;
};
} // namespace

void mlir::fp8attn::emitAttentionCalls(AttentionMatch match,
                                       const AttentionCandidate &candidate,
                                       Isa isa) {
  AttentionEmitter(match, candidate, isa).emit();
  match.finish.erase();
  match.loop.erase();
  match.init.erase();
  if (match.query->use_empty())
    match.query.erase();
}
