//===- OperationText.cpp - what an operation computes, as JSON ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Options of attention are written with what they mean if they are absent, such
// as the factor of the scores; those of other operations have no defaults.
//
//===----------------------------------------------------------------------===//

#include "DescribeEntryPoints/OperationText.h"

#include "mlir/IR/AffineMap.h"

using namespace mlir;
using namespace mlir::fp8attn;
namespace json = llvm::json;

static json::Value toText(AffineMap map) {
  std::string text;
  llvm::raw_string_ostream(text) << map;
  return text;
}

static json::Value toValue(std::optional<AffineMap> map) {
  return map ? toText(*map) : json::Value(nullptr);
}

static json::Value toValue(FloatAttr number) {
  return number ? json::Value(number.getValueAsDouble()) : json::Value(nullptr);
}

static void writeOptions(json::OStream &json, AttentionInterface op) {
  IntegerAttr left = op.getWindowLeftAttr();
  std::optional<int64_t> right = op.getEffectiveWindowRight();
  json.attribute("causal", op.getCausal());
  json.attribute("window_left",
                 left ? json::Value(left.getInt()) : json::Value(nullptr));
  json.attribute("window_right",
                 right ? json::Value(*right) : json::Value(nullptr));
  json.attribute("alignment",
                 stringifyAlignment(op.getAlignmentAttr().getValue()));
  // Descriptions, which are in objects, stay as they were without it.
  if (op.getPrecision() != Precision::Bf16)
    json.attribute("precision", stringifyPrecision(op.getPrecision()));
  std::optional<float> scale = op.getEffectiveSoftmaxScale();
  json.attribute("softmax_scale",
                 scale ? json::Value(*scale) : json::Value(nullptr));
  json.attribute("softcap", toValue(op.getSoftcapAttr()));
  json.attribute("score_region", !op.getScore().empty());
  json.attribute("key_scale_map", toValue(op.getKeyScaleMap()));
  json.attribute("value_scale_map", toValue(op.getValueScaleMap()));
  json.attribute("query_scale_map", toValue(op.getQueryScaleMap()));
  json.attribute("out_scale_map", toValue(op.getOutScaleMap()));
}

static void writeOptions(json::OStream &json, KvWriteOp op) {
  json.attribute("dynamic", op.getDynamic());
  json.attribute("microscaling", op.getMicroscaling());
  json.attribute("interleaved", op.getInterleaved());
  json.attribute("norm_eps", toValue(op.getNormEpsAttr()));
  json.attribute("key_scale_map", toValue(op.getKeyScaleMap()));
  json.attribute("value_scale_map", toValue(op.getValueScaleMap()));
}

void mlir::fp8attn::writeOperation(
    json::OStream &json, ModelOpInterface op,
    llvm::function_ref<StringAttr(Value)> getName) {
  json.objectBegin();
  json.attribute("operation", op->getName().stripDialect());
  json.attributeObject("operands", [&] {
    for (const OperandRole &role : op.getOperandRoles()) {
      StringAttr name = getName(role.get());
      json.attribute(role.name, name ? json::Value(name.getValue())
                                     : json::Value(nullptr));
    }
  });
  if (auto attention = dyn_cast<AttentionInterface>(*op))
    writeOptions(json, attention);
  else if (auto write = dyn_cast<KvWriteOp>(*op))
    writeOptions(json, write);
  else if (auto quantize = dyn_cast<QuantizeOp>(*op))
    json.attribute("scale_map", toText(quantize.getScaleMap()));
  else if (auto dequantize = dyn_cast<DequantizeOp>(*op))
    json.attribute("scale_map", toText(dequantize.getScaleMap()));
  json.objectEnd();
}
