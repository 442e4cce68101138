//===- PagedImport.cpp - caches of pages of front ends --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Positions of users become the batch that attention has, and the slots that
// kv_write has. They are numbers of the call: what no table has becomes a slot
// or a length that the call refuses.
//
//===----------------------------------------------------------------------===//

#include "PagedImport.h"

#include "Support/AttentionImport.h"
#include "Support/CacheTypes.h"
#include "Support/HeadShapes.h"
#include "Support/IndexTensors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Dimensions of pages: [pages, heads, tokens, channels].
static constexpr int64_t kRank = 4, kHeads = 1, kTokens = 2, kChannels = 3;

CacheType mlir::fp8attn::getPagedCacheType(Type type, CacheContent content,
                                           int64_t valueChannels,
                                           std::string &why) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getRank() != kRank ||
      llvm::any_of(tensor.getShape().drop_front(), ShapedType::isDynamic)) {
    why = llvm::formatv("expects a cache [pages, heads, tokens, channels], all "
                        "but the pages static, got {0}",
                        type);
    return nullptr;
  }
  const int64_t channels = tensor.getDimSize(kChannels);
  return getImportedCacheType(type, tensor.getElementType(), /*codes=*/Type(),
                              content, tensor.getDimSize(kHeads), channels,
                              content == CacheContent::Latent ? valueChannels
                                                              : channels,
                              tensor.getDimSize(kTokens), why);
}

namespace {
/// Builds the operands of one operation.
class PagedBuilder {
public:
  PagedBuilder(OpBuilder &builder, const PagedForm &form, std::string &why)
      : builder(builder), form(form), loc(form.op->getLoc()), why(why) {}

  /// Whether tensors are as the operation says they are.
  bool check();
  /// Returns i64 [tokens].
  Value buildSlots(int64_t pageTokens);
  /// Returns [tokens, heads, channels] of `input`, of which there are `heads`.
  Value buildInput(int64_t heads);
  /// Return i32 [users + 1], [users] and [users, pages].
  Value buildQueryStart();
  Value buildSeqLens();
  Value buildBlockTable();
  /// Returns [tokens, heads, channels].
  Value buildQuery();
  /// Returns [tokens, heads, channels], which is written.
  Value buildOut(int64_t channels);
  /// Returns the result, of what was written there.
  Value buildResult(Value out);

private:
  using Body = function_ref<Value(OpBuilder &, ValueRange indices)>;
  Value fill(ArrayRef<OpFoldResult> sizes, Type element, Body body) {
    return buildTensor(builder, loc, sizes, element, body);
  }
  Value getInteger(OpBuilder &inner, int64_t number, Type type) {
    return arith::ConstantOp::create(inner, loc,
                                     builder.getIntegerAttr(type, number));
  }
  Value narrow(OpBuilder &inner, Value integer, Type type) {
    return convertInteger(inner, loc, integer, type);
  }
  Value compare(OpBuilder &inner, arith::CmpIPredicate predicate, Value left,
                Value right) {
    return arith::CmpIOp::create(inner, loc, predicate, left, right);
  }
  OpFoldResult getUsers() {
    return tensor::getMixedSize(builder, loc, form.pageTable, 0);
  }
  bool checkTensor(Value value, StringRef name, int64_t rank, bool isIndex);

  OpBuilder &builder;
  const PagedForm &form;
  Location loc;
  std::string &why;
  /// What is written, as the result is.
  Value wideOut;
};
} // namespace

bool PagedBuilder::checkTensor(Value value, StringRef name, int64_t rank,
                               bool isIndex) {
  auto type = cast<RankedTensorType>(value.getType());
  Type element = type.getElementType();
  const bool isRight =
      type.getRank() == rank &&
      (isIndex ? element.isSignlessInteger(32) || element.isSignlessInteger(64)
               : isa<FloatType>(element));
  if (!isRight)
    why = llvm::formatv("expects {0} of {1} dimensions and {2}, got {3}", name,
                        rank, isIndex ? "i32 or i64" : "floats", type);
  return isRight;
}

bool PagedBuilder::check() {
  if (!checkTensor(form.pageTable, "page table", 2, /*isIndex=*/true) ||
      (form.positions &&
       !checkTensor(form.positions, "positions", 1, /*isIndex=*/true)))
    return false;
  Value tokens = form.writes() ? form.input : form.query;
  if (!checkTensor(tokens, form.writes() ? "input" : "query", kRank,
                   /*isIndex=*/false))
    return false;
  auto type = cast<RankedTensorType>(tokens.getType());
  const bool isOneEach = form.kind == PagedForm::Kind::Update ||
                         form.kind == PagedForm::Kind::Decode;
  if (isOneEach && type.getDimSize(0) != 1) {
    why = llvm::formatv("expects one token of each user, [1, users, heads, "
                        "channels], got {0}",
                        type);
    return false;
  }
  if (form.kind == PagedForm::Kind::Fill && !form.positions &&
      type.getDimSize(0) != 1) {
    why = llvm::formatv("expects one user without rows of the page table, got "
                        "{0}",
                        type);
    return false;
  }
  // As many users everywhere; what types do not say is checked in a call, but
  // for the number of positions.
  const int64_t users =
      form.kind == PagedForm::Kind::Fill
          ? type.getDimSize(0)
          : cast<RankedTensorType>(form.pageTable.getType()).getDimSize(0);
  auto isUsers = [&](Value value, int64_t dimension, int64_t expected) {
    const int64_t size =
        cast<RankedTensorType>(value.getType()).getDimSize(dimension);
    if (size == expected && !ShapedType::isDynamic(size))
      return true;
    why = llvm::formatv("expects a static number of users, the same in all "
                        "operands, got {0} and {1}",
                        form.pageTable.getType(), value.getType());
    return false;
  };
  const bool isChunk = form.kind == PagedForm::Kind::Chunk;
  return (!form.positions || isUsers(form.positions, 0, isChunk ? 1 : users)) &&
         isUsers(tokens, isOneEach ? 1 : 0, users);
}

/// The slot is that of a page and a place in it; -1 is none, and one that no
/// cache has is refused in the call.
Value PagedBuilder::buildSlots(int64_t pageTokens) {
  Type i64 = builder.getI64Type();
  const bool isUpdate = form.kind == PagedForm::Kind::Update;
  Value rows = tensor::DimOp::create(builder, loc, form.pageTable, 0);
  Value columns = tensor::DimOp::create(builder, loc, form.pageTable, 1);
  auto getSlot = [&](OpBuilder &inner, Value row, Value position) {
    using Predicate = arith::CmpIPredicate;
    Value size = getInteger(inner, pageTokens, i64);
    Value zero = getInteger(inner, 0, i64);
    Value noSlot = getInteger(inner, kNoSlot, i64);
    Value column = arith::DivSIOp::create(inner, loc, position, size);
    Value place = arith::RemSIOp::create(inner, loc, position, size);
    column =
        arith::IndexCastOp::create(inner, loc, inner.getIndexType(), column);
    // A position before the start has no column, nor has it a row.
    Value hasColumn = compare(inner, Predicate::ult, column, columns);
    Value hasRow = compare(inner, Predicate::ult, row, rows);
    Value isThere = arith::AndIOp::create(inner, loc, hasColumn, hasRow);
    auto load = [&](OpBuilder &then, Location) {
      Value page = tensor::ExtractOp::create(then, loc, form.pageTable,
                                             ValueRange{row, column});
      page = narrow(then, page, i64);
      Value isNone = compare(then, Predicate::slt, page, zero);
      page = narrow(then, narrow(then, page, builder.getI32Type()), i64);
      Value slot = arith::MulIOp::create(then, loc, page, size);
      slot = arith::AddIOp::create(then, loc, slot, place);
      slot = arith::SelectOp::create(then, loc, isNone, noSlot, slot);
      scf::YieldOp::create(then, loc, slot);
    };
    auto none = [&](OpBuilder &other, Location) {
      scf::YieldOp::create(other, loc, noSlot);
    };
    Value slot =
        scf::IfOp::create(inner, loc, isThere, load, none).getResult(0);
    Value isSkipped = compare(inner, Predicate::slt, position, zero);
    return Value(arith::SelectOp::create(inner, loc, isSkipped,
                                         getInteger(inner, -1, i64), slot));
  };
  auto getPosition = [&](OpBuilder &inner, Value index) {
    Value position =
        tensor::ExtractOp::create(inner, loc, form.positions, index);
    return narrow(inner, position, i64);
  };
  if (isUpdate)
    return fill(getUsers(), i64, [&](OpBuilder &inner, ValueRange indices) {
      return getSlot(inner, indices[0], getPosition(inner, indices[0]));
    });
  OpFoldResult sizes[] = {tensor::getMixedSize(builder, loc, form.input, 0),
                          tensor::getMixedSize(builder, loc, form.input, 2)};
  Value slots = fill(sizes, i64, [&](OpBuilder &inner, ValueRange indices) {
    Value row =
        form.positions
            ? Value(arith::IndexCastOp::create(inner, loc, inner.getIndexType(),
                                               getPosition(inner, indices[0])))
            : indices[0];
    Value token = arith::IndexCastOp::create(inner, loc, i64, indices[1]);
    return getSlot(inner, row, token);
  });
  SmallVector<ReassociationIndices> groups = {{0, 1}};
  return tensor::CollapseShapeOp::create(builder, loc, slots, groups);
}

Value PagedBuilder::buildInput(int64_t heads) {
  if (form.kind == PagedForm::Kind::Fill)
    return collapseTokens(builder, loc,
                          exchangeHeadsAndTokens(builder, loc, form.input));
  Value tokens = collapseTokens(builder, loc, form.input);
  auto type = cast<RankedTensorType>(tokens.getType());
  const int64_t given = type.getDimSize(1);
  if (given == heads)
    return tokens;
  // Heads are filled up to whole tiles there.
  if (ShapedType::isDynamic(given) || given < heads) {
    why = llvm::formatv("expects input of {0} heads or more, got {1}", heads,
                        form.input.getType());
    return nullptr;
  }
  SmallVector<Range> part = getWhole(builder, loc, tokens);
  part[1].size = builder.getIndexAttr(heads);
  return tensor::ExtractSliceOp::create(builder, loc, tokens, part);
}

Value PagedBuilder::buildQueryStart() {
  Type i32 = builder.getI32Type();
  const int64_t users =
      cast<RankedTensorType>(form.pageTable.getType()).getDimSize(0);
  Value each = form.kind == PagedForm::Kind::Chunk
                   ? Value(tensor::DimOp::create(builder, loc, form.query, 2))
                   : Value(arith::ConstantIndexOp::create(builder, loc, 1));
  OpFoldResult size = builder.getIndexAttr(users + 1);
  return fill(size, i32, [&](OpBuilder &inner, ValueRange indices) {
    Value start = arith::MulIOp::create(inner, loc, indices[0], each);
    return Value(arith::IndexCastOp::create(inner, loc, i32, start));
  });
}

Value PagedBuilder::buildSeqLens() {
  Type i32 = builder.getI32Type(), i64 = builder.getI64Type();
  const bool isChunk = form.kind == PagedForm::Kind::Chunk;
  Value added = isChunk
                    ? Value(arith::IndexCastOp::create(
                          builder, loc, i64,
                          tensor::DimOp::create(builder, loc, form.query, 2)))
                    : getInteger(builder, 1, i64);
  return fill(getUsers(), i32, [&](OpBuilder &inner, ValueRange indices) {
    Value user = isChunk ? Value(arith::ConstantIndexOp::create(inner, loc, 0))
                         : indices[0];
    Value position =
        tensor::ExtractOp::create(inner, loc, form.positions, user);
    // Far from the ends of i64, so that nothing wraps.
    position = narrow(inner, narrow(inner, position, i32), i64);
    Value length = arith::AddIOp::create(inner, loc, position, added);
    return narrow(inner, length, i32);
  });
}

Value PagedBuilder::buildBlockTable() {
  Type i32 = builder.getI32Type();
  auto type = cast<RankedTensorType>(form.pageTable.getType());
  if (type.getElementType() == i32)
    return form.pageTable;
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, loc, form.pageTable);
  return fill(sizes, i32, [&](OpBuilder &inner, ValueRange indices) {
    Value page = tensor::ExtractOp::create(inner, loc, form.pageTable, indices);
    return narrow(inner, page, i32);
  });
}

Value PagedBuilder::buildQuery() {
  Value query = form.query;
  if (form.kind == PagedForm::Kind::Chunk)
    query = exchangeHeadsAndTokens(builder, loc, query);
  return collapseTokens(builder, loc, query);
}

/// It has the shape of the result before heads are exchanged with tokens, so
/// that nothing is copied from where it is written.
Value PagedBuilder::buildOut(int64_t channels) {
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, loc, form.query);
  if (form.kind == PagedForm::Kind::Chunk)
    std::swap(sizes[1], sizes[2]);
  sizes.back() = builder.getIndexAttr(channels);
  Type element = cast<RankedTensorType>(form.query.getType()).getElementType();
  wideOut = tensor::EmptyOp::create(builder, loc, sizes, element);
  return collapseTokens(builder, loc, wideOut);
}

Value PagedBuilder::buildResult(Value out) {
  SmallVector<ReassociationIndices> groups = {{0, 1}, {2}, {3}};
  Value result = tensor::ExpandShapeOp::create(
      builder, loc, wideOut.getType(), out, groups,
      tensor::getMixedSizes(builder, loc, wideOut));
  if (form.kind == PagedForm::Kind::Chunk)
    result = exchangeHeadsAndTokens(builder, loc, result);
  return castResult(builder, loc, result, form.op->getResult(0).getType(), why);
}

LogicalResult mlir::fp8attn::buildPagedWrite(OpBuilder &builder,
                                             const PagedForm &key,
                                             const PagedForm *value,
                                             Value keyCache, Value valueCache,
                                             std::string &why) {
  PagedBuilder keys(builder, key, why);
  if (!keys.check() || (value && !PagedBuilder(builder, *value, why).check()))
    return failure();
  auto type = cast<CacheType>(keyCache.getType());
  Value keyTokens = keys.buildInput(type.getNumHeads()), valueTokens;
  if (keyTokens && value)
    valueTokens =
        PagedBuilder(builder, *value, why).buildInput(type.getNumHeads());
  if (!keyTokens || (value && !valueTokens))
    return failure();
  SmallVector<Value, 2> caches = {keyCache};
  if (value)
    caches.push_back(valueCache);
  auto write =
      KvWriteOp::create(builder, key.op->getLoc(), keyTokens, valueTokens,
                        keys.buildSlots(type.getPageTokens()), caches);
  why = findFault(write);
  return success(why.empty());
}

Value mlir::fp8attn::buildPagedAttention(OpBuilder &builder,
                                         const PagedForm &form, Value keyCache,
                                         Value valueCache, std::string &why) {
  PagedBuilder parts(builder, form, why);
  if (!parts.check())
    return nullptr;
  Location loc = form.op->getLoc();
  Value query = parts.buildQuery();
  SmallVector<Value, 2> caches = {keyCache};
  if (valueCache)
    caches.push_back(valueCache);
  Value out = parts.buildOut(
      cast<CacheType>(caches.back().getType()).getValueHeadDim());
  auto attention = PagedAttentionOp::create(
      builder, loc, query, caches, parts.buildQueryStart(),
      parts.buildSeqLens(), parts.buildBlockTable(), out);
  if (form.scale)
    attention.setSoftmaxScaleAttr(builder.getF32FloatAttr(*form.scale));
  attention.setCausal(true);
  if (form.window)
    attention.setWindowLeft(*form.window - 1);
  why = findFault(attention);
  return why.empty() ? parts.buildResult(attention.getResult(0)) : Value();
}
