//===- OnlineResults.h - what is made of online attention -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Online attention gives sums of weighted values, maxima and sums of weights.
// None of them is what attention gives; what is made of them may be.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_IMPORTIREE_ONLINERESULTS_H
#define FP8ATTN_LIB_IMPORT_IMPORTIREE_ONLINERESULTS_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Operation.h"

#include <optional>
#include <string>

namespace mlir::fp8attn {

/// An operation that makes a result of attention, and the loops that the
/// dimensions of its result are.
struct IndexedResult {
  Operation *op = nullptr;
  AffineMap map;
};

/// The quotient of the weighted values and the sum, and the log-sum-exp, whose
/// operation is null if there is none.
struct OnlineResults {
  IndexedResult out, lse;
};

/// Returns what is made of the results of `op`, whose operands are read by
/// `maps`; if something else is, too, returns nothing, and says so in `why`.
/// `isExp2` is nothing where the base of the maxima is not known.
std::optional<OnlineResults> matchOnlineResults(Operation *op,
                                                ArrayRef<AffineMap> maps,
                                                std::optional<bool> isExp2,
                                                std::string &why);

/// Erases `op` and what uses its results, all of which nothing else uses.
void eraseOnline(Operation *op);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_IMPORTIREE_ONLINERESULTS_H
