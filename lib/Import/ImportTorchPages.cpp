//===- ImportTorchPages.cpp - paged attention of torch --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An argument that is a cache becomes memory, and so a function is imported as
// a whole or not at all: a copy of it is changed and takes its place then.
//
//===----------------------------------------------------------------------===//

#include "ImportTorchPages/PageTensors.h"
#include "ImportTorchPages/PageUses.h"
#include "Support/CacheFunctions.h"
#include "Support/CacheTypes.h"
#include "Support/ForeignOps.h"
#include "Torch/TorchValues.h"
#include "fp8attn/Import/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_IMPORTTORCHPAGES
#include "fp8attn/Import/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// What is known of an argument that is a cache.
struct Cache {
  Type type;
  PageShape shape;
  /// The caches of keys and of values, of which it is one, or both.
  BlockArgument key, value;
  /// As many writes as there were so far.
  unsigned writes = 0;
  /// Of that of keys: a write that waits for the other of keys and values, and
  /// where it writes.
  const PageWrite *pending = nullptr;
  std::optional<PageAddress> pendingAddress;
  /// Any of its uses, for remarks.
  Operation *use = nullptr;

  bool isOfBoth() const { return key == value; }
  CacheContent getContent(BlockArgument argument) const {
    return isOfBoth()        ? CacheContent::KeyValue
           : argument == key ? CacheContent::Key
                             : CacheContent::Value;
  }
  SmallVector<Value, 2> getArguments() const {
    return isOfBoth() ? SmallVector<Value, 2>{key}
                      : SmallVector<Value, 2>{key, value};
  }
};

/// Changes one function.
class FunctionImporter {
public:
  explicit FunctionImporter(func::FuncOp function)
      : function(function), block(function.getBody().front()), uses(block) {}

  /// Returns whether all was imported; if not, there was a remark, unless there
  /// is nothing to import.
  bool run();

private:
  bool note(Operation *op, BlockArgument argument, PageShape shape,
            BlockArgument key, BlockArgument value);
  bool findShapes();
  bool changeTypes();
  std::optional<PageAddress> getAddress(const PageWrite &write);
  bool replace(const PageWrite &write);
  bool replace(const PageAttention &attention);
  bool dropReturnedCaches();
  bool checkLeftUses();

  bool refuse(Operation *op, const Twine &why) {
    remarkMissed(op, why.str());
    return false;
  }

  func::FuncOp function;
  Block &block;
  PageUses uses;
  llvm::MapVector<BlockArgument, Cache> caches;
};
} // namespace

bool FunctionImporter::run() {
  Operation *culprit = nullptr;
  std::string why;
  if (failed(uses.find(culprit, why)))
    return refuse(culprit, why);
  if (uses.getUses().empty() || !findShapes() || !changeTypes())
    return false;
  for (const PageUses::Use &use : uses.getUses())
    if (!std::visit([&](const auto &what) { return replace(what); }, use))
      return false;
  return dropReturnedCaches() && checkLeftUses();
}

/// Notes what an operation says of a cache, and of which keys and values it is.
bool FunctionImporter::note(Operation *op, BlockArgument argument,
                            PageShape shape, BlockArgument key,
                            BlockArgument value) {
  Cache &cache = caches[argument];
  if (!cache.use) {
    cache.key = key;
    cache.value = value;
    cache.shape = shape;
  }
  cache.use = op;
  if (cache.key != key || cache.value != value)
    return refuse(op, "expects one cache of values for each of keys");
  if (cache.shape.tokens == 0)
    cache.shape.tokens = shape.tokens;
  if (shape.tokens == 0)
    shape.tokens = cache.shape.tokens;
  return shape == cache.shape ||
         refuse(op, "expects pages of one shape in a cache");
}

/// Attention says how many tokens a page has, or a write to pages; and it says
/// which caches are of keys, and which of values.
bool FunctionImporter::findShapes() {
  for (const PageUses::Use &use : uses.getUses())
    if (const auto *attention = std::get_if<PageAttention>(&use)) {
      BlockArgument key = attention->keys.version.cache,
                    value = attention->values.version.cache;
      for (const PageRead *read : {&attention->keys, &attention->values})
        if (!note(attention->op, read->version.cache, read->shape, key, value))
          return false;
    }
  for (const PageUses::Use &use : uses.getUses())
    if (const auto *write = std::get_if<PageWrite>(&use)) {
      BlockArgument argument = write->before.cache;
      std::pair pair(argument, argument);
      auto *found = caches.find(argument);
      if (found != caches.end())
        pair = {found->second.key, found->second.value};
      else
        pair = uses.findWrittenPair(*write).value_or(pair);
      PageShape shape = write->shape;
      if (shape.tokens == 0 && pair.first != pair.second)
        shape.tokens = write->indexedTokens;
      if (!note(write->op, argument, shape, pair.first, pair.second))
        return false;
    }
  return true;
}

/// Whether the rows of a tensor are static and hold whole pages.
static bool hasWholePages(RankedTensorType type, int64_t page) {
  int64_t row = 1;
  for (int64_t size :
       type.getShape().drop_front(std::min<int64_t>(1, type.getRank())))
    if (ShapedType::isDynamic(size) || llvm::MulOverflow(row, size, row))
      return false;
  return type.getRank() > 1 && row > 0 && row % page == 0;
}

bool FunctionImporter::changeTypes() {
  for (auto &[argument, cache] : caches) {
    cache.type = argument.getType();
    RankedTensorType type = dyn_cast<RankedTensorType>(cache.type);
    if (!type)
      type = getTorchTensor(cache.type);
    const PageShape &shape = cache.shape;
    if (shape.tokens == 0)
      return refuse(cache.use, "expects attention, or a write of whole pages, "
                               "that says how many tokens a page has");
    std::string why;
    CacheType becomes =
        type ? getImportedCacheType(cache.type, type.getElementType(),
                                    shape.codes, cache.getContent(argument),
                                    shape.heads, shape.channels, shape.channels,
                                    shape.tokens, why)
             : CacheType();
    if (type && !becomes)
      return refuse(cache.use, why);
    const int64_t page = (cache.isOfBoth() ? 2 : 1) * shape.tokens *
                         shape.heads * shape.channels;
    if (!becomes || !hasWholePages(type, page))
      return refuse(
          cache.use,
          llvm::formatv("expects a cache whose rows hold {0} of a page, {1} "
                        "elements for each layer, got {2}",
                        cache.isOfBoth() ? "keys and values" : "keys or values",
                        page, cache.type));
    BlockArgument(argument).setType(becomes);
  }
  updateArgumentTypes(function);
  return true;
}

/// Returns where a write writes: where a cache has one part, any row of it is
/// one of that.
std::optional<PageAddress>
FunctionImporter::getAddress(const PageWrite &write) {
  const Cache &cache = caches.find(write.before.cache)->second;
  const int64_t tokens = cache.shape.tokens;
  std::optional<PageAddress> address = splitAddress(
      write.address, tokens, cache.isOfBoth() ? 2 : 1, write.sizes);
  if (cache.isOfBoth())
    return address;
  const int64_t part = write.before.cache == cache.key ? 0 : 1;
  if (address)
    address->part = part;
  else if (write.isOneIndex)
    address = PageAddress{write.address.floorDiv(tokens), part,
                          write.address % tokens};
  return address;
}

/// Keys and values are written at once: the second of two operations writes
/// both.
bool FunctionImporter::replace(const PageWrite &write) {
  Cache &cache = caches.find(write.before.cache)->second;
  Cache &pair = caches.find(cache.key)->second;
  if (write.before.writes != cache.writes++)
    return refuse(write.op, "expects the cache as it was written last");
  std::optional<PageAddress> address = getAddress(write);
  if (!address)
    return refuse(write.op, "expects rows within the keys of pages, or within "
                            "their values");
  if (!pair.pending) {
    pair.pending = &write;
    pair.pendingAddress = address;
    return true;
  }
  const PageWrite &first = *pair.pending;
  PageAddress other = *pair.pendingAddress;
  pair.pending = nullptr;
  if (address->part == other.part || !isSameSum(address->page, other.page) ||
      !isSameSum(address->token, other.token) ||
      ArrayRef(first.sizes).drop_back() != ArrayRef(write.sizes).drop_back())
    return refuse(write.op, "expects keys and values to be written to the same "
                            "tokens of the same pages");
  const bool isKey = address->part == 0;
  AffineExpr slot = address->page * cache.shape.tokens + address->token;
  OpBuilder builder(write.op);
  std::string why;
  return succeeded(buildPageWrite(builder, uses.getIntegers(),
                                  isKey ? write : first, isKey ? first : write,
                                  slot, cache.getArguments(), why)) ||
         refuse(write.op, why);
}

bool FunctionImporter::replace(const PageAttention &attention) {
  Cache &pair = caches.find(attention.keys.version.cache)->second;
  if (pair.pending)
    return refuse(attention.op, "expects keys and values both to be written "
                                "before they are read");
  for (const PageRead *read : {&attention.keys, &attention.values})
    if (read->version.writes != caches[read->version.cache].writes)
      return refuse(attention.op, "expects the cache as it was written last");
  OpBuilder builder(attention.op);
  std::string why;
  Value result = buildPageAttention(builder, uses.getIntegers(), attention,
                                    pair.getArguments(), why);
  if (!result)
    return refuse(attention.op, why);
  replaceByBuiltinTensor(builder, attention.op->getResult(0), result);
  return true;
}

/// What was written must be what the argument holds for others, too: it is
/// returned, or overwrites the argument. Neither is needed any more.
bool FunctionImporter::dropReturnedCaches() {
  Operation *end = block.getTerminator();
  BitVector returned(end->getNumOperands());
  llvm::SmallPtrSet<Value, 4> kept;
  for (OpOperand &operand : end->getOpOperands()) {
    std::optional<CacheVersion> version = uses.getVersion(operand.get());
    if (!version || !caches.contains(version->cache))
      continue;
    const Cache &cache = caches[version->cache];
    if (version->writes != cache.writes)
      return refuse(cache.use,
                    "expects to return the cache as it was written last");
    kept.insert(version->cache);
    returned.set(operand.getOperandNumber());
  }
  // What another cache holds, or the same one held before, must be copied: such
  // an operation stays, as another use of the cache.
  SmallVector<Operation *> overwrites;
  for (Operation *op : uses.getOverwrites()) {
    std::optional<CacheVersion> version = uses.getVersion(op->getOperand(0));
    if (version && version->cache == op->getOperand(1) &&
        caches.contains(version->cache) &&
        version->writes == caches[version->cache].writes) {
      kept.insert(version->cache);
      overwrites.push_back(op);
    }
  }
  for (auto &[argument, cache] : caches) {
    if (cache.pending)
      return refuse(cache.pending->op,
                    "expects keys and values both to be written");
    if (cache.writes > 0 && !kept.contains(argument))
      return refuse(cache.use, "expects the cache, as it was written last, to "
                               "be returned, or to overwrite the argument");
  }
  end->eraseOperands(returned);
  if (failed(function.eraseResults(returned)))
    return refuse(caches.front().second.use,
                  "expects results that can be dropped");
  for (Operation *op : overwrites)
    op->erase();
  return true;
}

/// Whether an operation of torch has no effect, and is one that is read here.
static bool isPureHere(Operation *op) {
  static constexpr StringLiteral kPure[] = {
      "torch.aten.index_put",     "torch.aten.index_select",
      "torch.aten.index.Tensor",  "torch.aten.gather",
      "torch.aten.where.self",    "torch.aten.mul.int",
      "torch.aten.size.int",      "torch.aten.fill.Scalar",
      "torch.aten.full",          "torch.aten.zeros",
      "torch.aten.scalar_tensor", "torch.aten.empty_strided",
      "torch.copy.to_vtensor",    "torch.prim.ListConstruct",
      "torch.vtensor.literal",    "torch.symbolic_int",
      "torch.aten.logical_not",   "torch.aten.bitwise_not",
      "torch.aten.clamp",         "torch.aten.view.dtype",
      "torch.aten.floor_divide",  "torch.aten.floor_divide.Scalar"};
  static constexpr StringLiteral kPrefixes[] = {
      "torch_c.",        "torch.constant.", "torch.aten.add.",
      "torch.aten.sub.", "torch.aten.mul.", "torch.aten.remainder.",
      "torch.aten.lt.",  "torch.aten.le.",  "torch.aten.gt.",
      "torch.aten.ge.",  "torch.aten.div.", "torch.aten.arange"};
  StringRef name = op->getName().getStringRef();
  return isTorchMove(op) || getTorchOperands(op) ||
         llvm::is_contained(kPure, name) ||
         llvm::any_of(kPrefixes, [&](StringRef prefix) {
           return name.starts_with(prefix);
         });
}

/// Nothing is left of what was replaced, and so nothing else uses a cache.
bool FunctionImporter::checkLeftUses() {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (!isForeign(&op, op.getName().getStringRef()) || !isPureHere(&op) ||
        !llvm::all_of(op.getResults(), isTorchUnused))
      continue;
    // One operation may say the same size twice.
    for (Value result : op.getResults())
      while (!result.use_empty())
        result.user_begin()->erase();
    op.erase();
  }
  for (auto &[argument, cache] : caches)
    for (Operation *user : argument.getUsers())
      if (!isa<KvWriteOp, PagedAttentionOp>(user)) {
        Operation *left = user;
        // What uses the tensor says more than what makes it one.
        while (left->getNumResults() == 1 &&
               uses.getVersion(left->getResult(0)) && !left->use_empty())
          left = *left->user_begin();
        return refuse(left,
                      llvm::formatv("expects no other use of a cache, got "
                                    "{0}",
                                    left->getName()));
      }
  return true;
}

namespace {
struct ImportTorchPagesPass
    : public fp8attn::impl::ImportTorchPagesBase<ImportTorchPagesPass> {
  void runOnOperation() override {
    for (func::FuncOp function : getFunctionsOfOneBlock(getOperation()))
      importCopy(function, [&](func::FuncOp copy) {
        return FunctionImporter(copy).run() && !refuseNamed(function, function);
      });
  }
};
} // namespace
