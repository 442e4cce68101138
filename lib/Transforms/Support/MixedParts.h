//===- MixedParts.h - the two parts of a mixed cache ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A cache whose keys have channels of two element types is a cache of codes and
// one of bf16, which passes then take as any other.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SUPPORT_MIXEDPARTS_H
#define FP8ATTN_LIB_TRANSFORMS_SUPPORT_MIXEDPARTS_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// The channels of a mixed cache that are codes, and those that are bf16.
struct MixedParts {
  TypedValue<CacheType> codes, rope;
};

/// Returns the parts of a cache, which is mixed.
inline MixedParts splitMixed(OpBuilder &builder, Location loc, Value cache) {
  const auto type = cast<CacheType>(cache.getType());
  auto codes =
      CacheChannelsOp::create(builder, loc, type.getCodedPart(), cache);
  auto rope = CacheChannelsOp::create(builder, loc, type.getRopePart(), cache);
  return {codes.getPart(), rope.getPart()};
}

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SUPPORT_MIXEDPARTS_H
