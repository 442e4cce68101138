//===- SizeChecks.cpp - sizes that only a call knows ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All become check.size, which stands where nothing has been written yet if it
// can.
//
//===----------------------------------------------------------------------===//

#include "SizeChecks.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

LogicalResult mlir::fp8attn::demandSame(OpBuilder &builder, Location loc,
                                        StringRef name, OpFoldResult size,
                                        StringRef otherName, OpFoldResult other,
                                        std::string &why) {
  std::optional<int64_t> one = getConstantIntValue(size),
                         second = getConstantIntValue(other);
  if (one && second && *one != *second) {
    why = llvm::formatv("expects {0} ({1}) to equal {2} ({3})", name, *one,
                        otherName, *second);
    return failure();
  }
  if (size == other || (one && second))
    return success();
  CheckSizeOp::create(
      builder, loc, name, getValueOrCreateConstantIndexOp(builder, loc, size),
      otherName, getValueOrCreateConstantIndexOp(builder, loc, other));
  return success();
}

void mlir::fp8attn::demandUpTo(OpBuilder &builder, Location loc, StringRef name,
                               Value number, StringRef mostName, Value most) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value near = arith::MaxSIOp::create(
      builder, loc, arith::MinSIOp::create(builder, loc, number, most), zero);
  CheckSizeOp::create(builder, loc, name, number, ("0 to " + mostName).str(),
                      near);
}
