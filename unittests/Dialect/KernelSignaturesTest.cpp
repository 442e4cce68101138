//===- KernelSignaturesTest.cpp - calls of kernels and their C signatures -===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The verifier of ukernel.call knows what each operation takes. This compares
// it with the functions of the kernel table, as Runtime/kernels.h declares
// them.
//
//===----------------------------------------------------------------------===//

#include "common/kernel_declarations.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the type of an operand that becomes a `T`.
template <typename T> static Type operandType(MLIRContext *context) {
  if constexpr (std::is_same_v<T, const fp8attn_work_item *>)
    return WorkItemType::get(context);
  else if constexpr (std::is_same_v<T, const fp8attn_key_run *>)
    return KeyRunType::get(context);
  else if constexpr (std::is_pointer_v<T>)
    return MemRefType::get({1}, IntegerType::get(context, 8));
  else if constexpr (std::is_same_v<T, float>)
    return Float32Type::get(context);
  else {
    static_assert(std::is_same_v<T, int64_t>);
    return IndexType::get(context);
  }
}

template <typename... Parameters>
static SmallVector<Type> operandTypes(MLIRContext *context,
                                      void (*)(Parameters...)) {
  return {operandType<Parameters>(context)...};
}

/// Returns whether a call of `kernel` with such operands is correct.
static bool verifies(StringRef kernel, ArrayRef<Type> types) {
  MLIRContext *context = types.front().getContext();
  Location loc = UnknownLoc::get(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  SmallVector<Value> operands;
  for (Type type : types)
    operands.push_back(
        UnrealizedConversionCastOp::create(builder, loc, type, ValueRange())
            .getResult(0));
  auto call = UkernelCallOp::create(builder, loc, kernel, operands);
  ScopedDiagnosticHandler quiet(context, [](Diagnostic &) {});
  return succeeded(verify(call));
}

TEST(KernelSignaturesTest, CallsTakeWhatTheFunctionsTake) {
  MLIRContext context;
  context.loadDialect<Fp8AttnDialect>();
  int count = 0;
  auto check = [&](StringRef name, SmallVector<Type> types) {
    EXPECT_TRUE(verifies(name, types)) << name.str();
    // One more than it takes: an operation that the verifier does not know
    // would take anything.
    types.push_back(IndexType::get(&context));
    EXPECT_FALSE(verifies(name, types)) << name.str();
    ++count;
  };
#define FP8ATTN_KERNEL(op, in, cache, acc, M, N, K, isa, ...)                  \
  check("fp8attn_uk_" #op "_" #in "_" #cache,                                  \
        operandTypes(&context, FP8ATTN_SIGNATURE(op)(nullptr)));
#include "kernels.def"
  EXPECT_GT(count, 100);
}
