//===- ElementTypes.cpp - element types of the C ABI ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Target/ElementTypes.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;

bool mlir::fp8attn::isAbiType(Type type) {
  return isa<Float32Type, BFloat16Type, Float16Type, Float8E4M3FNType,
             Float8E5M2Type, Float8E8M0FNUType>(type) ||
         type.isSignlessInteger(1) || type.isSignlessInteger(8) ||
         type.isSignlessInteger(32) || type.isSignlessInteger(64);
}

fp8attn_type mlir::fp8attn::getAbiType(Type type) {
  if (type.isF32())
    return FP8ATTN_TYPE_F32;
  if (type.isBF16())
    return FP8ATTN_TYPE_BF16;
  if (type.isF16())
    return FP8ATTN_TYPE_F16;
  if (isa<Float8E4M3FNType>(type))
    return FP8ATTN_TYPE_F8E4M3FN;
  if (isa<Float8E5M2Type>(type))
    return FP8ATTN_TYPE_F8E5M2;
  if (isa<Float8E8M0FNUType>(type))
    return FP8ATTN_TYPE_F8E8M0FNU;
  if (isa<Float4E2M1FNType>(type))
    return FP8ATTN_TYPE_F4E2M1FN;
  if (type.isInteger(1))
    return FP8ATTN_TYPE_BOOL;
  if (type.isInteger(4))
    return FP8ATTN_TYPE_I4;
  if (type.isInteger(8))
    return FP8ATTN_TYPE_I8;
  return type.isInteger(32) ? FP8ATTN_TYPE_I32 : FP8ATTN_TYPE_I64;
}
