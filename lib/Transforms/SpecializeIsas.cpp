//===- SpecializeIsas.cpp - a body for each instruction set ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Clones functions for each ISA of the target and makes public ones
// dispatchers: run-time checks first, then one question to the runtime, then a
// switch. Private ones are called by bodies of their own ISA.
//
//===----------------------------------------------------------------------===//

#include "InsertChecks/RuntimeChecks.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Target/TargetInfo.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_SPECIALIZEISAS
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns whether kernels are chosen for an operation, or instructions: for
/// the shuffles and the arithmetic of repacks, not for their moves.
static bool differsByIsa(Operation *op) {
  if (op->getName().getStringRef().starts_with("fp8attn.tile."))
    return true;
  if (isa<vector::ShuffleOp>(op))
    return true;
  return isa<arith::ArithDialect>(op->getDialect()) &&
         !isa<arith::ConstantOp>(op) &&
         isa<VectorType>(op->getResult(0).getType());
}

static bool hasWorkOfIsa(func::FuncOp function) {
  return function
      .walk([](Operation *op) {
        return differsByIsa(op) ? WalkResult::interrupt()
                                : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Returns the function of `functions` that `call` calls, if it is private:
/// a public one chooses its body itself.
static func::FuncOp
getPrivateCallee(func::CallOp call,
                 const llvm::SetVector<func::FuncOp> &functions) {
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
      call, call.getCalleeAttr());
  return callee && callee.isPrivate() && functions.contains(callee) ? callee
                                                                    : nullptr;
}

/// Returns the functions that differ by ISA: those with such work, and
/// the callers of private ones among them. Bodies of one ISA are done already;
/// a public function with results is refused when it is converted.
static llvm::SetVector<func::FuncOp> getFunctionsToSpecialize(ModuleOp module) {
  llvm::SetVector<func::FuncOp> found;
  auto calls = [&](func::FuncOp function) {
    return function
        .walk([&](func::CallOp call) {
          return getPrivateCallee(call, found) ? WalkResult::interrupt()
                                               : WalkResult::advance();
        })
        .wasInterrupted();
  };
  size_t numBefore;
  do {
    numBefore = found.size();
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isExternal() &&
          !(function.isPublic() && function.getNumResults()) &&
          !function->hasAttr(Fp8AttnDialect::kIsaAttrName) &&
          (hasWorkOfIsa(function) || calls(function)))
        found.insert(function);
  } while (found.size() != numBefore);
  return found;
}

/// Returns the checks that the dispatcher makes, before there is any work:
/// those at the begin of the function, with nothing before them but what
/// computes without memory. Others must stay where they are: what they look at
/// may be written before. So do those of private functions, which have no
/// dispatcher.
static SmallVector<Operation *> getDispatcherChecks(func::FuncOp function) {
  SmallVector<Operation *> checks;
  if (function.isPrivate())
    return checks;
  for (Operation &op : function.getBody().front()) {
    if (isCheck(&op))
      checks.push_back(&op);
    else if (!isMemoryEffectFree(&op) || op.getNumRegions() != 0)
      break;
  }
  return checks;
}

static std::string getBodyName(func::FuncOp function, Isa isa) {
  return (function.getName() + "." + stringifyIsa(isa)).str();
}

/// Demands that the names of the bodies to be made are free.
static LogicalResult
checkBodyNames(ModuleOp module, const llvm::SetVector<func::FuncOp> &functions,
               ArrayRef<Isa> isas) {
  SymbolTable symbols(module);
  for (func::FuncOp function : functions)
    for (Isa isa : isas)
      if (Operation *other = symbols.lookup(getBodyName(function, isa))) {
        InFlightDiagnostic diagnostic =
            function.emitOpError("expects no other symbol '")
            << getBodyName(function, isa) << "', the name of the body of '"
            << function.getName() << "' for " << stringifyIsa(isa);
        diagnostic.attachNote(other->getLoc()) << "the other symbol is here";
        return failure();
      }
  return success();
}

/// Clones `function` under a name with the ISA, without the checks that the
/// dispatcher makes.
static func::FuncOp cloneFor(func::FuncOp function, Isa isa,
                             const llvm::SetVector<func::FuncOp> &functions) {
  OpBuilder builder(function);
  builder.setInsertionPointAfter(function);
  IRMapping mapping;
  auto clone = cast<func::FuncOp>(builder.clone(*function, mapping));
  clone.setName(getBodyName(function, isa));
  clone.setPrivate();
  clone->removeAttr(Fp8AttnDialect::kDescriptionAttrName);
  clone->setAttr(Fp8AttnDialect::kIsaAttrName,
                 IsaAttr::get(builder.getContext(), isa));
  for (Operation *check : getDispatcherChecks(function))
    mapping.lookup(check)->erase();
  clone.walk([&](func::CallOp call) {
    if (func::FuncOp callee = getPrivateCallee(call, functions))
      call.setCallee(getBodyName(callee, isa));
  });
  return clone;
}

/// Adds `op` and all that it uses.
static void addWithOperands(Operation *op, SmallPtrSetImpl<Operation *> &ops) {
  if (!ops.insert(op).second)
    return;
  for (Value operand : op->getOperands())
    if (Operation *producer = operand.getDefiningOp())
      addWithOperands(producer, ops);
}

/// Makes the body of `function` the checks that `getDispatcherChecks` returns,
/// with what they use, and a switch over the bodies.
static void makeDispatcher(func::FuncOp function,
                           ArrayRef<std::pair<Isa, func::FuncOp>> bodies) {
  SmallPtrSet<Operation *, 16> kept;
  for (Operation *check : getDispatcherChecks(function))
    addWithOperands(check, kept);

  Location loc = function.getLoc();
  Block &old = function.getBody().front();
  Region body;
  OpBuilder builder(function.getContext());
  Block *block =
      builder.createBlock(&body, body.end(), old.getArgumentTypes(),
                          SmallVector<Location>(old.getNumArguments(), loc));
  IRMapping mapping;
  mapping.map(old.getArguments(), block->getArguments());
  for (Operation &op : old)
    if (kept.contains(&op))
      builder.clone(op, mapping);
  function.getBody().takeBody(body);

  SmallVector<Attribute> isas;
  SmallVector<int64_t> cases;
  for (auto [isa, body] : bodies) {
    isas.push_back(IsaAttr::get(builder.getContext(), isa));
    cases.push_back(static_cast<int64_t>(isa));
  }
  Value chosen = SelectIsaOp::create(builder, loc, builder.getIndexType(),
                                     builder.getArrayAttr(isas));
  // The last, most modest body is the default; the runtime returns no other.
  auto dispatch =
      scf::IndexSwitchOp::create(builder, loc, TypeRange(), chosen,
                                 ArrayRef(cases).drop_back(), cases.size() - 1);
  auto fill = [&](Region &region, func::FuncOp body) {
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&region);
    func::CallOp::create(builder, loc, body, function.getArguments());
    scf::YieldOp::create(builder, loc);
  };
  for (auto [region, body] :
       llvm::zip(dispatch.getCaseRegions(), bodies.drop_back()))
    fill(region, body.second);
  fill(dispatch.getDefaultRegion(), bodies.back().second);
  func::ReturnOp::create(builder, loc);
}

namespace {
struct SpecializeIsasPass
    : public fp8attn::impl::SpecializeIsasBase<SpecializeIsasPass> {
  using SpecializeIsasBase::SpecializeIsasBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<SmallVector<Isa>> isas = chooseIsas(module);
    if (failed(isas))
      return signalPassFailure();
    llvm::SetVector<func::FuncOp> functions = getFunctionsToSpecialize(module);
    if (failed(checkBodyNames(module, functions, *isas)))
      return signalPassFailure();
    for (func::FuncOp function : functions) {
      SmallVector<std::pair<Isa, func::FuncOp>> bodies;
      for (Isa isa : *isas)
        bodies.emplace_back(isa, cloneFor(function, isa, functions));
      if (function.isPublic())
        makeDispatcher(function, bodies);
    }
    // Bodies call bodies; nobody calls these any more. Callers come last.
    for (func::FuncOp function : llvm::reverse(functions))
      if (function.isPrivate() &&
          SymbolTable::symbolKnownUseEmpty(function, module))
        function.erase();
  }

private:
  /// Returns the ISAs to make bodies for, best first.
  FailureOr<SmallVector<Isa>> chooseIsas(ModuleOp module) {
    FailureOr<TargetInfo> target = TargetInfo::get(module);
    if (failed(target))
      return failure();
    if (fat && !isa.empty())
      return module.emitError("expects one of isa and fat, got isa '")
             << isa << "' and fat";
    if (!isa.empty()) {
      std::optional<Isa> only = symbolizeIsa(isa);
      if (!only)
        return module.emitError("expects isa to be generic, avx2, avx512, "
                                "avx512_bf16 or amx_bf16, got '")
               << isa << "'";
      if (!target->supports(*only))
        return module.emitError("the target '")
               << target->chip() << "' cannot run " << isa << ": it lacks "
               << llvm::join(target->missingFeatures(*only), ", ");
      return SmallVector<Isa>{*only};
    }
    return fat ? llvm::to_vector(target->architectureIsas())
               : target->supportedIsas();
  }
};
} // namespace
