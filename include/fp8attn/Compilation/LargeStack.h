//===- LargeStack.h - room for deeply nested input --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parser, passes and printer go down into regions one call, or several, a
// level.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMPILATION_LARGESTACK_H
#define FP8ATTN_COMPILATION_LARGESTACK_H

#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::fp8attn {

/// Runs `body` on a thread of its own with a stack of a gigabyte, and waits for
/// it. Returns false, without having run it, if there can be no such thread.
[[nodiscard]] bool callOnLargeStack(llvm::function_ref<void()> body);

} // namespace mlir::fp8attn

#endif // FP8ATTN_COMPILATION_LARGESTACK_H
