//===- TensorSpecs.cpp - what tensors were compiled for -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constants that the runtime compares tensors with: those that hosts pass, and
// views that a function makes of them.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Runtime/lowering_abi.h"
#include "fp8attn/Target/ElementTypes.h"

using namespace mlir;
using namespace mlir::fp8attn;

static int64_t getSpecNumber(int64_t value) {
  return ShapedType::isDynamic(value) ? FP8ATTN_DYNAMIC : value;
}

/// Returns a symbol for all tensors of that name, sizes and strides.
static std::string getSymbol(MemRefType type, StringRef name) {
  std::string symbol = ("fp8attn.spec." + name + ".").str();
  llvm::raw_string_ostream stream(symbol);
  stream << type.getElementType();
  auto add = [&](ArrayRef<int64_t> numbers) {
    for (int64_t number : numbers)
      if (ShapedType::isDynamic(number))
        stream << ".n";
      else
        stream << "." << number;
  };
  add(type.getShape());
  add(type.getStridesAndOffset().first);
  return symbol;
}

/// Returns the constant itself; names stand where a tensor has its data.
static Value buildSpec(OpBuilder &builder, Location loc, ModuleSymbols &symbols,
                       MemRefType type, StringRef name) {
  Value spec = LLVM::ZeroOp::create(
      builder, loc, abi::getTensorSpecType(builder.getContext()));
  auto set = [&](Value value, ArrayRef<int64_t> position) {
    spec = LLVM::InsertValueOp::create(builder, loc, spec, value, position);
  };
  auto number = [&](unsigned bits, int64_t value) {
    return makeInteger(builder, loc, bits, value);
  };
  set(makeString(builder, loc, symbols, name), {abi::kTensorData});
  set(number(32, getAbiType(type.getElementType())), {abi::kTensorElementType});
  set(number(32, type.getRank()), {abi::kTensorRank});
  auto strides = type.getStridesAndOffset().first;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    set(number(64, getSpecNumber(type.getDimSize(dim))),
        {abi::kTensorSizes, dim});
    set(number(64, getSpecNumber(strides[dim])), {abi::kTensorStrides, dim});
  }
  return spec;
}

Value mlir::fp8attn::makeTensorSpec(OpBuilder &builder, Location loc,
                                    ModuleSymbols &symbols, MemRefType type,
                                    StringRef name) {
  return symbols.getOrMakeConstant(
      builder, loc, getSymbol(type, name),
      abi::getTensorSpecType(builder.getContext()), [&] {
        return buildSpec(builder, symbols.getModule().getLoc(), symbols, type,
                         name);
      });
}
