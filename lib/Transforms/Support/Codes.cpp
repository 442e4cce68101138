//===- Codes.cpp - numbers of the codes of caches -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Codes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace mlir::fp8attn;

float mlir::fp8attn::largestCode(Type element) {
  if (auto format = dyn_cast<FloatType>(element))
    return llvm::APFloat::getLargest(format.getFloatSemantics())
        .convertToFloat();
  // Of -128 there is no negative.
  return 127;
}

Value mlir::fp8attn::valuesOfCodes(OpBuilder &builder, Location loc,
                                   Value codes, Type element) {
  auto like = [&](Type type) -> Type {
    auto vector = dyn_cast<VectorType>(codes.getType());
    return vector ? vector.clone(type) : type;
  };
  Type f32 = like(builder.getF32Type());
  if (element.isInteger())
    return arith::SIToFPOp::create(builder, loc, f32, codes);
  codes = arith::BitcastOp::create(builder, loc, like(element), codes);
  return arith::ExtFOp::create(builder, loc, f32, codes);
}
