//===- SpecializeIsas.cpp - a body for each instruction set ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Clones public functions for each ISA of the target and makes the function
// itself a dispatcher: run-time checks first, then one question to the runtime,
// then a switch.
//
//===----------------------------------------------------------------------===//

#include "RuntimeChecks.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Target/TargetInfo.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_SPECIALIZEISAS
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns whether the function has work that kernels are chosen for.
static bool hasTileOps(func::FuncOp function) {
  return function
      .walk([](Operation *op) {
        return op->getName().getStringRef().starts_with("fp8attn.tile.")
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Clones `function` under a name with the ISA, without the checks that the
/// dispatcher makes.
static func::FuncOp cloneFor(func::FuncOp function, Isa isa) {
  OpBuilder builder(function);
  builder.setInsertionPointAfter(function);
  auto clone = cast<func::FuncOp>(builder.clone(*function));
  clone.setName((function.getName() + "." + stringifyIsa(isa)).str());
  clone.setPrivate();
  clone->setAttr(Fp8AttnDialect::kIsaAttrName,
                 IsaAttr::get(builder.getContext(), isa));
  clone.walk([](Operation *op) {
    if (isCheck(op))
      op->erase();
  });
  return clone;
}

/// Leaves in `function` only the checks and what they use, and a switch over
/// the bodies.
static void makeDispatcher(func::FuncOp function,
                           ArrayRef<std::pair<Isa, func::FuncOp>> bodies) {
  Block &block = function.getBody().front();
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (!isCheck(&op) && !op.hasTrait<OpTrait::IsTerminator>() &&
        op.use_empty())
      op.erase();

  Location loc = function.getLoc();
  OpBuilder builder(block.getTerminator());
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
    SmallVector<func::FuncOp> functions;
    for (auto function : module.getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal() && hasTileOps(function))
        functions.push_back(function);
    for (func::FuncOp function : functions) {
      SmallVector<std::pair<Isa, func::FuncOp>> bodies;
      for (Isa isa : *isas)
        bodies.emplace_back(isa, cloneFor(function, isa));
      makeDispatcher(function, bodies);
    }
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
