//===- GroupQuery.cpp - GroupQueryAttention of com.microsoft --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The last query of a batch entry stands at the key `seqlens_k`, which is the
// last index and not a number of keys. What is less than the queries that there
// are means no past: -1, and the length of a prompt that is padded on the
// right, whose padding comes behind all that it sees.
//
//===----------------------------------------------------------------------===//

#include "ImportOnnx/GroupQuery.h"

#include "ImportOnnx/OnnxOperands.h"
#include "ImportOnnx/PresentTokens.h"
#include "Support/AttentionImport.h"
#include "Support/ForeignOps.h"
#include "Support/HeadShapes.h"
#include "Support/IndexTensors.h"
#include "Support/SizeChecks.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Places of the operands.
enum Place {
  kQuery,
  kKey,
  kValue,
  kPastKey,
  kPastValue,
  kLengths,
  kTotal,
  kBias = 10,
  kSink,
  kKeyScale,
  kValueScale
};

/// Places of the results.
enum Result { kOut, kPresentKey, kPresentValue, kScores };

namespace {
/// Attributes that tensors are split by.
struct Heads {
  int64_t query, keyValue;
};
} // namespace

bool mlir::fp8attn::isGroupQuery(Operation *op) {
  return isForeign(op, "onnx.Custom") &&
         hasForeignText(op, "function_name", "GroupQueryAttention") &&
         hasForeignText(op, "domain_name", "com.microsoft") &&
         op->getNumOperands() > kTotal && op->getNumResults() > kOut;
}

/// Says why if an attribute or a result means what attention does not.
static LogicalResult readAttributes(Operation *op, AttentionImport &import,
                                    Heads &heads, std::string &why) {
  auto isNone = [&](StringRef name) {
    auto text = getForeignAttr<StringAttr>(op, name);
    return !text || text.getValue() == "NONE";
  };
  heads = {getOnnxInteger(op, "num_heads").value_or(0),
           getOnnxInteger(op, "kv_num_heads").value_or(0)};
  const int64_t window = getOnnxInteger(op, "local_window_size").value_or(-1);
  const int64_t rotary = getOnnxInteger(op, "do_rotary").value_or(0);
  if (rotary != 0)
    why =
        llvm::formatv("expects do_rotary 0, queries and keys that are rotated "
                      "before, got {0}",
                      rotary);
  else if (!isNone("k_quant_type") || !isNone("v_quant_type") ||
           getOnnxOperand(op, kKeyScale) || getOnnxOperand(op, kValueScale))
    why = "expects keys and values that are not quantized";
  else if (op->getNumResults() > kScores && !op->getResult(kScores).use_empty())
    why = "expects no use of output_qk";
  else if (heads.query < 1 || heads.keyValue < 1)
    why = llvm::formatv("expects num_heads and kv_num_heads of 1 or more, got "
                        "{0} and {1}",
                        heads.query, heads.keyValue);
  else if (window != -1 && window < 1)
    why = llvm::formatv("expects local_window_size of -1, or of 1 or more, got "
                        "{0}",
                        window);
  if (!why.empty())
    return failure();
  import.isCausal = import.hasPast = true;
  // The token itself counts.
  if (window != -1)
    import.windowLeft = window - 1;
  import.scale = getOnnxFloat(op, "scale");
  import.softcap = getOnnxFloat(op, "softcap");
  for (std::optional<double> *number : {&import.scale, &import.softcap})
    if (*number == 0.0)
      number->reset();
  return success();
}

/// Returns queries, keys and values of [batch, tokens, heads * channels] as
/// they are given, or as parts of one tensor; says why if they are neither.
static LogicalResult splitOperands(OpBuilder &builder, Operation *op,
                                   Heads heads, AttentionImport &import,
                                   std::string &why) {
  Location loc = op->getLoc();
  Value query = op->getOperand(kQuery), key = getOnnxOperand(op, kKey),
        value = getOnnxOperand(op, kValue);
  auto type = dyn_cast<RankedTensorType>(query.getType());
  const bool isPacked = !key && !value;
  const int64_t all = heads.query + (isPacked ? 2 * heads.keyValue : 0);
  if (!type || type.getRank() != 3 || type.isDynamicDim(2) ||
      type.getDimSize(2) % all != 0 || type.getDimSize(2) == 0 ||
      !key != !value) {
    why = llvm::formatv("expects a query of three dimensions, the last of {0} "
                        "heads, and keys and values, or neither, got {1}",
                        all, query.getType());
    return failure();
  }
  const int64_t channels = type.getDimSize(2) / all;
  if (isPacked) {
    auto take = [&](int64_t from, int64_t count) -> Value {
      SmallVector<Range> part = getWhole(builder, loc, op->getOperand(kQuery));
      part.back().offset = builder.getIndexAttr(from * channels);
      part.back().size = builder.getIndexAttr(count * channels);
      return tensor::ExtractSliceOp::create(builder, loc,
                                            op->getOperand(kQuery), part);
    };
    query = take(0, heads.query);
    key = take(heads.query, heads.keyValue);
    value = take(heads.query + heads.keyValue, heads.keyValue);
  }
  auto size = [&](Value tensor, int64_t dimension) {
    return tensor::getMixedSize(builder, loc, tensor, dimension);
  };
  for (auto [tensor, name] :
       {std::pair(key, "key"), std::pair(value, "value")}) {
    auto other = dyn_cast<RankedTensorType>(tensor.getType());
    if (!other || other.getRank() != 3 ||
        other.getDimSize(2) != heads.keyValue * channels) {
      why = llvm::formatv("expects a {0} whose last dimension of three is {1} "
                          "heads of {2}, got {3}",
                          name, heads.keyValue, channels, tensor.getType());
      return failure();
    }
    if (failed(demandSame(builder, loc, ("batch of " + Twine(name)).str(),
                          size(tensor, 0), "batch of query", size(query, 0),
                          why)) ||
        failed(demandSame(builder, loc, ("tokens of " + Twine(name)).str(),
                          size(tensor, 1), "tokens of query", size(query, 1),
                          why)))
      return failure();
  }
  import.query = splitHeads(builder, loc, query, heads.query);
  import.key = splitHeads(builder, loc, key, heads.keyValue);
  import.value = splitHeads(builder, loc, value, heads.keyValue);
  return success();
}

/// Reads the logits that join the denominator: those of the operand, or 0.
static LogicalResult readSink(OpBuilder &builder, Operation *op, Heads heads,
                              AttentionImport &import, std::string &why) {
  Location loc = op->getLoc();
  Value sink = getOnnxOperand(op, kSink);
  const bool isSmooth = getOnnxInteger(op, "smooth_softmax").value_or(0) == 1;
  if (!sink && !isSmooth)
    return success();
  Type f32 = builder.getF32Type();
  Value empty = tensor::EmptyOp::create(builder, loc,
                                        ArrayRef<int64_t>{heads.query}, f32);
  if (!sink) {
    Value zero =
        arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0));
    import.sink =
        linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
    return success();
  }
  auto type = dyn_cast<RankedTensorType>(sink.getType());
  if (!type || type.getRank() != 1 || type.getDimSize(0) != heads.query ||
      !isa<FloatType>(type.getElementType()) ||
      type.getElementTypeBitWidth() > 32) {
    why = llvm::formatv("expects a head_sink for each of {0} heads, got {1}",
                        heads.query, sink.getType());
    return failure();
  }
  import.sink = sink;
  if (type.getElementType() == f32)
    return success();
  AffineMap map = builder.getMultiDimIdentityMap(1);
  import.sink =
      linalg::GenericOp::create(
          builder, loc, TypeRange{empty.getType()}, ValueRange{sink},
          ValueRange{empty}, ArrayRef<AffineMap>{map, map},
          ArrayRef<utils::IteratorType>{utils::IteratorType::parallel},
          [&](OpBuilder &builder, Location loc, ValueRange arguments) {
            Value wide = arith::ExtFOp::create(builder, loc, f32, arguments[0]);
            linalg::YieldOp::create(builder, loc, wide);
          })
          .getResult(0);
  return success();
}

/// Returns how many tokens come before the queries of a batch entry.
static Value countPast(OpBuilder &builder, Operation *op, Value entry,
                       Value queries) {
  Location loc = op->getLoc();
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value last = readOnnxInteger(builder, loc, op->getOperand(kLengths), entry);
  Value count = arith::AddIOp::create(builder, loc, last, one);
  count = arith::SubIOp::create(builder, loc, count, queries);
  return arith::MaxSIOp::create(builder, loc, count, zero);
}

/// Says why if lengths are no tensor of integers for each batch entry.
static LogicalResult checkLengths(OpBuilder &builder, Operation *op,
                                  Value query, std::string &why) {
  Value lengths = op->getOperand(kLengths);
  auto type = dyn_cast<RankedTensorType>(lengths.getType());
  if (!type || !isa<IntegerType>(type.getElementType()) ||
      !(type.getRank() == 1 ||
        (type.getRank() == 2 && type.getDimSize(1) == 1))) {
    why = llvm::formatv("expects seqlens_k of [batch] or [batch, 1], got {0}",
                        lengths.getType());
    return failure();
  }
  return demandSame(builder, op->getLoc(), "batch of seqlens_k",
                    tensor::getMixedSize(builder, op->getLoc(), lengths, 0),
                    "batch of query",
                    tensor::getMixedSize(builder, op->getLoc(), query, 0), why);
}

/// Puts keys and values behind the past of each batch entry, and lets it have
/// as many keys as end there; says why if it cannot.
static LogicalResult appendToPast(OpBuilder &builder, Operation *op,
                                  AttentionImport &import, std::string &why) {
  Location loc = op->getLoc();
  if (failed(checkLengths(builder, op, import.query, why)))
    return failure();
  Value pastKey = op->getOperand(kPastKey);
  Value queries = tensor::DimOp::create(builder, loc, import.query, 2);
  PresentShape shape;
  shape.total = op->getOperand(kTotal);
  if (op->getNumResults() > kPresentKey)
    shape.type = op->getResult(kPresentKey).getType();
  FailureOr<Value> room =
      getPresentTokens(builder, loc, pastKey, import.key, shape, why);
  if (failed(room))
    return failure();
  Value most = arith::SubIOp::create(builder, loc, *room, queries);
  auto getLength = [&](OpBuilder &inner, Value past) -> Value {
    return arith::AddIOp::create(inner, loc, past, queries);
  };
  // Behind its columns a bias would mask keys: it must have one for each.
  import.padsMask = true;
  Value columns;
  if (auto bias = import.mask
                      ? dyn_cast<RankedTensorType>(import.mask.getType())
                      : RankedTensorType();
      bias && bias.getRank() > 0 && bias.getShape().back() != 1)
    columns =
        tensor::DimOp::create(builder, loc, import.mask, bias.getRank() - 1);
  auto countChecked = [&](OpBuilder &inner, Value entry) {
    Value past = countPast(inner, op, entry, queries);
    demandUpTo(inner, loc, "tokens before the query, by seqlens_k", past,
               "those that the present has room for", most);
    if (columns)
      demandUpTo(inner, loc, "keys of a batch entry", getLength(inner, past),
                 "the columns of the mask", columns);
    return past;
  };
  for (auto [past, added] :
       {std::pair(pastKey, &import.key),
        std::pair(op->getOperand(kPastValue), &import.value)}) {
    *added = writePresent(builder, loc, past, *added, *room, countChecked, why);
    if (!*added)
      return failure();
  }
  import.keyLens = buildKeyLens(
      builder, loc, tensor::getMixedSize(builder, loc, import.query, 0),
      [&](OpBuilder &inner, Value entry) {
        return getLength(inner, countPast(inner, op, entry, queries));
      });
  return success();
}

FailureOr<SmallVector<Value>> mlir::fp8attn::buildGroupQuery(OpBuilder &builder,
                                                             Operation *op,
                                                             std::string &why) {
  Location loc = op->getLoc();
  AttentionImport import;
  Heads heads;
  Value pastKey = getOnnxOperand(op, kPastKey);
  if (failed(checkPastPair(op, kPastKey, kPastValue, why)) ||
      failed(readAttributes(op, import, heads, why)) ||
      failed(splitOperands(builder, op, heads, import, why)) ||
      failed(readSink(builder, op, heads, import, why)))
    return failure();
  import.mask = getOnnxOperand(op, kBias);
  if (pastKey && !hasNoTokens(pastKey) &&
      failed(appendToPast(builder, op, import, why)))
    return failure();
  FailureOr<SmallVector<Value>> built =
      buildAttention(builder, loc, import, /*wantsLse=*/false, why);
  if (failed(built))
    return failure();
  Value out = joinHeads(builder, loc, built->front());
  return getUsedResults(op, {out, import.key, import.value});
}
