//===- FunctionPatterns.cpp - functions that return a status ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions, returns and calls. A call of another function of the module hands
// the context on and returns at once if the callee failed.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

using namespace mlir;
using namespace mlir::fp8attn;

std::string mlir::fp8attn::getBodyName(StringRef entryPoint) {
  return (entryPoint + ".impl").str();
}

std::string mlir::fp8attn::getWorkspaceName(StringRef entryPoint) {
  return (entryPoint + "_workspace_bytes").str();
}

Value mlir::fp8attn::getContextArgument(Operation *op) {
  return op->getParentOfType<FunctionOpInterface>().getArgument(0);
}

/// Returns the largest scratch that `function` or what it runs asks for.
/// `known` holds what was found before: a function may be called along many
/// paths.
static int64_t getScratchBytes(func::FuncOp function, ModuleOp module,
                               DenseMap<Operation *, int64_t> &known) {
  if (auto it = known.find(function); it != known.end())
    return it->second;
  int64_t bytes = 0;
  auto include = [&](StringRef callee) {
    if (auto called = module.lookupSymbol<func::FuncOp>(callee))
      bytes = std::max(bytes, getScratchBytes(called, module, known));
  };
  function.walk([&](Operation *op) {
    if (auto scratch = dyn_cast<WorkerScratchOp>(op))
      bytes = std::max(bytes, scratch.getScratch().getType().getDimSize(0));
    else if (auto loop = dyn_cast<ParallelForOp>(op))
      include(loop.getBody());
    else if (auto call = dyn_cast<func::CallOp>(op))
      include(call.getCallee());
  });
  known[function] = bytes;
  return bytes;
}

/// Checks that all scratch of a function has one size, which is the distance
/// between workers.
static LogicalResult checkScratch(func::FuncOp function) {
  WorkerScratchOp first;
  WalkResult result = function.walk([&](WorkerScratchOp op) {
    if (!first)
      first = op;
    if (op.getScratch().getType() == first.getScratch().getType())
      return WalkResult::advance();
    InFlightDiagnostic diagnostic =
        op.emitOpError("expects the type of the other scratch of its function, "
                       "because workers are that far apart, got ")
        << op.getScratch().getType();
    diagnostic.attachNote(first.getLoc())
        << "the other is of type " << first.getScratch().getType();
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

/// Returns whether the C ABI has a form for an argument.
static bool isExpressible(Type type) {
  if (isa<CacheType, IndexType, Float32Type>(type))
    return true;
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.isSignless() &&
           (integer.getWidth() == 32 || integer.getWidth() == 64);
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref || memref.getRank() > FP8ATTN_MAX_RANK || memref.getMemorySpace())
    return false;
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(memref.getStridesAndOffset(strides, offset)))
    return false;
  Type element = memref.getElementType();
  return offset == 0 &&
         (isa<Float32Type, BFloat16Type, Float16Type, Float8E4M3FNType,
              Float8E5M2Type, Float8E8M0FNUType>(element) ||
          element.isSignlessInteger(1) || element.isSignlessInteger(8) ||
          element.isSignlessInteger(32) || element.isSignlessInteger(64));
}

/// Returns whether `function` calls itself, directly or not: its scratch could
/// not be bounded. `active` holds the functions that are being looked at, and
/// `done` those that are known not to: they may be called along many paths.
static bool isRecursive(func::FuncOp function, ModuleOp module,
                        SmallPtrSetImpl<Operation *> &active,
                        SmallPtrSetImpl<Operation *> &done) {
  if (done.contains(function))
    return false;
  if (!active.insert(function).second)
    return true;
  bool found = function
                   .walk([&](func::CallOp call) {
                     auto callee =
                         module.lookupSymbol<func::FuncOp>(call.getCallee());
                     return callee && isRecursive(callee, module, active, done)
                                ? WalkResult::interrupt()
                                : WalkResult::advance();
                   })
                   .wasInterrupted();
  active.erase(function);
  if (!found)
    done.insert(function);
  return found;
}

/// Demands that the names of the functions that are made for an entry point are
/// free.
static LogicalResult checkNames(func::FuncOp function, ModuleOp module) {
  for (const std::string &name :
       {getBodyName(function.getName()), getWorkspaceName(function.getName())})
    if (Operation *other = module.lookupSymbol(name)) {
      InFlightDiagnostic diagnostic =
          function.emitOpError("expects no other symbol '")
          << name << "', which is made for the entry point '"
          << function.getName() << "'";
      diagnostic.attachNote(other->getLoc()) << "the other symbol is here";
      return failure();
    }
  return success();
}

static FailureOr<EntryPoint>
describe(func::FuncOp function, ModuleOp module,
         DenseMap<Operation *, int64_t> &knownScratch) {
  EntryPoint entry{function.getName().str(), function.getLoc(), {}, {}};
  if (function.getNumResults() != 0)
    return function.emitOpError("expects an entry point without results, "
                                "because it returns a status, got ")
           << function.getResultTypes();
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes())) {
    if (!isExpressible(type))
      return function.emitOpError("cannot be an entry point: the C ABI has no "
                                  "form for argument ")
             << index << " of type " << type
             << "; expects a cache, an index, i32, i64 or f32, or a memref of "
                "rank 0 to 4 and offset 0 in the default memory space";
    entry.types.push_back(type);
    auto name = function.getArgAttrOfType<StringAttr>(
        index, Fp8AttnDialect::kNameAttrName);
    entry.argumentNames.push_back(name ? name.str()
                                       : "argument " + std::to_string(index));
  }
  entry.scratchBytes = getScratchBytes(function, module, knownScratch);
  return entry;
}

FailureOr<SmallVector<EntryPoint>>
mlir::fp8attn::prepareFunctions(ModuleOp module) {
  SmallVector<EntryPoint> entries;
  for (auto inner : module.getOps<ModuleOp>())
    return inner.emitOpError("expects functions to stand in the outermost "
                             "module, got a module within it");
  SmallVector<func::FuncOp> functions(module.getOps<func::FuncOp>());
  SmallPtrSet<Operation *, 16> notRecursive;
  for (func::FuncOp function : functions) {
    if (function.isExternal())
      return function.emitOpError("expects a function with a body");
    // A call of the runtime would find such a function in its place.
    if (function.getName().starts_with("fp8attn_"))
      return function.emitOpError("expects a name that does not begin with "
                                  "'fp8attn_', as those of the runtime do, "
                                  "got '")
             << function.getName() << "'";
    if (failed(checkScratch(function)))
      return failure();
    SmallPtrSet<Operation *, 4> active;
    if (isRecursive(function, module, active, notRecursive))
      return function.emitOpError("expects a function that is not recursive, "
                                  "because its scratch must have a bound");
  }
  DenseMap<Operation *, int64_t> knownScratch;
  for (func::FuncOp function : functions)
    if (function.isPublic()) {
      if (failed(checkNames(function, module)))
        return failure();
      FailureOr<EntryPoint> entry = describe(function, module, knownScratch);
      if (failed(entry))
        return failure();
      entries.push_back(std::move(*entry));
    }
  // Callers know renamed functions by their new name.
  auto pointer = LLVM::LLVMPointerType::get(module.getContext());
  module.walk([&](func::CallOp call) {
    auto callee = module.lookupSymbol<func::FuncOp>(call.getCallee());
    if (callee && callee.isPublic())
      call.setCallee(getBodyName(callee.getName()));
  });
  for (func::FuncOp function : functions) {
    if (function.isPublic())
      function.setName(getBodyName(function.getName()));
    function.setPrivate();
    if (failed(function.insertArgument(0, pointer, {}, function.getLoc())))
      return failure();
  }
  return entries;
}

namespace {
struct FuncLowering : ConvertOpToLLVMPattern<func::FuncOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(func::FuncOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    TypeConverter::SignatureConversion signature(op.getNumArguments());
    SmallVector<Type> inputs;
    for (auto [index, type] : llvm::enumerate(op.getArgumentTypes())) {
      Type converted = getTypeConverter()->convertType(type);
      if (!converted)
        return rewriter.notifyMatchFailure(op, "an argument has no LLVM type");
      signature.addInputs(index, converted);
      inputs.push_back(converted);
    }
    auto function = LLVM::LLVMFuncOp::create(
        rewriter, op.getLoc(), op.getName(),
        LLVM::LLVMFunctionType::get(rewriter.getI32Type(), inputs),
        LLVM::Linkage::Internal);
    if (Attribute isa = op->getAttr(Fp8AttnDialect::kIsaAttrName))
      function->setAttr(Fp8AttnDialect::kIsaAttrName, isa);
    rewriter.inlineRegionBefore(op.getBody(), function.getBody(),
                                function.end());
    if (failed(rewriter.convertRegionTypes(&function.getBody(),
                                           *getTypeConverter(), &signature)))
      return failure();
    rewriter.eraseOp(op);
    return success();
  }
};

struct ReturnLowering : ConvertOpToLLVMPattern<func::ReturnOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(func::ReturnOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<LLVM::ReturnOp>(
        op, makeInteger(rewriter, op.getLoc(), 32, 0));
    return success();
  }
};

struct CallLowering : ConvertOpToLLVMPattern<func::CallOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(func::CallOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (op.getNumResults() != 0)
      return rewriter.notifyMatchFailure(op, "functions return a status only");
    SmallVector<Value> operands = {getContextArgument(op)};
    llvm::append_range(operands, adaptor.getOperands());
    auto call = LLVM::CallOp::create(
        rewriter, op.getLoc(), rewriter.getI32Type(), op.getCallee(), operands);
    rewriter.eraseOp(op);
    returnIfFailed(rewriter, op.getLoc(), call.getResult());
    return success();
  }
};
} // namespace

void mlir::fp8attn::populateFunctionPatterns(const LLVMTypeConverter &converter,
                                             RewritePatternSet &patterns) {
  patterns.add<FuncLowering, ReturnLowering, CallLowering>(converter);
}
