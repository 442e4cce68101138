//===- ImportStablehlo.cpp - attention of composites and calls ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention that a front end kept as one operation, on whole tensors.
//
//===----------------------------------------------------------------------===//

#include "ImportStablehlo/DecodeAttention.h"
#include "Support/AttentionImport.h"
#include "Support/CallOptions.h"
#include "Support/ForeignOps.h"
#include "Support/HeadShapes.h"
#include "fp8attn/Import/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_IMPORTSTABLEHLO
#include "fp8attn/Import/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Who defines what the operation means.
enum class Origin { None, Ttir, Odml };
} // namespace

static Origin getOrigin(Operation *op) {
  if (op->getNumResults() != 1)
    return Origin::None;
  auto isCalled = [&](StringRef name, StringRef attribute, StringRef callee) {
    return isForeign(op, name) && hasForeignText(op, attribute, callee);
  };
  if (isForeign(op, "ttir.scaled_dot_product_attention") ||
      isCalled("stablehlo.custom_call", "call_target_name",
               "tt.scaled_dot_product_attention") ||
      isCalled("stablehlo.composite", "name",
               "tenstorrent.scaled_dot_product_attention"))
    return Origin::Ttir;
  return isCalled("stablehlo.composite", "name",
                  "odml.scaled_dot_product_attention")
             ? Origin::Odml
             : Origin::None;
}

/// Reads operands: the fourth one is a mask, unless something says otherwise.
static LogicalResult readOperands(Operation *op, const CallOptions &options,
                                  AttentionImport &import, std::string &why) {
  bool isCounted = op->getNumOperands() == 3 || op->getNumOperands() == 4;
  std::optional<bool> hasMask, hasSink;
  auto segments = getForeignAttr<DenseI32ArrayAttr>(op, "operandSegmentSizes");
  if (segments) {
    constexpr int64_t kMask = 3, kSink = 4, kSegments = 5;
    isCounted &= segments.size() == kSegments;
    hasMask = isCounted && segments[kMask] == 1;
    hasSink = isCounted && segments[kSink] == 1;
  } else if (options.hasTexts() &&
             (failed(options.read("has_attention_mask", hasMask, why)) ||
              failed(options.read("has_attention_sink", hasSink, why)))) {
    return failure();
  }
  if (hasSink.value_or(false)) {
    why = "expects no attention_sink";
    return failure();
  }
  const bool isThere = hasMask.value_or(op->getNumOperands() == 4);
  if (!isCounted || op->getNumOperands() != (isThere ? 4u : 3u)) {
    why = llvm::formatv("expects a query, a key, a value and, at most, a mask "
                        "as operands, got {0}",
                        op->getNumOperands());
    return failure();
  }
  import.query = op->getOperand(0);
  import.key = op->getOperand(1);
  import.value = op->getOperand(2);
  if (isThere)
    import.mask = op->getOperand(3);
  return success();
}

/// Reads options; says why if they cannot be meant.
static LogicalResult readOptions(Operation *op, Origin origin,
                                 const CallOptions &options,
                                 AttentionImport &import, std::string &why) {
  std::optional<bool> isCausal;
  std::optional<double> window, cap;
  if (failed(options.read("is_causal", isCausal, why)) ||
      failed(options.read("scale", import.scale, why)) ||
      failed(options.read("sliding_window_size", window, why)) ||
      failed(options.read("logit_cap", cap, why)))
    return failure();
  if (window)
    why = "expects no sliding_window_size";
  else if (cap)
    why = "expects no logit_cap";
  else if (origin == Origin::Odml && !import.scale)
    why = "expects scale to be given";
  else if (origin == Origin::Ttir && !isCausal &&
           !op->getName().getStringRef().starts_with("ttir."))
    why = "expects is_causal to be given";
  if (!why.empty())
    return failure();
  // TTIR's own operation is causal unless it says that it is not.
  import.isCausal = isCausal.value_or(origin == Origin::Ttir);
  if (!import.isCausal)
    return success();
  if (import.mask) {
    why = "expects one of a mask and is_causal, got both";
    return failure();
  }
  auto query = dyn_cast<RankedTensorType>(import.query.getType());
  auto key = dyn_cast<RankedTensorType>(import.key.getType());
  const int64_t tokens = origin == Origin::Odml ? 1 : 2;
  if (query && key && query.getRank() == 4 && key.getRank() == 4 &&
      (query.isDynamicDim(tokens) ||
       query.getDimSize(tokens) != key.getDimSize(tokens))) {
    why =
        llvm::formatv("expects as many keys as queries for is_causal, got {0} "
                      "and {1}",
                      key, query);
    return failure();
  }
  return success();
}

/// Builds what stands for the result; says why if it cannot.
static FailureOr<SmallVector<Value>> build(OpBuilder &builder, Operation *op,
                                           std::string &why) {
  Location loc = op->getLoc();
  const Origin origin = getOrigin(op);
  CallOptions options(op);
  AttentionImport import;
  if (failed(readOperands(op, options, import, why)) ||
      failed(readOptions(op, origin, options, import, why)))
    return failure();
  if (origin == Origin::Odml)
    for (Value *value : {&import.query, &import.key, &import.value}) {
      auto type = dyn_cast<RankedTensorType>(value->getType());
      if (!type || type.getRank() != 4) {
        why = llvm::formatv("expects [batch, tokens, heads, channels], got {0}",
                            value->getType());
        return failure();
      }
      *value = exchangeHeadsAndTokens(builder, loc, *value);
    }
  FailureOr<SmallVector<Value>> results =
      buildAttention(builder, loc, import, /*wantsLse=*/false, why);
  if (succeeded(results) && origin == Origin::Odml)
    results->front() = exchangeHeadsAndTokens(builder, loc, results->front());
  return results;
}

namespace {
struct ImportStablehloPass
    : public fp8attn::impl::ImportStablehloBase<ImportStablehloPass> {
  void runOnOperation() override {
    SmallVector<Operation *> found;
    getOperation().walk([&](Operation *op) {
      if (getOrigin(op) != Origin::None || isDecodeAttention(op))
        found.push_back(op);
    });
    for (Operation *op : found)
      (void)replaceResults(op, isDecodeAttention(op) ? buildDecodeAttention
                                                     : build);
  }
};
} // namespace
