//===- Fp8AttnMergeOp.cpp - combining partial results ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The verifier of merge. Each check carries the tag of its constraint in
// docs/Spec.md.
//
//===----------------------------------------------------------------------===//

#include "Limits.h"
#include "OperandTypes.h"
#include "Verifiers.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::fp8attn::detail;

ArrayRef<std::pair<unsigned, StringRef>> MergeOp::getRowDims() {
  static constexpr std::pair<unsigned, StringRef> kRagged[] = {{0, "tokens"}};
  static constexpr std::pair<unsigned, StringRef> kDense[] = {{0, "batch"},
                                                              {2, "queries"}};
  return isDense() ? ArrayRef(kDense) : ArrayRef(kRagged);
}

/// Checks that the shape of an operand is that of `first_out`, without channels
/// if it is an lse.
static LogicalResult verifyPartShape(MergeOp op, NamedShaped operand,
                                     bool isLse, NamedShaped first) {
  // merge_c7
  const int64_t rank = first.type().getRank() - isLse;
  if (operand.type().getRank() != rank)
    return noteDefinition(op.emitOpError("expects ")
                              << operand.name << " to have rank " << rank
                              << (isLse ? ", one less than" : ", as")
                              << " first_out, got " << operand.type(),
                          first.name, first.value);
  // merge_c3
  if (failed(verifyStatic(op, "heads", operand, 1)) ||
      (!isLse && failed(verifyStatic(op, "channels", operand, rank - 1))))
    return failure();
  if (operand.size(1) != op.getNumHeads() ||
      (!isLse && operand.size(rank - 1) != op.getNumChannels()))
    return noteDefinition(
        op.emitOpError("expects heads and channels of ")
            << operand.name << " to equal those of first_out ("
            << op.getNumHeads() << " x " << op.getNumChannels() << "), got "
            << operand.type(),
        first.name, first.value);
  // merge_c4
  for (auto [dim, what] : op.getRowDims())
    if (failed(verifySizesAgree(op, what, operand, dim, first, dim)))
      return failure();
  return success();
}

LogicalResult MergeOp::verify() {
  if (failed(verifyTypes(*this)))
    return failure();
  NamedShaped first{"first_out", getFirstOut()};
  // merge_c1
  if (getNumHeads() < 1 || getNumChannels() < 1)
    return emitOpError("expects heads and channels of first_out to be static "
                       "and at least 1, got ")
           << first.type();
  // merge_c2
  if (getNumChannels() % kHeadDimGranule != 0)
    return emitOpError("expects channels of first_out to be a multiple of ")
           << kHeadDimGranule << ", got " << getNumChannels();
  NamedShaped operands[] = {first,
                            {"first_lse", getFirstLse()},
                            {"second_out", getSecondOut()},
                            {"second_lse", getSecondLse()},
                            {"out", getOut()},
                            {"lse", getLse()}};
  for (auto [index, operand] : llvm::enumerate(operands))
    if (failed(
            verifyPartShape(*this, operand, /*isLse=*/index % 2 == 1, first)))
      return failure();
  if (failed(verifyMergedTypes(*this, first, operands[2], operands[4])))
    return failure();
  return verifyMemRefs(*this, operands);
}
