//===- Run.h - compiles and runs a file -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One run from file to report.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_RUN_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_RUN_H

#include "Report.h"
#include "RunOptions.h"

namespace mlir::fp8attn {

/// Compiles the file, makes inputs, runs the entry point and, as the options
/// say, checks and times it. Errors, a failing status of the entry point among
/// them, are reported; a failing check is in the report.
FailureOr<Report> runFile(const RunOptions &options,
                          CompileOptions &compileOptions);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_RUN_H
