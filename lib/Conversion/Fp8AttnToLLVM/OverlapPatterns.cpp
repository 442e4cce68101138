//===- OverlapPatterns.cpp - checks of where operands are -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Checks that compare the memory of operands hand them to the runtime on the
// stack: memrefs as the tensors that they are, a cache as the bytes of its
// pages, which may have gaps between them. The check of overlaps takes all
// operands of an operation in one call, as an array.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "CheckLowering.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Runtime/fp8attn.h"
#include "fp8attn/Target/ElementTypes.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Fills in one fp8attn_operand.
class OperandBuilder {
public:
  OperandBuilder(OpBuilder &builder, Location loc, int32_t type, int64_t rank)
      : builder(builder), loc(loc),
        operand(LLVM::ZeroOp::create(
            builder, loc, abi::getOperandType(builder.getContext()))) {
    set(makeInteger(builder, loc, 32, type), {1, abi::kTensorElementType});
    set(makeInteger(builder, loc, 32, rank), {1, abi::kTensorRank});
  }

  void setName(Value name) { set(name, {0}); }
  void setData(Value data) { set(data, {1, abi::kTensorData}); }
  void setDim(int64_t dim, Value size, Value stride) {
    set(size, {1, abi::kTensorSizes, dim});
    set(stride, {1, abi::kTensorStrides, dim});
  }
  Value get() const { return operand; }

private:
  void set(Value value, ArrayRef<int64_t> position) {
    operand =
        LLVM::InsertValueOp::create(builder, loc, operand, value, position);
  }

  OpBuilder &builder;
  Location loc;
  Value operand;
};

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
  Value storeOperand(OpBuilder &builder, Op op, Value operands, int32_t index,
                     Type type, Value value, StringRef name) const {
    Location loc = op.getLoc();
    Value place = LLVM::GEPOp::create(
        builder, loc, LLVM::LLVMPointerType::get(op.getContext()),
        abi::getOperandType(op.getContext()), operands,
        ArrayRef<LLVM::GEPArg>{index});
    LLVM::StoreOp::create(builder, loc,
                          describe(builder, op, type, value, name), place);
    return place;
  }

private:
  Value describe(OpBuilder &builder, Op op, Type type, Value value,
                 StringRef name) const {
    Location loc = op.getLoc();
    Value text = makeString(builder, loc, op, name);
    if (auto cache = dyn_cast<CacheType>(type)) {
      OperandBuilder operand(builder, loc, FP8ATTN_TYPE_I8, 2);
      operand.setName(text);
      operand.setData(getCacheMember(builder, loc, value, abi::kCacheData));
      operand.setDim(0,
                     getCacheMember(builder, loc, value, abi::kCacheNumPages),
                     getCacheMember(builder, loc, value, abi::kCachePageBytes));
      operand.setDim(1, makeInteger(builder, loc, 64, cache.getPageBytes()),
                     makeInteger(builder, loc, 64, 1));
      return operand.get();
    }
    auto memref = cast<MemRefType>(type);
    OperandBuilder operand(builder, loc, getAbiType(memref.getElementType()),
                           memref.getRank());
    operand.setName(text);
    operand.setData(getElementPointer(builder, loc, *this->getTypeConverter(),
                                      value, memref));
    MemRefDescriptor descriptor(value);
    for (int64_t dim = 0; dim < memref.getRank(); ++dim)
      operand.setDim(dim, descriptor.size(builder, loc, dim),
                     descriptor.stride(builder, loc, dim));
    return operand.get();
  }
};

struct CheckOverlapLowering
    : OperandCheckLowering<CheckOverlapOp, runtime::kCheckOverlap> {
  using OperandCheckLowering::OperandCheckLowering;

  SmallVector<Value> getArguments(CheckOverlapOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    Location loc = op.getLoc();
    auto number = [&](int64_t value) {
      return makeInteger(builder, loc, 64, value);
    };
    const int64_t count = op->getNumOperands();
    Value operands = allocateOperands(builder, op, count);
    for (auto [index, original, converted, name] :
         llvm::enumerate(op->getOperands(), adaptor.getOperands(),
                         op.getNames().getAsRange<StringAttr>()))
      storeOperand(builder, op, operands, index, original.getType(), converted,
                   name);
    return {operands, number(count), number(op.getWritten().size()),
            number(op.getInPlace().size())};
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
    return {getPointer(builder, loc, op.getPages(), adaptor.getPages()),
            pages.size(builder, loc, 0), pages.stride(builder, loc, 0),
            storeOperand(builder, op, operands, 0, op.getSource().getType(),
                         adaptor.getSource(), "source"),
            storeOperand(builder, op, operands, 1,
                         op.getDestination().getType(),
                         adaptor.getDestination(), "destination")};
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
    Value operand = storeOperand(builder, op, allocateOperands(builder, op, 1),
                                 0, type, adaptor.getTensor(), op.getName());
    Value tensor = LLVM::GEPOp::create(builder, loc,
                                       LLVM::LLVMPointerType::get(getContext()),
                                       abi::getOperandType(getContext()),
                                       operand, ArrayRef<LLVM::GEPArg>{0, 1});
    return {tensor, makeTensorSpec(builder, loc, op, type, op.getName())};
  }
};
} // namespace

void mlir::fp8attn::populateOverlapPatterns(const LLVMTypeConverter &converter,
                                            RewritePatternSet &patterns) {
  patterns
      .add<CheckOverlapLowering, CheckPageMovesLowering, CheckTensorLowering>(
          converter);
}
