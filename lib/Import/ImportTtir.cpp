//===- ImportTtir.cpp - paged attention of TTIR ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Arguments that are caches become memory, and so a function is imported as a
// whole or not at all: a copy of it is changed and takes its place then.
//
//===----------------------------------------------------------------------===//

#include "ImportTtir/PagedForms.h"
#include "ImportTtir/PagedImport.h"
#include "Support/AttentionImport.h"
#include "Support/CacheFunctions.h"
#include "Support/ForeignOps.h"
#include "fp8attn/Import/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_IMPORTTTIR
#include "fp8attn/Import/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// An argument that is a cache.
struct CacheArgument {
  CacheContent content;
  /// Of the keys that are values in a latent cache, else 0.
  int64_t valueChannels;
  /// The cache of the values to these keys, or the other way round; null of a
  /// latent cache.
  BlockArgument partner;
  /// The value that was written last, and a write that waits for the partner's.
  Value current;
  const PagedForm *pending = nullptr;
};

/// Changes one function.
class FunctionImporter {
public:
  explicit FunctionImporter(func::FuncOp function)
      : function(function), block(function.getBody().front()) {}

  /// Returns whether all was imported; if not, there was a remark.
  bool run() {
    return readForms() && findCaches() && checkUses() && changeTypes() &&
           llvm::all_of(forms,
                        [&](const PagedForm &form) { return replace(form); }) &&
           dropReturnedCaches();
  }

private:
  bool readForms();
  bool findCaches();
  bool checkUses();
  bool changeTypes();
  bool replace(const PagedForm &form);
  bool replaceWrite(const PagedForm &form);
  bool dropReturnedCaches();

  bool refuse(Operation *op, const Twine &why) {
    remarkMissed(op, why.str());
    return false;
  }
  /// Returns the argument that a value is, as it was or as it was written.
  BlockArgument getRoot(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value))
      return argument.getOwner() == &block ? argument : BlockArgument();
    return written.lookup(value);
  }
  bool isCache(Value value) {
    BlockArgument root = getRoot(value);
    return root && caches.contains(root);
  }

  func::FuncOp function;
  Block &block;
  SmallVector<PagedForm> forms;
  llvm::MapVector<BlockArgument, CacheArgument> caches;
  DenseMap<Value, BlockArgument> written;
};
} // namespace

bool FunctionImporter::readForms() {
  bool isRead = true;
  function.walk([&](Operation *op) {
    if (!isPagedForm(op))
      return WalkResult::advance();
    std::string why;
    std::optional<PagedForm> form = readPagedForm(op, why);
    if (op->getBlock() != &block)
      why = "expects to stand in no region but that of the function";
    if (!why.empty()) {
      isRead = refuse(op, why);
      return WalkResult::interrupt();
    }
    forms.push_back(*form);
    return WalkResult::advance();
  });
  return isRead;
}

bool FunctionImporter::findCaches() {
  // Where StableHLO writes, a result is the cache then.
  for (const PagedForm &form : forms)
    if (form.writes() && form.op->getNumResults() == 1)
      if (BlockArgument root = getRoot(form.cache))
        written[form.op->getResult(0)] = root;
  for (const PagedForm &form : forms) {
    if (form.writes())
      continue;
    const bool isLatent = !form.value;
    BlockArgument key = getRoot(form.key);
    BlockArgument value = isLatent ? BlockArgument() : getRoot(form.value);
    if (!key || (!isLatent && !value) || key == value)
      return refuse(form.op,
                    isLatent ? "expects a cache that is an argument of the "
                               "function"
                             : "expects caches of keys and of values that are "
                               "two arguments of the function");
    auto add = [&](BlockArgument cache, CacheContent content,
                   BlockArgument partner) {
      auto [entry, isNew] = caches.insert(
          {cache, {content, form.valueChannels, partner, /*current=*/cache}});
      const CacheArgument &known = entry->second;
      return (known.content == content && known.partner == partner &&
              known.valueChannels == form.valueChannels) ||
             refuse(form.op, "expects a cache to hold keys, or values, for "
                             "one other cache, or keys of which the same "
                             "channels are values");
    };
    if (isLatent ? !add(key, CacheContent::Latent, BlockArgument())
                 : !add(key, CacheContent::Key, value) ||
                       !add(value, CacheContent::Value, key))
      return false;
  }
  for (const PagedForm &form : forms)
    if (form.writes() && !isCache(form.cache))
      return refuse(form.op, "expects a cache that is an argument of the "
                             "function, and attention in it that says whether "
                             "it holds keys or values");
  return true;
}

/// A cache is used as one and in no other way.
bool FunctionImporter::checkUses() {
  auto isRight = [&](OpOperand &use) {
    Operation *user = use.getOwner();
    const unsigned index = use.getOperandNumber();
    if (user == block.getTerminator())
      return isa<func::ReturnOp>(user);
    const auto *form = llvm::find_if(
        forms, [&](const PagedForm &form) { return form.op == user; });
    if (form == forms.end())
      return false;
    // Caches are the first operands.
    return form->writes() ? index == 0
                          : index == 1 || (index == 2 && form->value);
  };
  auto check = [&](Value value) {
    for (OpOperand &use : value.getUses())
      if (!isRight(use))
        return refuse(forms.front().op,
                      llvm::formatv("expects no other use of a cache, got {0}",
                                    use.getOwner()->getName()));
    return true;
  };
  for (auto &[argument, cache] : caches)
    if (!check(argument))
      return false;
  // The result of a write is the cache, too.
  for (const PagedForm &form : forms)
    if (form.writes() && form.op->getNumResults() == 1 &&
        !check(form.op->getResult(0)))
      return false;
  return true;
}

bool FunctionImporter::changeTypes() {
  // Positions are integers without a sign of their own here.
  for (const PagedForm &form : forms)
    for (Value value : {form.pageTable, form.positions}) {
      auto argument = dyn_cast_if_present<BlockArgument>(value);
      auto type = argument ? cast<RankedTensorType>(argument.getType())
                           : RankedTensorType();
      if (!type || !type.getElementType().isSignedInteger())
        continue;
      if (!llvm::all_of(argument.getUsers(), isPagedForm))
        return refuse(form.op,
                      llvm::formatv("expects positions without a sign, "
                                    "got {0}",
                                    type));
      argument.setType(type.clone(IntegerType::get(
          type.getContext(), type.getElementType().getIntOrFloatBitWidth())));
    }
  for (auto &[argument, cache] : caches) {
    std::string why;
    CacheType type = getPagedCacheType(argument.getType(), cache.content,
                                       cache.valueChannels, why);
    if (!type)
      return refuse(forms.front().op, why);
    BlockArgument(argument).setType(type);
  }
  updateArgumentTypes(function);
  return true;
}

/// Keys and values are written at once: the second of two operations writes
/// both.
bool FunctionImporter::replaceWrite(const PagedForm &form) {
  BlockArgument argument = getRoot(form.cache);
  CacheArgument &cache = caches.find(argument)->second;
  if (form.cache != cache.current)
    return refuse(form.op, "expects the cache as it was written last");
  if (form.op->getNumResults() == 1)
    cache.current = form.op->getResult(0);
  std::string why;
  OpBuilder builder(form.op);
  if (cache.content == CacheContent::Latent)
    return succeeded(buildPagedWrite(builder, form, /*value=*/nullptr, argument,
                                     /*valueCache=*/Value(), why)) ||
           refuse(form.op, why);
  CacheArgument &other = caches.find(cache.partner)->second;
  if (cache.pending)
    return refuse(form.op, "expects the other cache to be written alike first");
  if (!other.pending) {
    cache.pending = &form;
    return true;
  }
  const PagedForm &first = *other.pending;
  other.pending = nullptr;
  if (first.kind != form.kind || first.pageTable != form.pageTable ||
      first.positions != form.positions)
    return refuse(form.op, "expects keys and values to be written at the same "
                           "positions");
  const bool isKey = cache.content == CacheContent::Key;
  return succeeded(buildPagedWrite(builder, isKey ? form : first,
                                   isKey ? &first : &form,
                                   isKey ? argument : cache.partner,
                                   isKey ? cache.partner : argument, why)) ||
         refuse(form.op, why);
}

bool FunctionImporter::replace(const PagedForm &form) {
  if (form.writes())
    return replaceWrite(form);
  BlockArgument key = getRoot(form.key), value;
  if (form.value)
    value = getRoot(form.value);
  if (form.key != caches[key].current ||
      (value && form.value != caches[value].current))
    return refuse(form.op, "expects the caches as they were written last");
  if (caches[key].pending || (value && caches[value].pending))
    return refuse(form.op, "expects keys and values both to be written before "
                           "they are read");
  OpBuilder builder(form.op);
  std::string why;
  Value result = buildPagedAttention(builder, form, key, value, why);
  if (!result)
    return refuse(form.op, why);
  form.op->getResult(0).replaceAllUsesWith(result);
  return true;
}

/// A function that writes a cache need not return it.
bool FunctionImporter::dropReturnedCaches() {
  Operation *end = block.getTerminator();
  BitVector returned(end->getNumOperands());
  for (OpOperand &operand : end->getOpOperands()) {
    if (!isCache(operand.get()))
      continue;
    if (operand.get() != caches[getRoot(operand.get())].current)
      return refuse(forms.front().op,
                    "expects to return caches as they were written last");
    returned.set(operand.getOperandNumber());
  }
  for (auto &[argument, cache] : caches)
    if (cache.pending)
      return refuse(cache.pending->op,
                    "expects keys and values both to be written");
  end->eraseOperands(returned);
  if (failed(function.eraseResults(returned)))
    return refuse(forms.front().op, "expects results that can be dropped");
  for (const PagedForm &form : llvm::reverse(forms)) {
    SmallVector<Value> used(form.op->getOperands());
    form.op->erase();
    eraseUnusedMakers(used, {"ttir.empty"});
  }
  return true;
}

namespace {
struct ImportTtirPass : public fp8attn::impl::ImportTtirBase<ImportTtirPass> {
  void runOnOperation() override {
    for (func::FuncOp function : getFunctionsOfOneBlock(getOperation()))
      importFunction(function);
  }

  static void importFunction(func::FuncOp function) {
    Operation *first = nullptr;
    function.walk([&](Operation *op) {
      if (isPagedForm(op))
        first = op;
      return first ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (first && !refuseNamed(function, first))
      importCopy(function, [](func::FuncOp copy) {
        return FunctionImporter(copy).run();
      });
  }
};
} // namespace
