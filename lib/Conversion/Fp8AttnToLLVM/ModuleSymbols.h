//===- ModuleSymbols.h - what a module has by name --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Finds the functions and constants that this conversion makes. Each of
// hundreds of arguments has some of its own: looking through the module for
// each would take the square of their number.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_CONVERSION_MODULESYMBOLS_H
#define FP8ATTN_LIB_CONVERSION_MODULESYMBOLS_H

#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::fp8attn {

/// The functions and constants of the LLVM dialect in a module.
class ModuleSymbols {
public:
  explicit ModuleSymbols(ModuleOp module);

  ModuleOp getModule() const { return module; }

  /// Returns the symbol of that name, null if there is none.
  template <typename Op> Op lookup(StringRef name) const {
    return dyn_cast_or_null<Op>(symbols.lookup(name));
  }

  /// Adds what was made in the module and returns it.
  template <typename Op> Op add(Op op) {
    symbols[op.getSymName()] = op;
    return op;
  }

  /// Returns the function of that name. If there is none, it is made, and
  /// `build` fills in its block. It is called instead of having the same
  /// instructions in many places, and so not inlined.
  LLVM::LLVMFuncOp getOrMakeFunction(OpBuilder &builder, StringRef name,
                                     LLVM::LLVMFunctionType type,
                                     llvm::function_ref<void(Block &)> build);

  /// Returns the address of the constant of that name. If there is none, it is
  /// made, and `build` returns its value.
  Value getOrMakeConstant(OpBuilder &builder, Location loc, StringRef name,
                          Type type, llvm::function_ref<Value()> build);

private:
  ModuleOp module;
  llvm::StringMap<Operation *> symbols;
};

/// A pattern that makes symbols.
template <typename Op> struct SymbolPattern : ConvertOpToLLVMPattern<Op> {
  SymbolPattern(const LLVMTypeConverter &converter, ModuleSymbols &symbols,
                PatternBenefit benefit = 1)
      : ConvertOpToLLVMPattern<Op>(converter, benefit), symbols(symbols) {}

protected:
  ModuleSymbols &symbols;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_CONVERSION_MODULESYMBOLS_H
