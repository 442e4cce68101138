//===- Builders.cpp - operations with what must be there ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations of the model level have more optional operands than anybody gives,
// and get new ones. Who builds them with these alone need not name the others.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::fp8attn;

void PagedAttentionOp::build(OpBuilder &builder, OperationState &state,
                             Value query, ValueRange caches, Value queryStart,
                             Value seqLens, Value blockTable, Value out) {
  TypeRange results;
  if (isa<TensorType>(out.getType()))
    results = out.getType();
  build(builder, state, results, query, caches, /*keyScale=*/Value(),
        /*valueScale=*/Value(), queryStart, seqLens, blockTable,
        /*sink=*/Value(), out, /*lse=*/Value(), /*alibi=*/Value(),
        /*mask=*/Value(), /*softmaxScaleValue=*/Value(), /*groupStart=*/Value(),
        /*prefixLens=*/Value(), /*prefixTable=*/Value(), /*draftMask=*/Value(),
        /*selectedPages=*/Value(), /*selectedTokens=*/Value(),
        /*queryScale=*/Value(), /*outScale=*/Value(), /*keyOuterScale=*/Value(),
        /*valueOuterScale=*/Value(), /*keyZeroPoint=*/Value(),
        /*valueZeroPoint=*/Value(), /*keyScaleMap=*/AffineMapAttr(),
        /*valueScaleMap=*/AffineMapAttr(), /*queryScaleMap=*/AffineMapAttr(),
        /*outScaleMap=*/AffineMapAttr(), /*keyZeroPointMap=*/AffineMapAttr(),
        /*valueZeroPointMap=*/AffineMapAttr(), /*softmax_scale=*/FloatAttr(),
        /*softcap=*/FloatAttr(), /*causal=*/false,
        /*window_left=*/IntegerAttr(), /*window_right=*/IntegerAttr());
}

void KvWriteOp::build(OpBuilder &builder, OperationState &state, Value key,
                      Value value, Value slots, ValueRange caches) {
  build(builder, state, TypeRange(), key, value, /*query=*/Value(), slots,
        /*keyNorm=*/Value(), /*queryNorm=*/Value(), /*positions=*/Value(),
        /*cos=*/Value(), /*sin=*/Value(), /*queryOut=*/Value(),
        /*keyScale=*/Value(), /*valueScale=*/Value(), /*keyZeroPoint=*/Value(),
        /*valueZeroPoint=*/Value(), caches,
        /*keyOuterScale=*/Value(), /*valueOuterScale=*/Value(),
        /*keyScaleMap=*/AffineMapAttr(), /*valueScaleMap=*/AffineMapAttr(),
        /*keyZeroPointMap=*/AffineMapAttr(),
        /*valueZeroPointMap=*/AffineMapAttr(), /*norm_eps=*/FloatAttr());
}
