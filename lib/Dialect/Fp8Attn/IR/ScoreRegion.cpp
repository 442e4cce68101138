//===- ScoreRegion.cpp - what a score region may hold ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A score region is computed for a vector of keys at once, on every ISA,
// without a call of a library. Accepted are operations that are elementwise,
// cannot trap whatever unused lanes hold, and have code of their own
// everywhere.
//
//===----------------------------------------------------------------------===//

#include "Verifiers.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Block arguments: score, sequence, head, query position, key position.
static SmallVector<Type> getExpectedArguments(MLIRContext *context) {
  SmallVector<Type> types(5, IndexType::get(context));
  types.front() = Float32Type::get(context);
  return types;
}

namespace {
/// Operations, and their names for a user.
template <typename... Ops> struct OpList {
  static bool contains(Operation &op) { return isa<Ops...>(op); }
  static SmallVector<StringRef> getNames() {
    return {Ops::getOperationName()...};
  }
};
} // namespace

using Elementwise =
    OpList<arith::ConstantOp, arith::AddFOp, arith::SubFOp, arith::MulFOp,
           arith::DivFOp, arith::NegFOp, arith::MaximumFOp, arith::MinimumFOp,
           arith::MaxNumFOp, arith::MinNumFOp, arith::CmpFOp, arith::CmpIOp,
           arith::SelectOp, arith::AddIOp, arith::SubIOp, arith::MulIOp,
           arith::AndIOp, arith::OrIOp, arith::XOrIOp, arith::MaxSIOp,
           arith::MinSIOp, arith::MaxUIOp, arith::MinUIOp, arith::ExtFOp,
           arith::TruncFOp, arith::ExtSIOp, arith::ExtUIOp, arith::TruncIOp,
           arith::SIToFPOp, arith::UIToFPOp, arith::IndexCastOp,
           arith::IndexCastUIOp, math::TanhOp, math::ExpOp, math::Exp2Op,
           math::LogOp, math::Log2Op, math::SqrtOp, math::RsqrtOp,
           math::AbsFOp>;

/// Undefined for some right operands.
using Divisions =
    OpList<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp>;
using Shifts = OpList<arith::ShLIOp, arith::ShRSIOp, arith::ShRUIOp>;

static bool isRegionType(Type type) {
  return type.isF32() || type.isBF16() || type.isF16() || type.isIndex() ||
         type.isInteger(1) || type.isInteger(8) || type.isInteger(32) ||
         type.isInteger(64);
}

/// Checks what is loaded from a memref or extracted from a tensor.
static LogicalResult verifyLoad(Operation *op, ShapedType type) {
  // score_region_c5
  Type element = type.getElementType();
  if (!element.isF32() && !element.isBF16() && !element.isF16() &&
      !element.isInteger(1) && !element.isInteger(8) &&
      !element.isInteger(32) && !element.isInteger(64))
    return op->emitOpError("expects loads of f32, bf16, f16, i1, i8, i32 or "
                           "i64 in a score region, got ")
           << type;
  SmallVector<int64_t> strides;
  int64_t offset;
  // score_region_c6
  auto memref = dyn_cast<MemRefType>(type);
  if (memref && (memref.getMemorySpace() ||
                 failed(memref.getStridesAndOffset(strides, offset))))
    return op->emitOpError("expects loads of a score region from strided "
                           "memrefs in the default memory space, got ")
           << type;
  return success();
}

/// A division by 0 traps, as does that of the least number by -1; a shift by
/// the width or more is undefined.
static LogicalResult verifyRightOperand(Operation *op, Operation &inner) {
  const bool isShift = Shifts::contains(inner);
  if (!isShift && !Divisions::contains(inner))
    return success();
  const bool isSigned = isa<arith::DivSIOp, arith::RemSIOp>(inner);
  APInt right;
  const bool isConstant =
      matchPattern(inner.getOperand(1), m_ConstantInt(&right));
  SmallString<32> got("a value that is not constant");
  if (isConstant) {
    got.clear();
    right.toStringSigned(got);
  }
  // score_region_c8
  if (!isShift &&
      (!isConstant || right.isZero() || (isSigned && right.isAllOnes()))) {
    InFlightDiagnostic diagnostic = op->emitOpError("expects ")
                                    << inner.getName()
                                    << " of a score region by a constant other "
                                       "than "
                                    << (isSigned ? "0 and -1" : "0") << ", got "
                                    << got;
    diagnostic.attachNote(inner.getLoc()) << "the operation is here";
    return diagnostic;
  }
  // score_region_c9
  if (isShift && (!isConstant || right.uge(right.getBitWidth()))) {
    InFlightDiagnostic diagnostic =
        op->emitOpError("expects ")
        << inner.getName()
        << " of a score region by a constant of 0 or more and less than the "
           "number of bits, got "
        << got;
    diagnostic.attachNote(inner.getLoc()) << "the operation is here";
    return diagnostic;
  }
  return success();
}

static LogicalResult verifyOperation(Operation *op, Operation &inner,
                                     bool hasTensors) {
  if (auto load = dyn_cast<memref::LoadOp>(inner))
    return verifyLoad(op, load.getMemRefType());
  if (auto extract = dyn_cast<tensor::ExtractOp>(inner)) {
    // score_region_c10
    if (!hasTensors) {
      InFlightDiagnostic diagnostic = op->emitOpError(
          "expects memref.load and no tensor.extract in the score region of an "
          "operation on memrefs");
      diagnostic.attachNote(inner.getLoc()) << "the operation is here";
      return diagnostic;
    }
    return verifyLoad(op, extract.getTensor().getType());
  }
  // score_region_c3
  if (!Elementwise::contains(inner) && !Divisions::contains(inner) &&
      !Shifts::contains(inner)) {
    InFlightDiagnostic diagnostic =
        op->emitOpError("expects no ")
        << inner.getName()
        << " in a score region, which takes what is defined for all operands: "
           "memref.load, "
        << (hasTensors ? "tensor.extract, " : "")
        << llvm::join(Elementwise::getNames(), ", ") << "; by constants "
        << llvm::join(Divisions::getNames(), ", ") << ", "
        << llvm::join(Shifts::getNames(), ", ");
    diagnostic.attachNote(inner.getLoc()) << "the operation is here";
    return diagnostic;
  }
  if (failed(verifyRightOperand(op, inner)))
    return failure();
  // score_region_c4
  for (Type type : inner.getResultTypes())
    if (!isRegionType(type))
      return op->emitOpError("expects values of f32, bf16, f16, index, i1, i8, "
                             "i32 or i64 in a score region, got ")
             << type << " of " << inner.getName();
  // score_region_c7
  auto truncate = dyn_cast<arith::TruncFOp>(inner);
  if (truncate && truncate.getRoundingmode().value_or(
                      arith::RoundingMode::to_nearest_even) !=
                      arith::RoundingMode::to_nearest_even)
    return op->emitOpError("expects arith.truncf of a score region to round to "
                           "nearest even, got ")
           << arith::stringifyRoundingMode(*truncate.getRoundingmode());
  return success();
}

LogicalResult fp8attn::detail::verifyScoreRegion(Operation *op, Region &region,
                                                 bool hasTensors) {
  Block &block = region.front();
  // score_region_c1
  SmallVector<Type> expected = getExpectedArguments(op->getContext());
  if (block.getArgumentTypes() != TypeRange(expected)) {
    InFlightDiagnostic diagnostic = op->emitOpError(
        "expects a score region that takes (f32, index, index, index, index), "
        "got (");
    llvm::interleaveComma(block.getArgumentTypes(), diagnostic);
    return diagnostic << ")";
  }
  // score_region_c2
  if (block.empty() || !isa<YieldOp>(block.back()))
    return op->emitOpError("expects a score region that ends with "
                           "fp8attn.yield");
  for (Operation &inner : block.without_terminator())
    if (failed(verifyOperation(op, inner, hasTensors)))
      return failure();
  return success();
}
