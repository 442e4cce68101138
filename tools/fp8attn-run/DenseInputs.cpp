//===- DenseInputs.cpp - random inputs of dense attention -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All entries of a dense batch have as many queries, and as many keys.
//
//===----------------------------------------------------------------------===//

#include "InputMaker.h"

#include "fp8attn/Reference/Fp8.h"

using namespace mlir;
using namespace mlir::fp8attn;

LogicalResult InputMaker::checkEqualLengths(Operation *op) {
  for (int64_t s = 1; s < batch.numSeqs(); ++s)
    if (batch.seqLens[s] != batch.seqLens[0] ||
        batch.queryLen(s) != batch.queryLen(0)) {
      op->emitError("expects sequences of the same --context and --query-len, "
                    "because tensors are dense, got ")
          << batch.seqLens[0] << " keys and " << batch.queryLen(0)
          << " query tokens, and " << batch.seqLens[s] << " and "
          << batch.queryLen(s);
      return failure();
    }
  return success();
}

LogicalResult InputMaker::makeDense(Value value, Value scale,
                                    std::optional<AffineMap> map, bool isKey) {
  ArrayRef<int64_t> shape = cast<MemRefType>(value.getType()).getShape();
  auto fill = [&](const Argument &argument) {
    const reference::DenseTensor tensor = getDenseTensor(argument);
    const reference::Scales scales = getScales(arguments, {scale, map});
    for (int64_t entry = 0; entry < tensor.sizes[0]; ++entry)
      for (int64_t head = 0; head < tensor.sizes[1]; ++head)
        for (int64_t token = 0; token < tensor.sizes[2]; ++token)
          for (int64_t c = 0; c < tensor.sizes[3]; ++c) {
            float element = random.normal() * (isKey ? channelFactor(c) : 1);
            if (isKey && token == 0 && c == 0)
              element = kSinkLogit;
            auto *to =
                const_cast<uint8_t *>(tensor.address(entry, head, token, c));
            reference::encodeElement(element / scales.at({0, head, 0, 0}), to,
                                     tensor.type);
          }
  };
  return make(value, {batch.numSeqs(), shape[1], batch.seqLens[0], shape[3]},
              fill);
}

/// Entries have from 1 key to all, and queries stand anywhere among all.
LogicalResult InputMaker::makeEntryKeys(AttentionOp op) {
  const int64_t entries = batch.numSeqs();
  for (auto [operand, least] : {std::pair<Value, int64_t>(op.getKeyLens(), 1),
                                {op.getQueryOffsets(), 0}}) {
    SmallVector<int32_t> numbers;
    for (int64_t entry = 0; entry < entries; ++entry)
      numbers.push_back(std::min<int64_t>(
          batch.seqLens[0], least + random.below(batch.seqLens[0] + 1)));
    if (operand && failed(makeIntegers(operand, entries, numbers)))
      return failure();
  }
  return success();
}

LogicalResult InputMaker::makeInputs(AttentionOp op) {
  const int64_t heads = op.getNumHeads();
  if (failed(checkEqualLengths(op)))
    return failure();
  const int64_t entries = batch.numSeqs(), queries = batch.queryLen(0);
  SmallVector<int64_t> maskSizes = {entries, heads, queries, batch.seqLens[0]};
  if (op.getMask())
    for (unsigned dim : {0, 1, 2})
      if (op.getMask().getType().getDimSize(dim) == 1)
        maskSizes[dim] = 1;
  // A mask of fewer columns hides the keys behind them.
  if (op.getMask() && !op.getMask().getType().isDynamicDim(3))
    maskSizes[3] = std::min(maskSizes[3], op.getMask().getType().getDimSize(3));
  if (failed(
          makeScale(op.getKeyScale(), op.getKey().getType().getDimSize(1))) ||
      failed(makeScale(op.getValueScale(),
                       op.getValue().getType().getDimSize(1))) ||
      failed(makeDense(op.getKey(), op.getKeyScale(), op.getKeyScaleMap(),
                       /*isKey=*/true)) ||
      failed(makeDense(op.getValue(), op.getValueScale(), op.getValueScaleMap(),
                       /*isKey=*/false)) ||
      failed(makeSink(op.getSink(), heads)) || failed(makeEntryKeys(op)) ||
      failed(makeScoreModifiers(op, maskSizes)) ||
      failed(makeRowScale(op.getQueryScale(), op.getQueryScaleMap(),
                          {entries, heads, queries})) ||
      failed(makeRowScale(op.getOutScale(), op.getOutScaleMap(),
                          {entries, heads, queries})) ||
      failed(make(op.getOut(), {entries, heads, queries, op.getValueDim()})) ||
      failed(makeQueries(op.getQuery(),
                         {entries, heads, queries, op.getKeyDim()})))
    return failure();
  return op.getLse() ? make(op.getLse(), {entries, heads, queries}) : success();
}
