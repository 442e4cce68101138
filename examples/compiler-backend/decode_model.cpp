//===- decode_model.cpp - what a model needs, as IR -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "decode_model.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

/// Returns the type of the cache; null after a diagnostic.
static fp8attn::CacheType getCacheType(OpBuilder &builder, Location loc,
                                       const DecodeModel &model) {
  const int64_t pageTokens = 32;
  const Type element = builder.getType<Float8E4M3FNType>();
  // The layout is left open: a pass takes the one that all kernels read.
  return fp8attn::CacheType::getChecked(
      [&] { return emitError(loc); }, builder.getContext(),
      fp8attn::CacheContent::KeyValue, model.kvHeads, model.headDim, pageTokens,
      element, fp8attn::LayoutAttr());
}

/// Returns the map from (page, head, token, channel) to the scale of the head.
static AffineMapAttr getScaleMap(OpBuilder &builder) {
  return AffineMapAttr::get(AffineMap::get(/*dimCount=*/4, /*symbolCount=*/0,
                                           builder.getAffineDimExpr(1)));
}

OwningOpRef<ModuleOp> buildDecodeModule(MLIRContext &context,
                                        const DecodeModel &model) {
  context.loadDialect<fp8attn::Fp8AttnDialect, func::FuncDialect>();
  OpBuilder builder(&context);
  Location loc = NameLoc::get(builder.getStringAttr("decode"));
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  fp8attn::CacheType cache = getCacheType(builder, loc, model);
  if (!cache)
    return nullptr;

  constexpr int64_t kDynamic = ShapedType::kDynamic;
  auto rows = MemRefType::getChecked([&] { return emitError(loc); },
                                     {kDynamic, model.heads, model.headDim},
                                     builder.getBF16Type(), AffineMap());
  if (!rows)
    return nullptr;
  auto scales = MemRefType::get({model.kvHeads}, builder.getF32Type());
  auto perSequence = MemRefType::get({kDynamic}, builder.getI32Type());
  auto pages = MemRefType::get({kDynamic, kDynamic}, builder.getI32Type());
  auto function = func::FuncOp::create(
      loc, "decode",
      builder.getFunctionType(
          {rows, cache, scales, scales, perSequence, perSequence, pages, rows},
          {}));
  module->push_back(function);
  builder.setInsertionPointToStart(function.addEntryBlock());
  Value query = function.getArgument(0),
        keysAndValues = function.getArgument(1);
  Value keyScale = function.getArgument(2),
        valueScale = function.getArgument(3);
  Value queryStart = function.getArgument(4), seqLens = function.getArgument(5);
  Value blockTable = function.getArgument(6), out = function.getArgument(7);
  auto attention = fp8attn::PagedAttentionOp::create(
      builder, loc, query, keysAndValues, queryStart, seqLens, blockTable, out);
  attention.getKeyScaleMutable().assign(keyScale);
  attention.getValueScaleMutable().assign(valueScale);
  attention.setKeyScaleMapAttr(getScaleMap(builder));
  attention.setValueScaleMapAttr(getScaleMap(builder));
  attention.setCausal(true);
  func::ReturnOp::create(builder, loc);
  if (failed(verify(*module)))
    return nullptr;
  return module;
}
