//===- Table.h - results as lines of text --------------------- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One line a result, printed as soon as there is one.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_CALLS_TABLE_H
#define FP8ATTN_BENCHMARKS_CALLS_TABLE_H

#include "Results.h"

#include "llvm/Support/raw_ostream.h"

namespace mlir::fp8attn {

/// Prints where and when, and the names of the columns.
void printTableHead(llvm::raw_ostream &os, const Run &run);

/// Prints a result.
void printTableRow(llvm::raw_ostream &os, const Result &result);

/// Prints what the columns mean.
void printTableNotes(llvm::raw_ostream &os);

/// Prints all of it.
void printTable(llvm::raw_ostream &os, const Run &run);

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_TABLE_H
