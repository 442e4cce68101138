//===- HeadGroups.h - keys and values of different heads --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention has as many heads of values as of keys. Where front ends have other
// numbers of them, there is an attention for each pair of heads that meet.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_SUPPORT_HEADGROUPS_H
#define FP8ATTN_LIB_IMPORT_SUPPORT_HEADGROUPS_H

#include "AttentionImport.h"

namespace mlir::fp8attn {

/// Builds attention as `buildAttention` does, of keys and values of four
/// dimensions with different numbers of heads, without copies of them.
FailureOr<SmallVector<Value>>
buildAttentionOfGroups(OpBuilder &builder, Location loc,
                       const AttentionImport &import, bool wantsLse,
                       std::string &why);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_SUPPORT_HEADGROUPS_H
