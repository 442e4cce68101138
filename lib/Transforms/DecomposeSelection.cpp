//===- DecomposeSelection.cpp - selected keys as sequences ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes paged_attention to selected keys out as its definition: attention of
// sequences of one query token each, to all of the keys that it selects. Pages
// stay where they are, and so do tokens that are pages; other tokens are copied
// to pages of their own, with their scales, for as many queries at once as take
// kBytesAtOnce. Where heads have lists of their own, one list after the other
// is such an attention, of the heads that see it. It relies on the checks
// having been made: they know the operands by their names.
//
//===----------------------------------------------------------------------===//

#include "DecomposeAttention/AttentionBody.h"
#include "DecomposeSelection/GatheredScale.h"
#include "DecomposeSelection/ListOperands.h"
#include "Support/Constants.h"
#include "Support/IndexMath.h"
#include "Support/Loops.h"
#include "Support/MixedParts.h"
#include "Support/Views.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Runtime/kernels.h"
#include "fp8attn/Transforms/MemRefForm.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_DECOMPOSESELECTION
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Entries of a list that take as long to sort, about 5 us, as a thread to
/// wake.
static constexpr int64_t kEntriesAtOnce = 128;
/// Copied tokens of all queries that are attended to at once, in bytes: a share
/// of the last-level cache, and work for many workers.
static constexpr int64_t kBytesAtOnce = 32 << 20;
/// Tokens that one iteration copies.
static constexpr int64_t kTokensAtOnce = 256;

namespace {
/// Sequences of one query token each.
struct TokenSequences {
  Value starts, lens, table;
};

/// Queries, what is written for them, and scales of both.
struct QueryRows {
  Value query, out, lse, queryScale, outScale;
};

/// Caches and scales as an operation has them.
struct KeysAndValues {
  SmallVector<Value> caches;
  GatheredScale keyScale, valueScale, keyZeroPoint, valueZeroPoint;
};

/// Decomposes one operation.
class SelectionDecomposition {
public:
  SelectionDecomposition(OpBuilder &builder, PagedAttentionOp op,
                         const ListOperands &of)
      : op(op), of(of), builder(builder), loc(op.getLoc()),
        tokens(memref::DimOp::create(builder, loc, of.query, 0)),
        entries(memref::DimOp::create(builder, loc, of.selected, 1)) {}

  void run();

private:
  Value allocate(Type element, ValueRange sizes);
  Value allocateStarts(Value count);
  template <typename SelectOp>
  void select(Value firstToken, Value count, Value lens, Value out);
  void attend(const TokenSequences &sequences, const KeysAndValues &from,
              const QueryRows &rows);
  void attendToPages();

  Value findChunk(Value pagesPerToken);
  Value allocatePages(CacheType type, Value count);
  Value makeTable(Value chunk, Value pagesPerToken);
  void gather(Value count, Value places, Value lens, Value pagesPerToken,
              const KeysAndValues &to);
  void attendToTokens();

  PagedAttentionOp op;
  const ListOperands &of;
  OpBuilder builder;
  Location loc;
  Value tokens, entries;
  SmallVector<Value> allocated;
};
} // namespace

/// Allocates memory of dynamic sizes.
Value SelectionDecomposition::allocate(Type element, ValueRange sizes) {
  SmallVector<int64_t> shape(sizes.size(), ShapedType::kDynamic);
  Value memory = memref::AllocOp::create(
      builder, loc, MemRefType::get(shape, element), sizes);
  allocated.push_back(memory);
  return memory;
}

/// Returns [count + 1]: 0, 1, and so on.
Value SelectionDecomposition::allocateStarts(Value count) {
  Type i32 = builder.getI32Type();
  Value numStarts = arith::AddIOp::create(builder, loc, count,
                                          constantIndex(builder, loc, 1));
  Value starts = allocate(i32, numStarts);
  forEach(builder, loc, numStarts, 1, [&](OpBuilder &body, Value i) {
    Value start = arith::IndexCastOp::create(body, loc, i32, i);
    memref::StoreOp::create(body, loc, start, starts, i);
  });
  return starts;
}

/// Writes what `count` queries from `firstToken` on select to rows of `out`,
/// and the number of their keys to `lens`.
template <typename SelectOp>
void SelectionDecomposition::select(Value firstToken, Value count, Value lens,
                                    Value out) {
  Value one = constantIndex(builder, loc, 1);
  Value atOnce =
      ceilDivide(builder, loc, constantIndex(builder, loc, kEntriesAtOnce),
                 arith::MaxUIOp::create(builder, loc, entries, one));
  forEachInParallel(
      builder, loc, count, atOnce, [&](OpBuilder &body, Value row) {
        Value token = arith::AddIOp::create(body, loc, firstToken, row);
        Value keys = SelectOp::create(
            body, loc, body.getIndexType(), of.selected, token,
            op.getQueryStart(), op.getSeqLens(), op.getBlockTable(), out, row,
            body.getI64IntegerAttr(op.getKeyCacheType().getPageTokens()),
            windowSide(body, op.getEffectiveWindowRight()),
            op.getAlignmentAttr());
        keys = arith::IndexCastOp::create(body, loc, body.getI32Type(), keys);
        memref::StoreOp::create(body, loc, keys, lens, row);
      });
}

/// Has each query see all keys of its sequence.
void SelectionDecomposition::attend(const TokenSequences &sequences,
                                    const KeysAndValues &from,
                                    const QueryRows &rows) {
  PagedAttentionOp::create(
      builder, loc, TypeRange(), rows.query, from.caches, from.keyScale.scale,
      from.valueScale.scale, sequences.starts, sequences.lens, sequences.table,
      of.sink, rows.out, rows.lse, /*alibi=*/Value(), /*mask=*/Value(),
      op.getSoftmaxScaleValue(), /*groupStart=*/Value(), /*prefixLens=*/Value(),
      /*prefixTable=*/Value(), /*draftMask=*/Value(), /*selectedPages=*/Value(),
      /*selectedTokens=*/Value(), rows.queryScale, rows.outScale,
      of.keyOuterScale, of.valueOuterScale, from.keyZeroPoint.scale,
      from.valueZeroPoint.scale, from.keyScale.map, from.valueScale.map,
      op.getQueryScaleMapAttr(), op.getOutScaleMapAttr(), from.keyZeroPoint.map,
      from.valueZeroPoint.map, op.getSoftmaxScaleAttr(), op.getSoftcapAttr(),
      /*causal=*/false,
      /*window_left=*/IntegerAttr(), /*window_right=*/IntegerAttr(),
      Alignment::BottomRight, op.getPrecision());
}

void SelectionDecomposition::attendToPages() {
  Type i32 = builder.getI32Type();
  TokenSequences sequences = {allocateStarts(tokens), allocate(i32, tokens),
                              allocate(i32, {tokens, entries})};
  select<SelectPagesOp>(constantIndex(builder, loc, 0), tokens, sequences.lens,
                        sequences.table);
  attend(sequences,
         {of.caches,
          {of.keyScale, op.getKeyScaleMapAttr()},
          {of.valueScale, op.getValueScaleMapAttr()},
          {of.keyZeroPoint, op.getKeyZeroPointMapAttr()},
          {of.valueZeroPoint, op.getValueZeroPointMapAttr()}},
         {of.query, of.out, of.lse, of.queryScale, of.outScale});
}

/// Returns how many queries are attended to at once, at least 1.
Value SelectionDecomposition::findChunk(Value pagesPerToken) {
  int64_t pageBytes = 0;
  for (Value cache : of.caches)
    pageBytes += cast<CacheType>(cache.getType()).getPageBytes();
  Value one = constantIndex(builder, loc, 1);
  Value bytes = arith::MulIOp::create(builder, loc, pagesPerToken,
                                      constantIndex(builder, loc, pageBytes));
  bytes = arith::MaxUIOp::create(builder, loc, bytes, one);
  Value chunk = arith::DivUIOp::create(
      builder, loc, constantIndex(builder, loc, kBytesAtOnce), bytes);
  chunk = arith::MinUIOp::create(builder, loc, chunk, tokens);
  return arith::MaxUIOp::create(builder, loc, chunk, one);
}

/// Returns a cache of `count` pages in memory of its own.
Value SelectionDecomposition::allocatePages(CacheType type, Value count) {
  Value bytes = arith::MulIOp::create(
      builder, loc, count, constantIndex(builder, loc, type.getPageBytes()));
  return CacheViewOp::create(builder, loc, type,
                             allocate(builder.getI8Type(), bytes));
}

/// Returns the table of sequences whose pages follow each other.
Value SelectionDecomposition::makeTable(Value chunk, Value pagesPerToken) {
  Type i32 = builder.getI32Type();
  Value table = allocate(i32, {chunk, pagesPerToken});
  forEach(builder, loc, chunk, 1, [&](OpBuilder &body, Value row) {
    Value first = arith::MulIOp::create(body, loc, row, pagesPerToken);
    forEach(body, loc, pagesPerToken, 1, [&](OpBuilder &inner, Value column) {
      Value page = arith::AddIOp::create(inner, loc, first, column);
      page = arith::IndexCastOp::create(inner, loc, i32, page);
      memref::StoreOp::create(inner, loc, page, table, ValueRange{row, column});
    });
  });
  return table;
}

/// Returns the caches whose tokens are copied: of a mixed one, its two parts.
static SmallVector<Value> getParts(OpBuilder &builder, Location loc,
                                   Value cache) {
  if (!cast<CacheType>(cache.getType()).isMixed())
    return {cache};
  auto [codes, rope] = splitMixed(builder, loc, cache);
  return {codes, rope};
}

/// Copies the tokens of `count` rows of `places`, each to pages of its own.
void SelectionDecomposition::gather(Value count, Value places, Value lens,
                                    Value pagesPerToken,
                                    const KeysAndValues &to) {
  Value blocks = ceilDivide(builder, loc, entries, kTokensAtOnce);
  Value iterations = arith::MulIOp::create(builder, loc, count, blocks);
  forEachInParallel(builder, loc, iterations, [&](OpBuilder &body, Value i) {
    Value row = arith::DivUIOp::create(body, loc, i, blocks);
    Value block = arith::RemUIOp::create(body, loc, i, blocks);
    Value size = constantIndex(body, loc, kTokensAtOnce);
    Value first = arith::MulIOp::create(body, loc, block, size);
    Value keys = memref::LoadOp::create(body, loc, lens, row);
    keys = arith::IndexCastOp::create(body, loc, body.getIndexType(), keys);
    Value end = arith::MinUIOp::create(
        body, loc, arith::AddIOp::create(body, loc, first, size), keys);
    Value firstPage = arith::MulIOp::create(body, loc, row, pagesPerToken);
    Value place = arith::MulIOp::create(
        body, loc, firstPage,
        constantIndex(body, loc, op.getKeyCacheType().getPageTokens()));
    for (auto [from, into] : llvm::zip(of.caches, to.caches))
      for (auto [source, destination] :
           llvm::zip(getParts(body, loc, from), getParts(body, loc, into)))
        GatherTokensOp::create(body, loc, places, row, first, end, source,
                               destination, place);
    const GatheredTokens gathered = {
        places, row, first, end, place, op.getKeyCacheType().getPageTokens()};
    for (const GatheredScale *scale :
         {&to.keyScale, &to.valueScale, &to.keyZeroPoint, &to.valueZeroPoint})
      scale->gather(body, loc, gathered);
  });
}

void SelectionDecomposition::attendToTokens() {
  Type i32 = builder.getI32Type();
  const int64_t pageTokens = op.getKeyCacheType().getPageTokens();
  Value pagesPerToken = ceilDivide(builder, loc, entries, pageTokens);
  Value chunk = findChunk(pagesPerToken);
  Value numPages = arith::MulIOp::create(builder, loc, chunk, pagesPerToken);
  Value places = allocate(builder.getI64Type(), {chunk, entries});
  TokenSequences all = {allocateStarts(chunk), allocate(i32, chunk),
                        makeTable(chunk, pagesPerToken)};
  KeysAndValues to;
  for (Value cache : of.caches)
    to.caches.push_back(
        allocatePages(cast<CacheType>(cache.getType()), numPages));
  auto allocateScale = [&](Value scale, AffineMapAttr map) {
    GatheredScale gathered(builder, loc, scale, map, numPages, pageTokens);
    if (gathered.isCopy())
      allocated.push_back(gathered.scale);
    return gathered;
  };
  to.keyScale = allocateScale(of.keyScale, op.getKeyScaleMapAttr());
  to.valueScale = allocateScale(of.valueScale, op.getValueScaleMapAttr());
  to.keyZeroPoint = allocateScale(of.keyZeroPoint, op.getKeyZeroPointMapAttr());
  to.valueZeroPoint =
      allocateScale(of.valueZeroPoint, op.getValueZeroPointMapAttr());

  auto loop = scf::ForOp::create(builder, loc, constantIndex(builder, loc, 0),
                                 tokens, chunk);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value first = loop.getInductionVar();
  Value count = blockSize(builder, loc, first, tokens, chunk);
  /// Returns rows of a memref from `begin` on.
  auto rowsOf = [&](Value memref, OpFoldResult begin, Value size) -> Value {
    auto type = cast<MemRefType>(memref.getType());
    SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0));
    SmallVector<OpFoldResult> sizes =
        memref::getMixedSizes(builder, loc, memref);
    offsets.front() = begin;
    sizes.front() = size;
    SmallVector<int64_t> shape(type.getShape());
    shape.front() = ShapedType::kDynamic;
    return viewOf(builder, loc, memref, offsets, sizes, shape);
  };
  /// Returns the scales of those rows.
  auto rowsOfScale = [&](Value scale, std::optional<AffineMap> map) -> Value {
    if (!scale)
      return scale;
    auto type = cast<MemRefType>(scale.getType());
    SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0));
    SmallVector<OpFoldResult> sizes =
        memref::getMixedSizes(builder, loc, scale);
    SmallVector<int64_t> shape(type.getShape());
    for (auto [dim, result] : llvm::enumerate(map->getResults()))
      if (cast<AffineDimExpr>(result).getPosition() == 0) {
        offsets[dim] = first;
        sizes[dim] = count;
        shape[dim] = ShapedType::kDynamic;
      }
    return viewOf(builder, loc, scale, offsets, sizes, shape);
  };
  select<SelectTokensOp>(first, count, all.lens, places);
  gather(count, places, all.lens, pagesPerToken, to);
  OpFoldResult zero = builder.getIndexAttr(0);
  Value numStarts = arith::AddIOp::create(builder, loc, count,
                                          constantIndex(builder, loc, 1));
  attend({rowsOf(all.starts, zero, numStarts), rowsOf(all.lens, zero, count),
          rowsOf(all.table, zero, count)},
         to,
         {rowsOf(of.query, first, count), rowsOf(of.out, first, count),
          of.lse ? rowsOf(of.lse, first, count) : Value(),
          rowsOfScale(of.queryScale, op.getQueryScaleMap()),
          rowsOfScale(of.outScale, op.getOutScaleMap())});
}

void SelectionDecomposition::run() {
  // A page of one token is a token.
  if (op.getSelectedPages() || op.getKeyCacheType().getPageTokens() == 1)
    attendToPages();
  else
    attendToTokens();
  for (Value memory : allocated)
    memref::DeallocOp::create(builder, loc, memory);
}

/// Decomposes an operation: each list of a token as what its heads do.
static void decompose(PagedAttentionOp op) {
  OpBuilder builder(op);
  const int64_t lists = op.getNumSelectedLists();
  if (lists == 0) {
    SelectionDecomposition(builder, op, ListOperands(op)).run();
  } else {
    Value count = constantIndex(builder, op.getLoc(), lists);
    forEach(builder, op.getLoc(), count, 1, [&](OpBuilder &body, Value list) {
      SelectionDecomposition(body, op, ListOperands(body, op, list)).run();
    });
  }
  op.erase();
}

namespace {
struct DecomposeSelectionPass
    : public fp8attn::impl::DecomposeSelectionBase<DecomposeSelectionPass> {
  using DecomposeSelectionBase::DecomposeSelectionBase;

  void runOnOperation() override {
    if (failed(requireMemRefs(getOperation())))
      return signalPassFailure();
    SmallVector<PagedAttentionOp> ops;
    getOperation().walk([&](PagedAttentionOp op) {
      if (op.getSelected())
        ops.push_back(op);
    });
    for (PagedAttentionOp op : ops)
      decompose(op);
  }
};
} // namespace
