//===- PastTokens.h - keys and values of a past -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Front ends hand on keys and values from call to call as tensors that grow.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_SUPPORT_PASTTOKENS_H
#define FP8ATTN_LIB_IMPORT_SUPPORT_PASTTOKENS_H

#include "mlir/IR/Builders.h"

#include <string>

namespace mlir::fp8attn {

/// Returns [batch, heads, past + added, channels] of [batch, heads, past,
/// channels] and [batch, heads, added, channels], which copies both; null, and
/// why, if the types say otherwise.
Value appendTokens(OpBuilder &builder, Location loc, Value past, Value added,
                   std::string &why);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_SUPPORT_PASTTOKENS_H
