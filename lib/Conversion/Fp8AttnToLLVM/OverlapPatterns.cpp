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
#include "CheckLowering.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Runtime/fp8attn.h"
#include "fp8attn/Target/ElementTypes.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// What an operand is but for its address: sizes and strides of a tensor, in
/// the terms of the runtime. Dynamic ones are 0 in the constant.
struct OperandShape {
  explicit OperandShape(Type type);

  /// Takes nothing for granted that the type says.
  void forget() {
    llvm::fill(sizes, ShapedType::kDynamic);
    llvm::fill(strides, ShapedType::kDynamic);
  }

  int32_t elementType;
  SmallVector<int64_t> sizes, strides;
};
} // namespace

OperandShape::OperandShape(Type type) {
  if (auto cache = dyn_cast<CacheType>(type)) {
    elementType = FP8ATTN_TYPE_I8;
    sizes = {ShapedType::kDynamic, cache.getPageBytes()};
    strides = {ShapedType::kDynamic, 1};
    return;
  }
  auto memref = cast<MemRefType>(type);
  elementType = getAbiType(memref.getElementType());
  llvm::append_range(sizes, memref.getShape());
  strides = memref.getStridesAndOffset().first;
}

/// Returns a symbol for all operands of that name, type, sizes and strides.
static std::string getSymbol(const OperandShape &shape, StringRef name) {
  std::string symbol = ("fp8attn.operand." + name).str();
  llvm::raw_string_ostream stream(symbol);
  stream << "." << shape.elementType;
  for (ArrayRef<int64_t> numbers : {shape.sizes, shape.strides})
    for (int64_t number : numbers)
      if (ShapedType::isDynamic(number))
        stream << ".n";
      else
        stream << "." << number;
  return symbol;
}

/// Returns an fp8attn_operand with all that is known.
static Value buildOperand(OpBuilder &builder, Location loc, Operation *user,
                          const OperandShape &shape, StringRef name) {
  Value operand = LLVM::ZeroOp::create(
      builder, loc, abi::getOperandType(builder.getContext()));
  auto set = [&](Value value, ArrayRef<int64_t> position) {
    operand =
        LLVM::InsertValueOp::create(builder, loc, operand, value, position);
  };
  auto setDim = [&](int64_t number, int64_t member, int64_t dim) {
    if (!ShapedType::isDynamic(number))
      set(makeInteger(builder, loc, 64, number), {1, member, dim});
  };
  set(makeString(builder, loc, user, name), {0});
  set(makeInteger(builder, loc, 32, shape.elementType),
      {1, abi::kTensorElementType});
  set(makeInteger(builder, loc, 32, shape.sizes.size()), {1, abi::kTensorRank});
  for (auto [dim, size, stride] : llvm::enumerate(shape.sizes, shape.strides)) {
    setDim(size, abi::kTensorSizes, dim);
    setDim(stride, abi::kTensorStrides, dim);
  }
  return operand;
}

/// Returns the address of that as a constant of the module.
static Value makeOperandConstant(OpBuilder &builder, Location loc,
                                 Operation *user, const OperandShape &shape,
                                 StringRef name) {
  auto module = user->getParentOfType<ModuleOp>();
  const std::string symbol = getSymbol(shape, name);
  auto global = module.lookupSymbol<LLVM::GlobalOp>(symbol);
  if (!global) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    global = LLVM::GlobalOp::create(
        builder, module.getLoc(), abi::getOperandType(builder.getContext()),
        /*isConstant=*/true, LLVM::Linkage::Private, symbol, Attribute());
    builder.createBlock(&global.getInitializerRegion());
    LLVM::ReturnOp::create(
        builder, module.getLoc(),
        buildOperand(builder, module.getLoc(), user, shape, name));
  }
  return LLVM::AddressOfOp::create(builder, loc, global);
}

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

  /// Fills in operand `index` of an array and returns its address. What is
  /// known of it is copied: a function of many operations is made of checks.
  Value storeOperand(OpBuilder &builder, Op op, Value operands, int32_t index,
                     Type type, const OperandShape &shape, Value value,
                     StringRef name) const {
    Location loc = op.getLoc();
    Value place = getMember(builder, loc, operands, {index});
    LLVM::MemcpyOp::create(
        builder, loc, place, makeOperandConstant(builder, loc, op, shape, name),
        makeInteger(builder, loc, 64, sizeof(fp8attn_operand)),
        /*isVolatile=*/false);
    auto set = [&](Value number, ArrayRef<LLVM::GEPArg> position) {
      LLVM::StoreOp::create(builder, loc, number,
                            getMember(builder, loc, place, position));
    };
    if (isa<CacheType>(type)) {
      set(getCacheMember(builder, loc, value, abi::kCacheData),
          {0, 1, abi::kTensorData});
      set(getCacheMember(builder, loc, value, abi::kCacheNumPages),
          {0, 1, abi::kTensorSizes, 0});
      set(getCacheMember(builder, loc, value, abi::kCachePageBytes),
          {0, 1, abi::kTensorStrides, 0});
      return place;
    }
    set(getElementPointer(builder, loc, *this->getTypeConverter(), value,
                          cast<MemRefType>(type)),
        {0, 1, abi::kTensorData});
    MemRefDescriptor descriptor(value);
    for (int32_t dim = 0, rank = shape.sizes.size(); dim < rank; ++dim) {
      if (ShapedType::isDynamic(shape.sizes[dim]))
        set(descriptor.size(builder, loc, dim), {0, 1, abi::kTensorSizes, dim});
      if (ShapedType::isDynamic(shape.strides[dim]))
        set(descriptor.stride(builder, loc, dim),
            {0, 1, abi::kTensorStrides, dim});
    }
    return place;
  }

  /// Fills in an array with all operands and their names, and returns it.
  Value storeOperands(OpBuilder &builder, Op op, ValueRange converted) const {
    Value operands = allocateOperands(builder, op, op->getNumOperands());
    for (auto [index, type, value, name] :
         llvm::enumerate(op->getOperandTypes(), converted,
                         op.getNames().template getAsRange<StringAttr>()))
      storeOperand(builder, op, operands, index, type, OperandShape(type),
                   value, name);
    return operands;
  }

private:
  static Value getMember(OpBuilder &builder, Location loc, Value operand,
                         ArrayRef<LLVM::GEPArg> position) {
    return LLVM::GEPOp::create(
        builder, loc, LLVM::LLVMPointerType::get(builder.getContext()),
        abi::getOperandType(builder.getContext()), operand, position);
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
            makeString(builder, op.getLoc(), op, op.getOrder())};
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
    auto store = [&](int32_t index, Value cache, Value converted,
                     StringRef name) {
      Type type = cache.getType();
      return storeOperand(builder, op, operands, index, type,
                          OperandShape(type), converted, name);
    };
    return {
        getPointer(builder, loc, op.getPages(), adaptor.getPages()),
        pages.size(builder, loc, 0), pages.stride(builder, loc, 0),
        store(0, op.getSource(), adaptor.getSource(), "source"),
        store(1, op.getDestination(), adaptor.getDestination(), "destination")};
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
    Value operand =
        storeOperand(builder, op, allocateOperands(builder, op, 1), 0, type,
                     shape, adaptor.getTensor(), op.getName());
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
  patterns.add<CheckOverlapLowering, CheckLaterReadsLowering,
               CheckPageMovesLowering, CheckTensorLowering>(converter);
}
