//===- OwnDiagnostics.h - diagnostics of one thread -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An importer asks the verifier what it has against an operation, and says so
// in a remark of its own. Functions are imported side by side in one context:
// what other threads emit meanwhile is not for it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_SUPPORT_OWNDIAGNOSTICS_H
#define FP8ATTN_LIB_IMPORT_SUPPORT_OWNDIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Threading.h"

#include <string>

namespace mlir::fp8attn {

/// Takes the diagnostics that this thread emits in its lifetime.
class OwnDiagnostics {
public:
  explicit OwnDiagnostics(MLIRContext *context)
      : handler(context,
                [this, thread = llvm::get_threadid()](Diagnostic &diagnostic) {
                  if (llvm::get_threadid() != thread)
                    return failure();
                  if (text.empty())
                    text = diagnostic.str();
                  return success();
                }) {}

  /// Returns the text of the first; empty if there was none.
  const std::string &getText() const { return text; }

private:
  std::string text;
  ScopedDiagnosticHandler handler;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_SUPPORT_OWNDIAGNOSTICS_H
