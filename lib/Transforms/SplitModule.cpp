//===- SplitModule.cpp - the model apart from what is beside it -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Moves marked functions, and what they call of the model, into a module of
// their own. Passes need not know then that there is anything else, and what
// there is stays as it is. All that could go wrong with names and calls between
// the two is refused here, before anything has moved.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Target/Description.h"
#include "fp8attn/Target/EntryPoints.h"
#include "fp8attn/Target/SymbolNames.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/SymbolTable.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_SPLITMODULE
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns whether `op` is one that only functions of the model have.
static bool isOfModel(Operation *op) {
  return isa_and_nonnull<Fp8AttnDialect>(op->getDialect()) &&
         !isa<fp8attn::CallOp, CacheViewOp>(op);
}

/// Calls `visit` with each operation in `root`, itself included, and the name
/// of a symbol that it refers to, until that fails.
static LogicalResult
forEachUse(Operation *root,
           function_ref<LogicalResult(Operation *, StringAttr)> visit) {
  return failure(root->walk([&](Operation *op) {
                       return op->getAttrDictionary().walk<WalkOrder::PreOrder>(
                           [&](SymbolRefAttr symbol) -> WalkResult {
                             if (failed(visit(op, symbol.getRootReference())))
                               return WalkResult::interrupt();
                             return WalkResult::skip();
                           });
                     })
                     .wasInterrupted());
}

namespace {
/// A module on its way to be two.
class Splitter {
public:
  explicit Splitter(ModuleOp module) : module(module), symbols(module) {}

  LogicalResult check();
  void split();

private:
  void collect();
  bool belongsToModel(func::FuncOp function);
  LogicalResult checkModel(func::FuncOp function);
  LogicalResult checkOther(Operation &op);

  ModuleOp module;
  SymbolTable symbols;
  /// The functions of the model.
  llvm::SetVector<Operation *> model;
  /// What they use that stays where it is.
  llvm::SetVector<Operation *> used;
  /// What is known of private functions that the model calls.
  DenseMap<Operation *, bool> known;
};
} // namespace

/// Returns whether a function that the model calls is one of its own: private,
/// with something of the model in it or in what it calls.
bool Splitter::belongsToModel(func::FuncOp function) {
  if (!function.isPrivate() || function.isExternal())
    return false;
  // One that calls itself is looked at once.
  auto [place, isNew] = known.try_emplace(function, false);
  if (!isNew)
    return place->second;
  bool belongs =
      function
          .walk([&](Operation *op) {
            // A cache that the model uses is checked where it is made.
            bool found = isOfModel(op) || isa<CacheViewOp>(op);
            if (auto call = dyn_cast<func::CallOp>(op))
              if (auto callee = symbols.lookup<func::FuncOp>(call.getCallee()))
                found = belongsToModel(callee);
            return found ? WalkResult::interrupt() : WalkResult::advance();
          })
          .wasInterrupted();
  known[function] = belongs;
  return belongs;
}

void Splitter::collect() {
  for (auto function : module.getOps<func::FuncOp>())
    if (isMarked(function))
      model.insert(function);
  for (size_t i = 0; i < model.size(); ++i)
    model[i]->walk([&](func::CallOp call) {
      auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
      if (callee && belongsToModel(callee))
        model.insert(callee);
    });
}

LogicalResult Splitter::checkModel(func::FuncOp function) {
  return forEachUse(
      function, [&](Operation *user, StringAttr name) -> LogicalResult {
        if (isa<fp8attn::CallOp>(user))
          return user->emitOpError(
                     "expects to stand in a function that is not of "
                     "the model, got '")
                 << function.getName()
                 << "', which has a context and calls by func.call";
        Operation *symbol = symbols.lookup(name);
        if (!symbol || model.contains(symbol))
          return success();
        if (!isa<func::FuncOp, memref::GlobalOp>(symbol))
          return user->emitOpError("expects a func.func or a memref.global for "
                                   "what the model uses of the module, got ")
                 << symbol->getName() << " '" << name.getValue() << "'";
        auto callee = dyn_cast<func::FuncOp>(symbol);
        if (callee &&
            llvm::any_of(callee.getResultTypes(), llvm::IsaPred<CacheType>))
          return user->emitOpError("expects no cache as a result of '")
                 << name.getValue()
                 << "', which is not of the model, because nobody has checked "
                    "it; "
                    "fp8attn.cache_view of a memref makes one";
        used.insert(symbol);
        return success();
      });
}

LogicalResult Splitter::checkOther(Operation &op) {
  WalkResult stray = op.walk([](Operation *inner) -> WalkResult {
    if (inner->hasAttr(Fp8AttnDialect::kEntryAttrName))
      return inner->emitOpError("expects a function with '")
             << Fp8AttnDialect::kEntryAttrName
             << "' to stand in the outermost module, got one in another";
    if (!isOfModel(inner))
      return WalkResult::advance();
    return inner->emitOpError("expects to stand in a function with '")
           << Fp8AttnDialect::kEntryAttrName
           << "', or in a private one that such functions call";
  });
  if (stray.wasInterrupted())
    return failure();
  auto symbol = dyn_cast<SymbolOpInterface>(op);
  if (symbol && !isa<ModuleOp>(op) && !symbol.isDeclaration() &&
      failed(checkSymbolName(symbol)))
    return failure();
  return forEachUse(
      &op, [&](Operation *user, StringAttr name) -> LogicalResult {
        Operation *callee = symbols.lookup(name);
        if (isa<fp8attn::CallOp>(user) || !model.contains(callee))
          return success();
        InFlightDiagnostic diagnostic =
            user->emitOpError("cannot use '")
            << name.getValue()
            << "', a function of the model, which needs a context; expects "
               "fp8attn.call of a function with '"
            << Fp8AttnDialect::kEntryAttrName << "'";
        diagnostic.attachNote(callee->getLoc()) << "the function is here";
        return diagnostic;
      });
}

LogicalResult Splitter::check() {
  collect();
  for (Operation &op : *module.getBody())
    if (failed(model.contains(&op) ? checkModel(cast<func::FuncOp>(op))
                                   : checkOther(op)))
      return failure();
  auto isFree = [&](const Twine &name, Operation *user,
                    const Twine &purpose) -> LogicalResult {
    Operation *other = symbols.lookup(name.str());
    if (!other)
      return success();
    InFlightDiagnostic diagnostic = user->emitOpError("expects no symbol '")
                                    << name << "' beside the model, because "
                                    << purpose << " has it";
    diagnostic.attachNote(other->getLoc()) << "the symbol is here";
    return diagnostic;
  };
  for (Operation *function : model)
    if (StringRef name = cast<func::FuncOp>(function).getName();
        isMarked(cast<func::FuncOp>(function)) &&
        (failed(isFree(name + "_workspace_bytes", function,
                       "what tells the workspace of '" + name + "'")) ||
         failed(isFree(getDescribeName(name), function,
                       "what describes '" + name + "'"))))
      return failure();
  return isFree(Fp8AttnDialect::kModelName, module, "the module of the model");
}

void Splitter::split() {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto inner = ModuleOp::create(builder, module.getLoc(),
                                StringRef(Fp8AttnDialect::kModelName));
  // The target, and what the machine is like.
  for (NamedAttribute attribute : module->getDiscardableAttrs())
    inner->setDiscardableAttr(attribute.getName(), attribute.getValue());
  builder.setInsertionPointToEnd(inner.getBody());
  for (Operation &op : llvm::make_early_inc_range(*module.getBody())) {
    if (model.contains(&op)) {
      op.moveBefore(inner.getBody(), inner.getBody()->end());
      op.removeAttr(Fp8AttnDialect::kEntryAttrName);
    } else if (used.contains(&op)) {
      // A function is declared, a global has its value.
      Operation *copy = builder.insert(op.cloneWithoutRegions());
      SymbolTable::setSymbolVisibility(copy, SymbolTable::Visibility::Private);
    }
  }
}

namespace {
struct SplitModulePass
    : public fp8attn::impl::SplitModuleBase<SplitModulePass> {
  void runOnOperation() override {
    if (!hasMarkedFunctions(getOperation()))
      return;
    Splitter splitter(getOperation());
    if (failed(splitter.check()))
      return signalPassFailure();
    splitter.split();
  }
};
} // namespace
