//===- OverlapPatterns.cpp - the check that operands do not overlap ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The check compares all operands of an operation in one call, so they go to
// the runtime as an array on the stack: memrefs as the tensors that they are, a
// cache as the bytes of its pages, which may have gaps between them.
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

struct CheckOverlapLowering
    : CheckLowering<CheckOverlapOp, runtime::kCheckOverlap> {
  using CheckLowering::CheckLowering;

  SmallVector<Value> getArguments(CheckOverlapOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    Location loc = op.getLoc();
    auto number = [&](int64_t value) {
      return makeInteger(builder, loc, 64, value);
    };
    const int64_t count = op->getNumOperands();
    auto pointer = LLVM::LLVMPointerType::get(getContext());
    LLVM::LLVMStructType type = abi::getOperandType(getContext());
    Value operands = allocateOnStack(builder, op, type, count);
    for (auto [index, original, converted, name] :
         llvm::enumerate(op->getOperands(), adaptor.getOperands(),
                         op.getNames().getAsRange<StringAttr>())) {
      Value place = LLVM::GEPOp::create(
          builder, loc, pointer, type, operands,
          ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
      LLVM::StoreOp::create(
          builder, loc,
          describe(builder, op, original.getType(), converted, name), place);
    }
    return {operands, number(count), number(op.getWritten().size()),
            number(op.getInPlace().size())};
  }

private:
  Value describe(OpBuilder &builder, CheckOverlapOp op, Type type, Value value,
                 StringAttr name) const {
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
    operand.setData(
        getElementPointer(builder, loc, *getTypeConverter(), value, memref));
    MemRefDescriptor descriptor(value);
    for (int64_t dim = 0; dim < memref.getRank(); ++dim)
      operand.setDim(dim, descriptor.size(builder, loc, dim),
                     descriptor.stride(builder, loc, dim));
    return operand.get();
  }
};
} // namespace

void mlir::fp8attn::populateOverlapPatterns(const LLVMTypeConverter &converter,
                                            RewritePatternSet &patterns) {
  patterns.add<CheckOverlapLowering>(converter);
}
