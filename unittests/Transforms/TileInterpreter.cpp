//===- TileInterpreter.cpp - what stands around tile operations -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loops, numbers and memory: what decomposition emits of other dialects.
//
//===----------------------------------------------------------------------===//

#include "TileInterpreter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace mlir::fp8attn;

LogicalResult TileInterpreter::run(func::FuncOp function,
                                   ArrayRef<Datum> arguments) {
  for (auto [argument, datum] :
       llvm::zip_equal(function.getArguments(), arguments))
    data[argument] = datum;
  return runBlock(function.getBody().front());
}

LogicalResult TileInterpreter::runBlock(Block &block) {
  for (Operation &op : block) {
    if (op.hasTrait<OpTrait::IsTerminator>())
      return success();
    if (failed(runNumber(&op)) && failed(runMemory(&op)) &&
        failed(runItem(&op)) && failed(runTile(&op)) && failed(runLoop(&op)))
      return op.emitOpError("is not interpreted");
  }
  return success();
}

LogicalResult TileInterpreter::runLoop(Operation *op) {
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    Region &region = integer(branch.getCondition()) ? branch.getThenRegion()
                                                    : branch.getElseRegion();
    return region.empty() ? success() : runBlock(region.front());
  }
  if (auto forall = dyn_cast<scf::ForallOp>(op)) {
    const int64_t count = integer(forall.getDynamicUpperBound().front());
    for (int64_t i = 0; i < count; ++i) {
      data[forall.getInductionVar(0)] = i;
      if (failed(runBlock(*forall.getBody())))
        return failure();
    }
    return success();
  }
  auto loop = dyn_cast<scf::ForOp>(op);
  if (!loop)
    return failure();
  for (auto [carried, init] :
       llvm::zip(loop.getRegionIterArgs(), loop.getInitArgs()))
    data[carried] = get(init);
  for (int64_t i = integer(loop.getLowerBound());
       i < integer(loop.getUpperBound()); i += integer(loop.getStep())) {
    data[loop.getInductionVar()] = i;
    if (failed(runBlock(*loop.getBody())))
      return failure();
    SmallVector<Datum> yielded;
    for (Value value : loop.getYieldedValues())
      yielded.push_back(get(value));
    for (auto [carried, datum] : llvm::zip(loop.getRegionIterArgs(), yielded))
      data[carried] = datum;
  }
  for (auto [result, carried] :
       llvm::zip(loop.getResults(), loop.getRegionIterArgs()))
    data[result] = get(carried);
  return success();
}

/// Returns the bits of a float of a type, or the integer.
static APInt toBits(const Datum &datum, Type type) {
  auto floating = dyn_cast<FloatType>(type);
  if (!floating)
    return APInt(type.getIntOrFloatBitWidth(), std::get<int64_t>(datum),
                 /*isSigned=*/true, /*implicitTrunc=*/true);
  APFloat value(std::get<double>(datum));
  bool isInexact;
  value.convert(floating.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                &isInexact);
  return value.bitcastToAPInt();
}

static Datum fromBits(const APInt &bits, Type type) {
  auto floating = dyn_cast<FloatType>(type);
  if (!floating)
    return static_cast<int64_t>(bits.getZExtValue());
  APFloat value(floating.getFloatSemantics(), bits);
  bool isInexact;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                &isInexact);
  return value.convertToDouble();
}

LogicalResult TileInterpreter::runNumber(Operation *op) {
  auto setFloat = [&](auto op, auto compute) {
    data[op.getResult()] = compute(number(op.getLhs()), number(op.getRhs()));
    return success();
  };
  auto setInteger = [&](auto op, auto compute) {
    data[op.getResult()] = compute(integer(op.getLhs()), integer(op.getRhs()));
    return success();
  };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](arith::ConstantOp op) {
        if (auto value = dyn_cast<FloatAttr>(op.getValue()))
          data[op.getResult()] = value.getValueAsDouble();
        else
          data[op.getResult()] = cast<IntegerAttr>(op.getValue()).getInt();
        return success();
      })
      .Case([&](arith::MulFOp op) {
        return setFloat(op, [](double a, double b) { return a * b; });
      })
      .Case([&](arith::DivFOp op) {
        return setFloat(op, [](double a, double b) { return a / b; });
      })
      .Case([&](arith::AddFOp op) {
        return setFloat(op, [](double a, double b) { return a + b; });
      })
      .Case([&](arith::MaximumFOp op) {
        return setFloat(op, [](double a, double b) {
          // Of a NaN, a NaN.
          return std::isnan(a) || std::isnan(b) ? a + b : std::max(a, b);
        });
      })
      .Case([&](arith::MulIOp op) {
        return setInteger(op, [](int64_t a, int64_t b) { return a * b; });
      })
      .Case([&](arith::AndIOp op) {
        return setInteger(op, [](int64_t a, int64_t b) { return a & b; });
      })
      .Case([&](arith::ShLIOp op) {
        return setInteger(op, [](int64_t a, int64_t b) { return a << b; });
      })
      .Case([&](arith::CmpIOp op) {
        const unsigned width =
            op.getLhs().getType().isIndex()
                ? IndexType::kInternalStorageBitWidth
                : op.getLhs().getType().getIntOrFloatBitWidth();
        const auto bits = [&](Value value) {
          return APInt(width, integer(value), /*isSigned=*/true,
                       /*implicitTrunc=*/true);
        };
        data[op.getResult()] = int64_t(arith::applyCmpPredicate(
            op.getPredicate(), bits(op.getLhs()), bits(op.getRhs())));
        return success();
      })
      .Case([&](arith::SelectOp op) {
        data[op.getResult()] = integer(op.getCondition())
                                   ? get(op.getTrueValue())
                                   : get(op.getFalseValue());
        return success();
      })
      .Case([&](arith::ExtUIOp op) {
        data[op.getResult()] = fromBits(
            toBits(get(op.getIn()), op.getIn().getType()), op.getType());
        return success();
      })
      .Case([&](arith::BitcastOp op) {
        data[op.getResult()] = fromBits(
            toBits(get(op.getIn()), op.getIn().getType()), op.getType());
        return success();
      })
      .Case([&](math::TanhOp op) {
        data[op.getResult()] = std::tanh(number(op.getOperand()));
        return success();
      })
      .Default(failure());
}

LogicalResult TileInterpreter::runMemory(Operation *op) {
  auto place = [&](ValueRange indices) {
    return llvm::map_to_vector(indices,
                               [&](Value index) { return integer(index); });
  };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](memref::LoadOp op) {
        data[op.getResult()] =
            array(op.getMemRef())->at(place(op.getIndices()));
        return success();
      })
      .Case([&](memref::StoreOp op) {
        array(op.getMemRef())->at(place(op.getIndices())) =
            number(op.getValueToStore());
        return success();
      })
      .Case([&](memref::DimOp op) {
        data[op.getResult()] =
            array(op.getSource())->sizes[integer(op.getIndex())];
        return success();
      })
      .Default(failure());
}
