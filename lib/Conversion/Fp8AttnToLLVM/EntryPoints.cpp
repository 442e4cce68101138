//===- EntryPoints.cpp - exported functions of the C ABI ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Makes, for each public function, the function that hosts call: it sets the
// floating-point environment, copies each descriptor, so that another thread of
// the host cannot change what was checked, checks the copy and stores what the
// body needs of it, calls the body and gives the host its environment back; and
// those that tell how large the workspace must be and what the entry point is.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "ArgumentFrame.h"
#include "PackArguments.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Runtime/lowering_abi.h"
#include "fp8attn/Target/Description.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Builds one entry point.
class EntryPointBuilder {
public:
  EntryPointBuilder(ModuleSymbols &symbols, const EntryPoint &entry,
                    const LLVMTypeConverter &converter, bool runtimeChecks)
      : symbols(symbols), module(symbols.getModule()), entry(entry),
        converter(converter), runtimeChecks(runtimeChecks),
        builder(module.getContext()), loc(entry.loc),
        pointer(LLVM::LLVMPointerType::get(module.getContext())) {}

  void build() {
    makeFunction();
    environment = enterEnvironment();
    if (const int64_t words = getFrameWords(entry.types, converter))
      frame = allocate(builder.getI64Type(), words);
    if (runtimeChecks)
      check(runtime::kCheckContext,
            {function.getArgument(0),
             makeInteger(builder, loc, 32, FP8ATTN_ABI_VERSION)});
    int64_t word = 0;
    for (auto [index, type] : llvm::enumerate(entry.types))
      if (isInFrame(type)) {
        take(index, word);
        word += getFrameWords(type, converter);
      }
    if (runtimeChecks)
      check(runtime::kCheckWorkspace,
            {function.getArgument(0),
             makeInteger(builder, loc, 64, entry.scratchBytes)});
    callBody();
    expandStatusChecks(function);
    leaveEnvironment();
    makeWorkspaceFunction();
    if (entry.description)
      makeDescribeFunction();
  }

private:
  void makeFunction() {
    SmallVector<Type> inputs = {pointer};
    for (Type type : entry.types)
      inputs.push_back(isa<MemRefType, CacheType>(type)
                           ? pointer
                           : converter.convertType(type));
    builder.setInsertionPointToEnd(module.getBody());
    function = LLVM::LLVMFuncOp::create(
        builder, loc, entry.name,
        LLVM::LLVMFunctionType::get(builder.getI32Type(), inputs));
    builder.setInsertionPointToStart(function.addEntryBlock(builder));
  }

  /// All that follows, checks included, computes in the environment that
  /// results are defined in, whatever the host's is.
  Value enterEnvironment() {
    return callRuntime(builder, loc, symbols, runtime::kEnterEnvironment, {})
        .getResult();
  }

  /// Gives the host its own back on each way out.
  void leaveEnvironment() {
    function.walk([&](LLVM::ReturnOp exit) {
      builder.setInsertionPoint(exit);
      callRuntime(builder, loc, symbols, runtime::kLeaveEnvironment,
                  environment);
    });
  }

  Value allocate(Type type, int64_t count) {
    return allocateOnStack(builder, environment.getDefiningOp(), type, count);
  }

  /// Puts a memref or cache into the frame, from `word` on.
  void take(size_t index, int64_t word) {
    Type type = entry.types[index];
    Value descriptor = function.getArgument(index + 1);
    if (!runtimeChecks) {
      storeToFrame(builder, loc, frame, word, pack(descriptor, type));
      return;
    }
    SmallVector<Value> operands = {function.getArgument(0),
                                   getPlaceInFrame(builder, loc, frame, word),
                                   descriptor};
    StringRef name = entry.argumentNames[index];
    if (auto memref = dyn_cast<MemRefType>(type)) {
      operands.push_back(makeTensorSpec(builder, loc, symbols, memref, name));
    } else {
      operands.push_back(makeString(builder, loc, symbols, name));
      const auto cache = cast<CacheType>(type);
      operands.push_back(makeInteger(builder, loc, 64, cache.getPageBytes()));
      if (cache.isFlashMla())
        operands.push_back(makeInteger(builder, loc, 64, cache.getRowBytes()));
    }
    returnIfFailed(
        builder, loc,
        LLVM::CallOp::create(builder, loc, getTakeFunction(type), operands)
            .getResult());
  }

  /// Returns the function that takes the argument of such a type: it copies the
  /// descriptor, checks the copy and stores what the body needs of it. It takes
  /// the context, the place, the descriptor and what the check is told of it.
  /// In an entry point of hundreds of arguments, LLVM takes the square of the
  /// instructions and the third power of the comparisons.
  LLVM::LLVMFuncOp getTakeFunction(Type type) {
    SmallVector<Type> types(4, pointer);
    if (auto cache = dyn_cast<CacheType>(type))
      types.append(cache.isFlashMla() ? 2 : 1, builder.getI64Type());
    return symbols.getOrMakeFunction(
        builder, getTakeName(type),
        LLVM::LLVMFunctionType::get(builder.getI32Type(), types),
        [&](Block &block) { buildTakeFunction(block, type); });
  }

  /// Fills in such a function.
  void buildTakeFunction(Block &block, Type type) {
    const auto cache = dyn_cast<CacheType>(type);
    const bool isCache = static_cast<bool>(cache);
    Value copy = LLVM::AllocaOp::create(builder, loc, pointer,
                                        abi::getTensorType(module.getContext()),
                                        makeInteger(builder, loc, 64, 1));
    Value descriptor = copyDescriptor(copy, block.getArgument(2),
                                      isCache ? sizeof(fp8attn_cache)
                                              : sizeof(fp8attn_tensor));
    SmallVector<Value> operands = {block.getArgument(0), descriptor};
    llvm::append_range(operands, block.getArguments().drop_front(3));
    check(!isCache             ? runtime::kCheckTensor
          : cache.isFlashMla() ? runtime::kCheckRows
                               : runtime::kCheckCache,
          operands);
    LLVM::StoreOp::create(builder, loc, pack(copy, type), block.getArgument(1));
    LLVM::ReturnOp::create(builder, loc, makeInteger(builder, loc, 32, 0));
    expandStatusChecks(cast<LLVM::LLVMFuncOp>(block.getParentOp()));
  }

  /// Returns a symbol for all types of which the body takes the same members.
  static std::string getTakeName(Type type) {
    auto memref = dyn_cast<MemRefType>(type);
    if (!memref)
      return cast<CacheType>(type).isFlashMla() ? "fp8attn.take_rows"
                                                : "fp8attn.take_cache";
    auto [strides, offset] = memref.getStridesAndOffset();
    std::string name = "fp8attn.take_tensor";
    if (ShapedType::isDynamic(offset))
      name += ".offset";
    for (auto [dim, stride] : llvm::enumerate(strides)) {
      if (memref.isDynamicDim(dim))
        name += ".size" + std::to_string(dim);
      if (ShapedType::isDynamic(stride))
        name += ".stride" + std::to_string(dim);
    }
    return name;
  }

  /// Returns a null pointer, or `to`, where the descriptor of so many bytes
  /// that `from` points to is copied.
  Value copyDescriptor(Value to, Value from, int64_t bytes) {
    Value null = LLVM::ZeroOp::create(builder, loc, pointer);
    Value isNull =
        LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, from, null);
    Value source = LLVM::SelectOp::create(builder, loc, isNull,
                                          getEmptyDescriptor(), from);
    // Volatile, or a compiler might read the original once more.
    LLVM::MemcpyOp::create(builder, loc, to, source,
                           makeInteger(builder, loc, 64, bytes),
                           /*isVolatile=*/true);
    return LLVM::SelectOp::create(builder, loc, isNull, null, to);
  }

  /// Returns the address of zeros as long as the longest descriptor.
  Value getEmptyDescriptor() {
    LLVM::LLVMStructType type = abi::getTensorType(module.getContext());
    return symbols.getOrMakeConstant(
        builder, loc, "fp8attn.empty_descriptor", type,
        [&]() -> Value { return LLVM::ZeroOp::create(builder, loc, type); });
  }

  /// int64_t NAME_workspace_bytes(int32_t num_workers)
  void makeWorkspaceFunction() {
    Type i32 = builder.getI32Type(), i64 = builder.getI64Type();
    builder.setInsertionPointToEnd(module.getBody());
    auto workspace =
        LLVM::LLVMFuncOp::create(builder, loc, getWorkspaceName(entry.name),
                                 LLVM::LLVMFunctionType::get(i64, {i32}));
    builder.setInsertionPointToStart(workspace.addEntryBlock(builder));
    Value workers =
        LLVM::SExtOp::create(builder, loc, i64, workspace.getArgument(0));
    Value bytes =
        LLVM::MulOp::create(builder, loc, workers,
                            makeInteger(builder, loc, 64, entry.scratchBytes));
    Value zero = makeInteger(builder, loc, 64, 0);
    Value positive = LLVM::ICmpOp::create(
        builder, loc, LLVM::ICmpPredicate::sgt, workers, zero);
    bytes = LLVM::SelectOp::create(builder, loc, positive, bytes, zero);
    LLVM::ReturnOp::create(builder, loc, bytes);
  }

  /// const char *NAME_describe(void)
  void makeDescribeFunction() {
    builder.setInsertionPointToEnd(module.getBody());
    auto describe =
        LLVM::LLVMFuncOp::create(builder, loc, getDescribeName(entry.name),
                                 LLVM::LLVMFunctionType::get(pointer, {}));
    builder.setInsertionPointToStart(describe.addEntryBlock(builder));
    const std::string text = getDescriptionText(
        entry.description,
        {entry.name, entry.isas, entry.scratchBytes, runtimeChecks});
    LLVM::ReturnOp::create(builder, loc,
                           makeString(builder, loc, symbols, text,
                                      "fp8attn.description." + entry.name));
  }

  void check(const RuntimeFunction &runtimeFunction, ValueRange operands) {
    Value status = callRuntime(builder, loc, symbols, runtimeFunction, operands)
                       .getResult();
    returnIfFailed(builder, loc, status);
  }

  void callBody() {
    SmallVector<Value> operands = {function.getArgument(0)};
    if (entry.allocates)
      operands.push_back(makeMemory(builder, loc, function.getArgument(0)));
    if (frame)
      operands.push_back(frame);
    for (auto [index, type] : llvm::enumerate(entry.types))
      if (!isInFrame(type))
        operands.push_back(function.getArgument(index + 1));
    auto call = LLVM::CallOp::create(builder, loc, builder.getI32Type(),
                                     getBodyName(entry.name), operands);
    if (entry.allocates)
      callRuntime(builder, loc, symbols, runtime::kReleaseAll, operands[1]);
    LLVM::ReturnOp::create(builder, loc, call.getResult());
  }

  Value load(Type type, LLVM::LLVMStructType structType, Value address,
             ArrayRef<LLVM::GEPArg> position) {
    Value member = LLVM::GEPOp::create(builder, loc, pointer, structType,
                                       address, position);
    return LLVM::LoadOp::create(builder, loc, type, member);
  }

  /// Returns what the body takes of a descriptor of the C ABI.
  Value pack(Value descriptor, Type type) {
    auto memref = dyn_cast<MemRefType>(type);
    return memref ? packMemRef(builder, loc, converter, type,
                               unpackTensor(descriptor, memref))
                  : LLVM::LoadOp::create(
                        builder, loc, converter.convertType(type), descriptor)
                        .getResult();
  }

  Value unpackTensor(Value argument, MemRefType type) {
    LLVM::LLVMStructType tensor = abi::getTensorType(module.getContext());
    Type i64 = builder.getI64Type();
    auto strides = type.getStridesAndOffset().first;
    auto memref =
        MemRefDescriptor::poison(builder, loc, converter.convertType(type));
    Value data = load(pointer, tensor, argument, {0, abi::kTensorData});
    memref.setAllocatedPtr(builder, loc, data);
    memref.setAlignedPtr(builder, loc, data);
    memref.setConstantOffset(builder, loc, 0);
    for (int32_t dim = 0; dim < type.getRank(); ++dim) {
      // What is compiled in was checked, and constants fold.
      if (type.isDynamicDim(dim))
        memref.setSize(
            builder, loc, dim,
            load(i64, tensor, argument, {0, abi::kTensorSizes, dim}));
      else
        memref.setConstantSize(builder, loc, dim, type.getDimSize(dim));
      if (ShapedType::isDynamic(strides[dim]))
        memref.setStride(
            builder, loc, dim,
            load(i64, tensor, argument, {0, abi::kTensorStrides, dim}));
      else
        memref.setConstantStride(builder, loc, dim, strides[dim]);
    }
    return memref;
  }

  ModuleSymbols &symbols;
  ModuleOp module;
  const EntryPoint &entry;
  const LLVMTypeConverter &converter;
  bool runtimeChecks;
  OpBuilder builder;
  Location loc;
  LLVM::LLVMPointerType pointer;
  LLVM::LLVMFuncOp function;
  /// The host's.
  Value environment;
  /// What the body takes, or null if it has neither memrefs nor caches.
  Value frame;
};
} // namespace

void mlir::fp8attn::createEntryPoint(ModuleSymbols &symbols,
                                     const EntryPoint &entry,
                                     const LLVMTypeConverter &converter,
                                     bool runtimeChecks) {
  EntryPointBuilder(symbols, entry, converter, runtimeChecks).build();
}
