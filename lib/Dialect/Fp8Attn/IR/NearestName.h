//===- NearestName.h - which name was meant ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Hints of diagnostics that refuse a name.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_DIALECT_FP8ATTN_IR_NEARESTNAME_H
#define FP8ATTN_LIB_DIALECT_FP8ATTN_IR_NEARESTNAME_H

#include "mlir/Support/LLVM.h"

#include <string>

namespace mlir::fp8attn::detail {

/// Returns the name that differs from `name` in few letters, or of which `name`
/// is a part; an empty one if there is none.
llvm::StringRef getNearestName(llvm::StringRef name,
                               llvm::ArrayRef<llvm::StringRef> names);

/// Returns "; did you mean 'NAME'?" with the nearest name; else "; expects one
/// of A, B, C", or nothing if there are no names.
std::string getNameHint(llvm::StringRef name,
                        llvm::ArrayRef<llvm::StringRef> names);

} // namespace mlir::fp8attn::detail

#endif // FP8ATTN_LIB_DIALECT_FP8ATTN_IR_NEARESTNAME_H
