//===- Patterns.h - conversion patterns by duty -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the files of this conversion offer to each other.
//
// Inside of a module every function takes the context first and returns a
// status; memrefs are MLIR's descriptors, a cache is an fp8attn_cache, a work
// item and a key run are pointers to their structs.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_CONVERSION_PATTERNS_H
#define FP8ATTN_LIB_CONVERSION_PATTERNS_H

#include "AbiTypes.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Runtime/lowering_abi.h"

#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::fp8attn {

/// An entry point as it was before conversion.
struct EntryPoint {
  std::string name;
  /// Where the function stands.
  Location loc;
  SmallVector<Type> types;
  SmallVector<std::string> argumentNames;
  /// What it says of itself, null if nothing (fp8attn/Target/Description.h).
  DictionaryAttr description;
  /// Names of the ISAs that it has bodies for, best first.
  SmallVector<StringRef> isas;
  /// Scratch that one worker needs, in bytes.
  int64_t scratchBytes = 0;
  /// Whether its body takes the memory that functions allocate.
  bool allocates = false;
};

/// Name of the function that holds the body of an entry point.
std::string getBodyName(StringRef entryPoint);

/// Returns the name of the function that tells the size of the workspace of an
/// entry point.
std::string getWorkspaceName(StringRef entryPoint);

/// Returns the name of the function through which the host's threads call the
/// body of a parallel loop.
std::string getRangeName(StringRef loopBody);

/// Adds the context as first argument of all functions and renames public ones
/// to their body name. Returns the entry points, or failure with a diagnostic
/// for a function that cannot be converted: one without a body or that runs
/// itself, whose name is that of another that is made, or an entry point whose
/// signature the C ABI cannot express.
FailureOr<SmallVector<EntryPoint>> prepareFunctions(ModuleOp module);

/// Makes the exported functions of an entry point: itself, and those that tell
/// its workspace and what it is.
void createEntryPoint(ModuleSymbols &symbols, const EntryPoint &entry,
                      const LLVMTypeConverter &converter, bool runtimeChecks);

/// Returns the address of the constant fp8attn_tensor_spec of a memref.
Value makeTensorSpec(OpBuilder &builder, Location loc, ModuleSymbols &symbols,
                     MemRefType type, StringRef name);

/// Has each LLVM function of the module compiled for its `fp8attn.isa`, or
/// generic if it has none, and takes the attribute away.
void setIsaTargets(ModuleOp module);

/// Marks functions that allocate, and what calls or runs them, until all is
/// converted.
inline constexpr StringLiteral kMemoryAttrName = "fp8attn.memory";

/// Marks functions that allocate, with calls and loops of them, and gives each
/// an fp8attn_memory as second argument, behind the context.
void addMemoryArguments(ModuleOp module);

/// Returns that argument of the function around `op`.
Value getMemoryArgument(Operation *op);

/// Makes an fp8attn_memory on the stack. No context, no texts.
Value makeMemory(OpBuilder &builder, Location loc, Value context);

/// Reports an operation that would call a library of mathematics, and a cast
/// that nobody can fold.
LogicalResult checkMath(ModuleOp module);

/// Reports an operation that is left after the conversion, and a copy that
/// would call a library of MLIR's.
LogicalResult checkConverted(ModuleOp module);

/// Returns the context argument of the function around `op`.
Value getContextArgument(Operation *op);

/// Returns the pointer to the first element of a converted memref.
Value getElementPointer(OpBuilder &builder, Location loc,
                        const LLVMTypeConverter &converter, Value descriptor,
                        MemRefType type);

/// Returns a member of a converted cache, its data or an i64.
Value getCacheMember(OpBuilder &builder, Location loc, Value cache,
                     abi::CacheMember member);

/// Returns what the runtime is told of the keys that queries see, three i64:
/// whether the first query sees the first key, and the keys to either side.
template <typename Op>
SmallVector<Value> makeVisibility(OpBuilder &builder, Op op) {
  auto number = [&](int64_t value) {
    return makeInteger(builder, op.getLoc(), 64, value);
  };
  return {number(op.getAlignment() == Alignment::TopLeft),
          number(op.getWindowLeft().value_or(FP8ATTN_UNBOUNDED)),
          number(op.getWindowRight().value_or(FP8ATTN_UNBOUNDED))};
}

/// Adds the patterns of the file of that name.
void populateFunctionPatterns(const LLVMTypeConverter &converter,
                              RewritePatternSet &patterns);
void populateCheckPatterns(const LLVMTypeConverter &converter,
                           ModuleSymbols &symbols, RewritePatternSet &patterns);
void populateRuntimePatterns(const LLVMTypeConverter &converter,
                             ModuleSymbols &symbols,
                             RewritePatternSet &patterns);
void populateMemoryPatterns(const LLVMTypeConverter &converter,
                            ModuleSymbols &symbols,
                            RewritePatternSet &patterns);
void populateOverlapPatterns(const LLVMTypeConverter &converter,
                             ModuleSymbols &symbols,
                             RewritePatternSet &patterns);
void populateSelectionPatterns(const LLVMTypeConverter &converter,
                               ModuleSymbols &symbols,
                               RewritePatternSet &patterns);
void populateCacheViewPatterns(const LLVMTypeConverter &converter,
                               ModuleSymbols &symbols,
                               RewritePatternSet &patterns);
void populateWorkItemPatterns(const LLVMTypeConverter &converter,
                              ModuleSymbols &symbols,
                              RewritePatternSet &patterns);
void populateKernelPatterns(const LLVMTypeConverter &converter,
                            ModuleSymbols &symbols,
                            RewritePatternSet &patterns);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_CONVERSION_PATTERNS_H
