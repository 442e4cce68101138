//===- PageUses.cpp - uses of paged caches in torch -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Keys and values are followed element by element to the row of the cache from
// which they are read, so that it does not matter how the program repeats,
// transposes and cuts them. A row [heads, channels] is addressed as the
// row-major tensor is.
//
//===----------------------------------------------------------------------===//

#include "PageUses.h"

#include "LengthMask.h"
#include "Support/ForeignOps.h"
#include "Torch/TorchValues.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

static constexpr StringRef kIndexPut = "torch.aten.index_put";

bool PageUses::followView(Operation *op) {
  if (op->getNumOperands() < 1 || op->getNumResults() != 1)
    return false;
  std::optional<CacheVersion> version = getVersion(op->getOperand(0));
  if (!version || (!isForeign(op, "torch_c.from_builtin_tensor") &&
                   !isForeign(op, "torch_c.to_builtin_tensor") &&
                   !isForeign(op, "torch.copy.to_vtensor") &&
                   !isTorchReshape(op) && !isTorchByteView(op)))
    return false;
  views[op->getResult(0)] = *version;
  return true;
}

LogicalResult PageUses::find(Operation *&culprit, std::string &why) {
  for (BlockArgument argument : block.getArguments())
    views[argument] = {argument};
  for (Operation &op : block) {
    culprit = &op;
    if (followView(&op))
      continue;
    if (isForeign(&op, "torch.overwrite.tensor.contents") &&
        op.getNumOperands() == 2)
      overwrites.push_back(&op);
    if (isForeign(&op, kIndexPut) && op.getNumOperands() == 4 &&
        op.getNumResults() == 1 && getVersion(op.getOperand(0)))
      if (failed(addWrite(&op, why)))
        return failure();
    if (std::optional<TorchOperands> operands = getTorchOperands(&op))
      if (failed(addAttention(&op, *operands, why)))
        return failure();
  }
  return success();
}

/// Returns what a tensor was before its elements were moved.
static Value followMoves(Value tensor) {
  Operation *maker = tensor.getDefiningOp();
  while (maker && isTorchMove(maker)) {
    tensor = maker->getOperand(0);
    maker = tensor.getDefiningOp();
  }
  return tensor;
}

std::optional<std::pair<BlockArgument, BlockArgument>>
PageUses::findWrittenPair(const PageWrite &write) const {
  for (auto [key, value] : others) {
    if (key == value)
      continue;
    std::pair<BlockArgument, BlockArgument> caches;
    for (const Use &use : uses)
      if (const auto *other = std::get_if<PageWrite>(&use)) {
        Value source = followMoves(other->source);
        if (source == key)
          caches.first = other->before.cache;
        if (source == value)
          caches.second = other->before.cache;
      }
    if (caches.first && caches.second &&
        (caches.first == write.before.cache ||
         caches.second == write.before.cache))
      return caches;
  }
  return std::nullopt;
}

/// Returns the elements of a list of tensors, from the first dimension on;
/// nothing if one of them misses.
static SmallVector<Value> getIndices(Value list) {
  Operation *maker = list.getDefiningOp();
  if (!maker || !isForeign(maker, "torch.prim.ListConstruct") ||
      llvm::any_of(maker->getOperands(), isTorchNone))
    return {};
  return maker->getOperands();
}

/// Returns the tensor that a source is in another shape, as long as its last
/// dimensions are the same, and the tensors in between, the last first.
static Value followRows(Value source, SmallVectorImpl<Value> &shapes) {
  RankedTensorType type = getBuiltinTensor(source.getType());
  while (Operation *maker = source.getDefiningOp()) {
    if (!isTorchReshape(maker) && !isTorchByteView(maker))
      break;
    RankedTensorType from = getBuiltinTensor(maker->getOperand(0).getType());
    if (from.getRank() < 3 ||
        from.getShape().take_back(2) != type.getShape().take_back(2))
      break;
    shapes.push_back(source);
    source = maker->getOperand(0);
  }
  return source;
}

/// Returns the row that a place in a block of the tensor has: [..., heads,
/// channels] after the dimensions that were indexed.
static AffineExpr getRow(AffineExpr row, ArrayRef<Coordinate> place,
                         ArrayRef<int64_t> sizes) {
  for (auto [coordinate, size] : llvm::zip(place, sizes)) {
    AffineExpr number =
        row ? getNumber(coordinate, row.getContext()) : AffineExpr();
    row = number ? row * size + number : AffineExpr();
  }
  return row;
}

/// Returns the place of an element, whose coordinates are `dims`.
static Coordinates getPlace(ArrayRef<unsigned> dims, ArrayRef<int64_t> sizes,
                            MLIRContext *context) {
  Coordinates place;
  for (auto [dim, size] : llvm::zip(dims, sizes))
    place.push_back(getCoordinate(getAffineDimExpr(dim, context), size));
  return place;
}

/// Whether a coordinate is that of the dimension itself.
static bool isDim(const Coordinate &coordinate, unsigned dim,
                  MLIRContext *context) {
  return coordinate.empty() ||
         getNumber(coordinate, context) == getAffineDimExpr(dim, context);
}

LogicalResult PageUses::addWrite(Operation *op, std::string &why) {
  MLIRContext *context = op->getContext();
  CacheVersion before = *getVersion(op->getOperand(0));
  auto refuse = [&](const Twine &text) {
    why = text.str();
    return failure();
  };
  RankedTensorType target = getBuiltinTensor(op->getOperand(0).getType());
  RankedTensorType type = getBuiltinTensor(op->getOperand(2).getType());
  SmallVector<Value> indices = getIndices(op->getOperand(1));
  const auto count = static_cast<int64_t>(indices.size());
  if (getTorchBool(op->getOperand(3)) != false)
    return refuse("expects accumulate to be false");
  if (!target || !type || count < 1 || target.getRank() < count + 2 ||
      llvm::any_of(target.getShape().drop_front(), ShapedType::isDynamic))
    return refuse(llvm::formatv("expects indices of the first dimensions of "
                                "[..., heads, channels], all "
                                "but the first static, got {0} of {1}",
                                count, op->getOperand(0).getType()));
  ArrayRef<int64_t> inner = target.getShape().drop_front(count);
  const int64_t outer = type.getRank() - static_cast<int64_t>(inner.size());
  if (outer < 1 || type.getShape().take_back(inner.size()) != inner)
    return refuse(llvm::formatv("expects values of as many dimensions as are "
                                "written, got {0} for {1}",
                                type, target));
  PageWrite write;
  write.op = op;
  write.before = before;
  SmallVector<Value> shapes;
  write.source = followRows(op->getOperand(2), shapes);
  Type codes = getTorchCodes(write.source);
  if (codes) {
    write.source = followQuantization(write.source, write.scale, why);
    if (!write.source)
      return failure();
    write.source = followRows(write.source, shapes);
  }
  write.sizes =
      llvm::to_vector(getBuiltinTensor(write.source.getType()).getShape());
  std::optional<Coordinates> place =
      getPlace(llvm::to_vector(llvm::seq<unsigned>(write.sizes.size())),
               write.sizes, context);
  for (Value shape : llvm::reverse(shapes))
    if (place)
      place = reshape(*place, getBuiltinTensor(shape.getType()).getShape());
  if (!place)
    return refuse("expects views of what is written that keep its sizes");
  const unsigned heads = write.sizes.size() - 2;
  if (!isDim((*place)[place->size() - 2], heads, context) ||
      !isDim(place->back(), heads + 1, context))
    return refuse("expects rows [heads, channels] to be written as they are");

  // The row of the first dimensions, then that within them.
  RankedTensorType outerType = RankedTensorType::get(
      type.getShape().take_front(outer), IntegerType::get(context, 64));
  Coordinates outerPlace(place->begin(), place->begin() + outer);
  write.address = getAffineConstantExpr(0, context);
  for (auto [dim, index] : llvm::enumerate(indices)) {
    std::optional<Coordinates> indexPlace = getOperandPlace(
        getBuiltinTensor(index.getType()), outerType, outerPlace);
    AffineExpr number =
        indexPlace ? integers.evaluate({index, *indexPlace}) : AffineExpr();
    if (!number)
      return refuse("expects indices of i64, as many as there are rows");
    write.address =
        dim > 0 ? write.address * target.getDimSize(dim) + number : number;
  }
  write.address =
      getRow(write.address, ArrayRef(*place).drop_front(outer).drop_back(2),
             inner.drop_back(2));
  if (!write.address)
    return refuse("expects rows whose places are known");
  write.isOneIndex = count == 1 && inner.size() == 2;
  write.shape = {inner.size() > 2 ? inner[inner.size() - 3] : 0,
                 inner[inner.size() - 2], inner.back(), codes};
  if (count > 1 && inner.size() == 2)
    write.indexedTokens = target.getDimSize(count - 1);
  views[op->getResult(0)] = {before.cache, before.writes + 1};
  uses.push_back(std::move(write));
  return success();
}

/// Keys and values come from one row of each page that a table has, or from
/// elsewhere; that is nothing, and no reason to say why.
std::optional<PageRead> PageUses::findRead(Value tensor, std::string &why) {
  MLIRContext *context = tensor.getContext();
  RankedTensorType type = getBuiltinTensor(tensor.getType());
  if (!type || type.getRank() != 4)
    return std::nullopt;
  Coordinates place =
      getPlace({kBatch, kHead, kKey, kChannel}, type.getShape(), context);
  TorchElement element = followElement({tensor, place});
  ReadCodes codes;
  while (stepToCodes(element, codes))
    element = followElement(element);
  // Where the gather is, if elements can be followed up to it or not.
  Operation *stop = element.tensor.getDefiningOp();
  Operation *maker = stop;
  while (maker && isTorchMove(maker))
    maker = maker->getOperand(0).getDefiningOp();
  if (!maker || maker->getNumResults() != 1 || maker->getNumOperands() < 2)
    return std::nullopt;
  std::optional<CacheVersion> version = getVersion(maker->getOperand(0));
  const bool isSelect = isForeign(maker, "torch.aten.index_select");
  if (!version || (!isSelect && !isForeign(maker, "torch.aten.index.Tensor")))
    return std::nullopt;

  auto refuse = [&](const Twine &text) -> std::optional<PageRead> {
    why = text.str();
    return std::nullopt;
  };
  if (stop != maker)
    return refuse(llvm::formatv(
        "expects operations between pages and attention that move elements and "
        "keep the order of tokens, got {0} of {1}",
        stop->getName(), stop->getOperand(0).getType()));
  SmallVector<Value> indices;
  if (!isSelect)
    indices = getIndices(maker->getOperand(1));
  else if (maker->getNumOperands() == 3 &&
           getTorchInt(maker->getOperand(1)) == 0)
    indices = {maker->getOperand(2)};
  RankedTensorType source = getBuiltinTensor(maker->getOperand(0).getType());
  RankedTensorType indexType = indices.size() == 1
                                   ? getBuiltinTensor(indices[0].getType())
                                   : RankedTensorType();
  if (!source || !indexType || source.getRank() < 4 ||
      llvm::any_of(source.getShape().drop_front(), ShapedType::isDynamic) ||
      indexType.getRank() + source.getRank() - 1 !=
          static_cast<int64_t>(element.place.size()))
    return refuse(llvm::formatv(
        "expects pages [..., tokens, heads, channels], all but the first "
        "dimension static, to be gathered along that, got {0}",
        maker->getOperand(0).getType()));
  ArrayRef<Coordinate> all = element.place;
  ArrayRef<Coordinate> outer = all.take_front(indexType.getRank());
  ArrayRef<Coordinate> inner = all.drop_front(indexType.getRank());
  ArrayRef<int64_t> sizes = source.getShape().drop_front();
  PageRead read;
  read.version = *version;
  read.shape = {sizes[sizes.size() - 3], sizes[sizes.size() - 2], sizes.back(),
                codes.type};
  read.scale = codes.scale.value_or(PageScale());
  // Heads may be repeated, each for its group.
  AffineExpr head = getAffineDimExpr(kHead, context);
  const bool areGroups = read.shape.heads > 0 && !type.isDynamicDim(1) &&
                         type.getDimSize(1) % read.shape.heads == 0;
  if (areGroups && type.getDimSize(1) > read.shape.heads)
    head = head.floorDiv(type.getDimSize(1) / read.shape.heads);
  const Coordinate &headPlace = inner[inner.size() - 2];
  if (!areGroups ||
      (read.shape.heads > 1 && getNumber(headPlace, context) != head) ||
      !isDim(inner.back(), kChannel, context))
    return refuse(
        llvm::formatv("expects heads of pages that are repeated for "
                      "neighbouring heads of the "
                      "query, and channels as they are, got {0} of {1}",
                      tensor.getType(), maker->getOperand(0).getType()));
  if (failed(checkReadScale(codes, head, read.shape.heads, why)))
    return std::nullopt;
  AffineExpr index =
      integers.evaluate({indices[0], Coordinates(outer.begin(), outer.end())});
  read.address = getRow(index, inner.drop_back(2), sizes.drop_back(2));
  return read.address ? std::optional(read)
                      : refuse("expects a table of pages that is computed of "
                               "integers");
}

LogicalResult PageUses::readPages(ArrayRef<int64_t> sizes,
                                  PageAttention &attention, std::string &why) {
  MLIRContext *context = block.getParentOp()->getContext();
  auto refuse = [&](const Twine &text) {
    why = text.str();
    return failure();
  };
  const PageRead &keys = attention.keys, &values = attention.values;
  const bool isOne = keys.version.cache == values.version.cache;
  const int64_t tokens = keys.shape.tokens;
  if (isOne && (keys.version.writes != values.version.writes ||
                !(keys.shape == values.shape)))
    return refuse("expects keys and values that are read from one cache to be "
                  "alike");
  if (tokens != values.shape.tokens || keys.shape.heads != values.shape.heads)
    return refuse(llvm::formatv(
        "expects pages of keys and of values with as many tokens and heads, "
        "got {0} and {1} tokens, and {2} and {3} heads",
        tokens, values.shape.tokens, keys.shape.heads, values.shape.heads));
  const int64_t parts = isOne ? 2 : 1;
  std::optional<PageAddress> key =
      splitAddress(keys.address, tokens, parts, sizes);
  std::optional<PageAddress> value =
      splitAddress(values.address, tokens, parts, sizes);
  if (!key || !value || key->part != 0 || value->part != parts - 1)
    return refuse("expects the keys of a page before its values, each of all "
                  "tokens");
  AffineExpr dim = getAffineDimExpr(kKey, context);
  AffineExpr token = sizes[kKey] == tokens ? dim : dim % tokens;
  if (!isSameSum(key->token, token) || !isSameSum(value->token, token) ||
      !isSameSum(key->page, value->page))
    return refuse("expects keys and values of the same pages, in the order of "
                  "their tokens");
  attention.page = integers.replace(key->page, dim.floorDiv(tokens),
                                    getAffineDimExpr(kColumn, context));
  attention.columns = ShapedType::isDynamic(sizes[kKey]) ? ShapedType::kDynamic
                                                         : sizes[kKey] / tokens;
  if (!integers.dependsOnlyOn(attention.page, {kBatch, kColumn}))
    return refuse(
        "expects a page for each sequence and each column of a table");
  return success();
}

LogicalResult PageUses::readLength(RankedTensorType keyType,
                                   PageAttention &attention, std::string &why) {
  MLIRContext *context = keyType.getContext();
  Value mask = attention.options.mask;
  RankedTensorType type = mask ? getBuiltinTensor(mask.getType()) : nullptr;
  if (!type) {
    why = "expects a mask that shows the keys of each sequence";
    return failure();
  }
  // [batch, heads, queries, keys].
  SmallVector<int64_t> shape(keyType.getShape());
  shape[2] = getBuiltinTensor(attention.options.query.getType()).getDimSize(2);
  shape[3] = keyType.getDimSize(2);
  Coordinates place = getPlace({kBatch, kHead, kQuery, kKey}, shape, context);
  std::optional<Coordinates> maskPlace = getOperandPlace(
      type, RankedTensorType::get(shape, type.getElementType()), place);
  if (!maskPlace) {
    why = llvm::formatv("expects a mask [batch, 1, queries, keys], got {0}",
                        mask.getType());
    return failure();
  }
  attention.length = getMaskLength(integers, {mask, *maskPlace}, kKey, why);
  if (!attention.length)
    return failure();
  AffineExpr query = getAffineDimExpr(kQuery, context);
  if (!integers.dependsOnlyOn(attention.length, {kBatch})) {
    attention.length = simplifySum(attention.length - query);
    attention.isCausal = true;
  }
  if (attention.length && integers.dependsOnlyOn(attention.length, {kBatch}))
    return success();
  why = "expects a mask that shows the keys before a length, the same for all "
        "queries of a sequence, or one more for each";
  return failure();
}

LogicalResult PageUses::addAttention(Operation *op,
                                     const TorchOperands &operands,
                                     std::string &why) {
  std::optional<PageRead> keys = findRead(operands.key, why);
  if (!why.empty())
    return failure();
  std::optional<PageRead> values = findRead(operands.value, why);
  if (!why.empty())
    return failure();
  if (!keys && !values) {
    others.push_back({followMoves(operands.key), followMoves(operands.value)});
    return success();
  }
  auto refuse = [&](const Twine &text) {
    why = text.str();
    return failure();
  };
  if (!keys || !values)
    return refuse("expects keys and values both to be read from pages");
  RankedTensorType query = getBuiltinTensor(operands.query.getType());
  RankedTensorType type = getBuiltinTensor(operands.key.getType());
  if (!query || query.getRank() != 4 || query.isDynamicDim(0) ||
      query.getDimSize(0) != type.getDimSize(0))
    return refuse(llvm::formatv("expects queries of a static number of "
                                "sequences, [batch, heads, queries, channels], "
                                "got {0}",
                                operands.query.getType()));
  PageAttention attention;
  attention.op = op;
  attention.keys = *keys;
  attention.values = *values;
  attention.options.query = operands.query;
  attention.options.key = operands.key;
  attention.options.value = operands.value;
  if (failed(readTorchOptions(operands, attention.options, why)))
    return failure();
  if (attention.options.isCausal)
    return refuse("expects is_causal to be false where keys are read from "
                  "pages, as the first query would stand at the first of them");
  if (op->getNumResults() > 1 && !isTorchUnused(op->getResult(1)))
    return refuse("expects no use of the log-sum-exp");
  SmallVector<int64_t> sizes(kAttentionDims, ShapedType::kDynamic);
  sizes[kKey] = type.getDimSize(2);
  if (failed(readPages(sizes, attention, why)) ||
      failed(readLength(type, attention, why)))
    return failure();
  uses.push_back(std::move(attention));
  return success();
}
