//===- CacheTypes.cpp - types of caches of front ends ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Numbers are rounded to bf16 before products anyway. FP8 of front ends has no
// scale that is known here.
//
//===----------------------------------------------------------------------===//

#include "CacheTypes.h"

#include "OwnDiagnostics.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

CacheType mlir::fp8attn::getImportedCacheType(Type tensor, Type element,
                                              Type codes, CacheContent content,
                                              int64_t heads, int64_t channels,
                                              int64_t valueChannels,
                                              int64_t pageTokens,
                                              std::string &why) {
  if (codes && element != codes && !element.isInteger(8)) {
    why = llvm::formatv("expects a cache of {0}, or of its bytes, got {1}",
                        codes, tensor);
    return nullptr;
  }
  if (!codes && !element.isBF16() && !element.isF16() && !element.isF32()) {
    why = llvm::formatv("expects a cache of bf16, f16 or f32, got {0}", tensor);
    return nullptr;
  }
  MLIRContext *context = element.getContext();
  OwnDiagnostics diagnostics(context);
  CacheType type = CacheType::getChecked(
      [&] { return emitError(UnknownLoc::get(context)); }, context, content,
      heads, channels, valueChannels, int64_t(/*ropeHeadDim=*/0), pageTokens,
      codes ? codes : BFloat16Type::get(context), LayoutAttr());
  if (!type)
    why = diagnostics.getText();
  return type;
}
