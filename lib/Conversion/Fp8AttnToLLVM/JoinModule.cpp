//===- JoinModule.cpp - the compiled model among the code of others -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Brings back what fp8attn-split-module has moved away, and lowers what code of
// others has of the dialect: calls of entry points, views of memory as caches,
// and types. It is made of memref, arith and llvm, whatever convention that
// code is converted with afterwards.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Conversion/Passes.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Target/ElementTypes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_JOINMODULE
#include "fp8attn/Conversion/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns whether a symbol of the LLVM dialect may have another name.
static bool isLocal(Operation *op) {
  auto isLocalLinkage = [](LLVM::Linkage linkage) {
    return linkage == LLVM::Linkage::Internal ||
           linkage == LLVM::Linkage::Private;
  };
  if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op))
    return isLocalLinkage(function.getLinkage());
  return isLocalLinkage(cast<LLVM::GlobalOp>(op).getLinkage());
}

/// Returns whether both declare one function of the runtime.
static bool isSameDeclaration(Operation *op, Operation *other) {
  auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
  auto otherFunction = dyn_cast<LLVM::LLVMFuncOp>(other);
  return function && otherFunction && function.isExternal() &&
         function.getFunctionType() == otherFunction.getFunctionType();
}

/// Makes the names of the model different from those around it.
static LogicalResult resolveNames(ModuleOp model, SymbolTable &others) {
  SymbolTable symbols(model);
  for (Operation &op : llvm::make_early_inc_range(*model.getBody())) {
    auto declaration = dyn_cast<func::FuncOp>(op);
    if (declaration && declaration.isExternal()) {
      // The function itself is among the others.
      op.erase();
      continue;
    }
    if (!isa<LLVM::LLVMFuncOp, LLVM::GlobalOp>(op))
      return op.emitOpError("expects a model that convert-fp8attn-to-llvm has "
                            "converted");
    StringAttr name = SymbolTable::getSymbolName(&op);
    Operation *other = others.lookup(name);
    if (!other)
      continue;
    if (isSameDeclaration(&op, other)) {
      op.erase();
    } else if (!isLocal(&op)) {
      InFlightDiagnostic diagnostic =
          other->emitOpError("expects another name than '")
          << name.getValue() << "', which the code of the model uses for "
          << cast<LLVM::LLVMFuncOp>(op).getFunctionType();
      return diagnostic;
    } else {
      // All uses in code of the LLVM dialect are known.
      (void)symbols.renameToUnique(&op, {&others});
    }
  }
  return success();
}

/// Bytes of an element; an i1 is a byte.
static int64_t getElementBytes(MemRefType type) {
  return llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

namespace {
/// Where the elements of a memref are, as i64.
struct Place {
  /// An !llvm.ptr.
  Value data;
  SmallVector<Value> sizes, strides;
};

class Lowering : public ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  Value number(int64_t value) {
    return arith::ConstantOp::create(*this, getI64IntegerAttr(value));
  }

  Place getPlace(Value memref) {
    auto type = cast<MemRefType>(memref.getType());
    auto metadata = memref::ExtractStridedMetadataOp::create(*this, memref);
    Value start = memref::ExtractAlignedPointerAsIndexOp::create(*this, memref);
    Value bytes = arith::MulIOp::create(*this, toI64(metadata.getOffset()),
                                        number(getElementBytes(type)));
    Value address = arith::AddIOp::create(*this, toI64(start), bytes);
    Place place;
    place.data = LLVM::IntToPtrOp::create(*this, pointerType(), address);
    for (Value size : metadata.getSizes())
      place.sizes.push_back(toI64(size));
    for (Value stride : metadata.getStrides())
      place.strides.push_back(toI64(stride));
    return place;
  }

  Type pointerType() { return LLVM::LLVMPointerType::get(getContext()); }

  Value toI64(Value index) {
    return arith::IndexCastOp::create(*this, getI64Type(), index);
  }

  Value insert(Value into, Value value, ArrayRef<int64_t> position) {
    return LLVM::InsertValueOp::create(*this, into, value, position);
  }

  /// Returns the address of a copy on the stack.
  Value store(Value value) {
    Value one = LLVM::ConstantOp::create(*this, getI64Type(), 1);
    Value place =
        LLVM::AllocaOp::create(*this, pointerType(), value.getType(), one);
    LLVM::StoreOp::create(*this, value, place);
    return place;
  }

  /// Returns what the C ABI passes for an argument.
  Value pass(Value argument) {
    if (isa<IndexType>(argument.getType()))
      return toI64(argument);
    if (isa<LLVM::LLVMStructType>(argument.getType()))
      return store(argument);
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!type)
      return argument;
    Place place = getPlace(argument);
    Value tensor =
        LLVM::ZeroOp::create(*this, abi::getTensorType(getContext()));
    auto number32 = [&](int64_t value) -> Value {
      return LLVM::ConstantOp::create(*this, getI32Type(), value);
    };
    tensor = insert(tensor, place.data, {abi::kTensorData});
    tensor = insert(tensor, number32(getAbiType(type.getElementType())),
                    {abi::kTensorElementType});
    tensor = insert(tensor, number32(type.getRank()), {abi::kTensorRank});
    for (auto [dim, size] : llvm::enumerate(place.sizes))
      tensor = insert(tensor, size, {abi::kTensorSizes, int64_t(dim)});
    for (auto [dim, stride] : llvm::enumerate(place.strides))
      tensor = insert(tensor, stride, {abi::kTensorStrides, int64_t(dim)});
    return store(tensor);
  }

  /// Returns the cache that memory is, as a struct. If it does not hold whole
  /// pages, the distance between these is what is left over, which is less than
  /// a page and so refused by whoever takes the cache.
  Value viewAsCache(CacheViewOp op) {
    Place place = getPlace(op.getSource());
    Value bytes =
        number(getElementBytes(cast<MemRefType>(op.getSource().getType())));
    for (Value size : place.sizes)
      bytes = arith::MulIOp::create(*this, bytes, size);
    Value pageBytes = number(op.getCache().getType().getPageBytes());
    Value pages = arith::DivUIOp::create(*this, bytes, pageBytes);
    Value rest = arith::RemUIOp::create(*this, bytes, pageBytes);
    Value fits =
        arith::CmpIOp::create(*this, arith::CmpIPredicate::eq, rest, number(0));
    Value distance = arith::SelectOp::create(*this, fits, pageBytes, rest);
    Value cache =
        LLVM::PoisonOp::create(*this, abi::getCacheType(getContext()));
    cache = insert(cache, place.data, {abi::kCacheData});
    cache = insert(cache, pages, {abi::kCacheNumPages});
    return insert(cache, distance, {abi::kCachePageBytes});
  }
};

/// The functions through which code of others calls entry points: one for each
/// list of types of arguments.
class CallFunctions {
public:
  explicit CallFunctions(ModuleOp module) : module(module), symbols(module) {}

  void lower(fp8attn::CallOp op) {
    OpBuilder builder(op);
    func::FuncOp &function =
        functions[{op.getCalleeAttr(), TypeAttr::get(getType(op))}];
    if (!function)
      function = make(op);
    auto call =
        func::CallOp::create(builder, op.getLoc(), function, op.getOperands());
    op.getStatus().replaceAllUsesWith(call.getResult(0));
    op.erase();
  }

private:
  static FunctionType getType(fp8attn::CallOp op) {
    return FunctionType::get(op.getContext(), op.getOperandTypes(),
                             op->getResultTypes());
  }

  /// Types are still those of the dialect.
  func::FuncOp make(fp8attn::CallOp op) {
    auto entry = module.lookupSymbol<LLVM::LLVMFuncOp>(op.getCallee());
    // The place of the entry point has its scope for debuggers, which no other
    // function may have.
    auto function = func::FuncOp::create(
        op.getLoc(), (op.getCallee() + ".call").str(), getType(op));
    function.setPrivate();
    // Where conversions of functions look for it.
    function->setAttr(
        "llvm.linkage",
        LLVM::LinkageAttr::get(op->getContext(), LLVM::Linkage::Internal));
    symbols.insert(function);
    Lowering builder(op.getLoc(), op.getContext());
    builder.setInsertionPointToStart(function.addEntryBlock());
    SmallVector<Value> operands = {function.getArgument(0)};
    for (BlockArgument argument : function.getArguments().drop_front())
      operands.push_back(isa<CacheType>(argument.getType())
                             ? builder.store(argument)
                             : builder.pass(argument));
    auto call = LLVM::CallOp::create(builder, entry, operands);
    func::ReturnOp::create(builder, call.getResult());
    return function;
  }

  ModuleOp module;
  SymbolTable symbols;
  DenseMap<std::pair<Attribute, Attribute>, func::FuncOp> functions;
};

struct JoinModulePass : public fp8attn::impl::JoinModuleBase<JoinModulePass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto model = module.lookupSymbol<ModuleOp>(Fp8AttnDialect::kModelName);
    if (!model)
      return;
    SymbolTable others(module);
    if (failed(resolveNames(model, others)))
      return signalPassFailure();
    module.getBody()->getOperations().splice(model->getIterator(),
                                             model.getBody()->getOperations());
    model.erase();
    lowerOperations();
    lowerTypes();
  }

private:
  void lowerOperations() {
    CallFunctions functions(getOperation());
    getOperation().walk([&](Operation *op) {
      if (auto call = dyn_cast<fp8attn::CallOp>(op)) {
        functions.lower(call);
      } else if (auto view = dyn_cast<CacheViewOp>(op)) {
        Lowering builder(view.getLoc(), &getContext());
        builder.setInsertionPoint(view);
        view.getCache().replaceAllUsesWith(builder.viewAsCache(view));
        view.erase();
      }
    });
  }

  void lowerTypes() {
    AttrTypeReplacer replacer;
    replacer.addReplacement([](CacheType type) -> Type {
      return abi::getCacheType(type.getContext());
    });
    replacer.addReplacement([](ContextType type) -> Type {
      return LLVM::LLVMPointerType::get(type.getContext());
    });
    replacer.recursivelyReplaceElementsIn(getOperation(), /*replaceAttrs=*/true,
                                          /*replaceLocs=*/false,
                                          /*replaceTypes=*/true);
  }
};
} // namespace
