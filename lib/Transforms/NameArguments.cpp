//===- NameArguments.cpp - names of entry point arguments ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Records the role of each argument while the model level is there to tell it.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Target/ArgumentNames.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_NAMEARGUMENTS
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
struct NameArgumentsPass
    : public fp8attn::impl::NameArgumentsBase<NameArgumentsPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function.isPublic() || function.isExternal())
      return;
    for (auto [index, name] : llvm::enumerate(getArgumentNames(function)))
      function.setArgAttr(index, Fp8AttnDialect::kNameAttrName,
                          StringAttr::get(&getContext(), name));
  }
};
} // namespace
