//===- DecomposeAttention.cpp - attention to tile operations ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes paged_attention and attention out as loops around tile operations,
// with every factor a multiplication of its own. Block sizes are those of the
// kernel ABI. The two differ in how work items are found, and in where an
// item's tensors are.
//
//===----------------------------------------------------------------------===//

#include "DecomposeAttention/AttentionDecomposition.h"
#include "fp8attn/Transforms/MemRefForm.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_DECOMPOSEATTENTION
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
struct DecomposeAttentionPass
    : public fp8attn::impl::DecomposeAttentionBase<DecomposeAttentionPass> {
  using DecomposeAttentionBase::DecomposeAttentionBase;

  void runOnOperation() override {
    if (failed(requireMemRefs(getOperation())))
      return signalPassFailure();
    SmallVector<AttentionInterface> ops;
    getOperation().walk([&](AttentionInterface op) { ops.push_back(op); });
    auto decomposeOne = [](auto op) { decompose(op); };
    for (AttentionInterface op : ops)
      llvm::TypeSwitch<Operation *>(op).Case<PagedAttentionOp, AttentionOp>(
          decomposeOne);
  }
};
} // namespace
