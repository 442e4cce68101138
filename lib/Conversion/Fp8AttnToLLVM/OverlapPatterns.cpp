//===- OverlapPatterns.cpp - checks of where operands are -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Checks that compare the memory of operands hand them to the runtime on the
// stack: memrefs as the tensors that they are, a cache as the bytes of its
// pages, which may have gaps between them. The checks of overlaps take all
// operands in one call, as an array.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "ArgumentFrame.h"
#include "CheckLowering.h"
#include "Operands.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// A lowering of a check that takes operands.
template <typename Op, const RuntimeFunction &function>
struct OperandCheckLowering : CheckLowering<Op, function> {
  using CheckLowering<Op, function>::CheckLowering;

protected:
  /// Returns the address of `count` fp8attn_operand on the stack.
  static Value allocateOperands(OpBuilder &builder, Op op, int64_t count) {
    return allocateOnStack(builder, op, abi::getOperandType(op.getContext()),
                           count);
  }

  /// Fills in operand `index` of an array and returns its address.
  Value store(OpBuilder &builder, Op op, Value operands, int32_t index,
              const OperandShape &shape, Value value, StringRef name) const {
    return storeOperand(builder, op.getLoc(), this->symbols,
                        *this->getTypeConverter(), operands, index, shape,
                        value, name);
  }

  /// Fills in an array with all operands and their names, and returns it.
  Value storeOperands(OpBuilder &builder, Op op, ValueRange converted) const {
    Value operands = allocateOperands(builder, op, op->getNumOperands());
    for (auto [index, type, value, name] :
         llvm::enumerate(op->getOperandTypes(), converted,
                         op.getNames().template getAsRange<StringAttr>()))
      if (Value place =
              getHandedOnPlace(builder, op.getLoc(), op->getOperand(index)))
        storeOperandOfFrame(builder, op.getLoc(), this->symbols,
                            *this->getTypeConverter(), operands, index,
                            OperandShape(type), place, name);
      else
        store(builder, op, operands, index, OperandShape(type), value, name);
    return operands;
  }
};

struct CheckOverlapLowering
    : OperandCheckLowering<CheckOverlapOp, runtime::kCheckOverlap> {
  using OperandCheckLowering::OperandCheckLowering;

  SmallVector<Value> getArguments(CheckOverlapOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    auto number = [&](int64_t value) {
      return makeInteger(builder, op.getLoc(), 64, value);
    };
    return {storeOperands(builder, op, adaptor.getOperands()),
            number(op->getNumOperands()), number(op.getWritten().size()),
            number(op.getInPlace().size())};
  }
};

struct CheckLaterReadsLowering
    : OperandCheckLowering<CheckLaterReadsOp, runtime::kCheckLaterReads> {
  using OperandCheckLowering::OperandCheckLowering;

  SmallVector<Value> getArguments(CheckLaterReadsOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    return {storeOperands(builder, op, adaptor.getOperands()),
            makeString(builder, op.getLoc(), symbols, op.getOrder())};
  }
};

struct CheckPageMovesLowering
    : OperandCheckLowering<CheckPageMovesOp, runtime::kCheckPageMoves> {
  using OperandCheckLowering::OperandCheckLowering;

  SmallVector<Value> getArguments(CheckPageMovesOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    Location loc = op.getLoc();
    MemRefDescriptor pages(adaptor.getPages());
    Value operands = allocateOperands(builder, op, 2);
    auto storeCache = [&](int32_t index, Value cache, Value converted,
                          StringRef name) {
      return store(builder, op, operands, index, OperandShape(cache.getType()),
                   converted, name);
    };
    return {getPointer(builder, loc, op.getPages(), adaptor.getPages()),
            pages.size(builder, loc, 0), pages.stride(builder, loc, 0),
            storeCache(0, op.getSource(), adaptor.getSource(), "source"),
            storeCache(1, op.getDestination(), adaptor.getDestination(),
                       "destination")};
  }
};

/// The tensor is that of an operand, which begins with a name.
struct CheckTensorLowering
    : OperandCheckLowering<CheckTensorOp, runtime::kCheckTensor> {
  using OperandCheckLowering::OperandCheckLowering;

  SmallVector<Value> getArguments(CheckTensorOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    Location loc = op.getLoc();
    MemRefType type = op.getTensor().getType();
    OperandShape shape(type);
    // A memref.cast may have said more than is true.
    shape.forget();
    Value operand = store(builder, op, allocateOperands(builder, op, 1), 0,
                          shape, adaptor.getTensor(), op.getName());
    Value tensor = LLVM::GEPOp::create(builder, loc,
                                       LLVM::LLVMPointerType::get(getContext()),
                                       abi::getOperandType(getContext()),
                                       operand, ArrayRef<LLVM::GEPArg>{0, 1});
    return {tensor, makeTensorSpec(builder, loc, symbols, type, op.getName())};
  }
};
} // namespace

void mlir::fp8attn::populateOverlapPatterns(const LLVMTypeConverter &converter,
                                            ModuleSymbols &symbols,
                                            RewritePatternSet &patterns) {
  patterns.add<CheckOverlapLowering, CheckLaterReadsLowering,
               CheckPageMovesLowering, CheckTensorLowering>(converter, symbols);
}
