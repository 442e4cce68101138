//===- Fp8AttnInterfaces.td - what operations have in common -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention over a paged cache and over dense tensors differs in where keys and
// values are. Verifiers, decompositions and tools see the rest through an
// interface. Another says what any operation of the model level does with each
// of its operands, from which its effects on memory follow, its form (memrefs
// or tensors), and how it is bufferized.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNINTERFACES_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNINTERFACES_TD

include "mlir/IR/OpBase.td"

class Fp8Attn_Getter<string text, string type, string name>
    : InterfaceMethod<text, type, name>;
class Fp8Attn_ShapedGetter<string text, string name>
    : Fp8Attn_Getter<text, "::mlir::TypedValue<::mlir::ShapedType>", name>;

def Fp8Attn_ModelOpInterface : OpInterface<"ModelOpInterface"> {
  let cppNamespace = "::mlir::fp8attn";
  let description = [{
    An operation of the model level. Its operands, but for caches, are memrefs, or
    all of them are tensors; then it has a result for each that it writes, in
    destination-passing style.
  }];
  let methods = [
    Fp8Attn_Getter<"Returns the operands that are there, in order, and what "
                   "they are for.",
                   "::llvm::SmallVector<::mlir::fp8attn::OperandRole>",
                   "getOperandRoles">
  ];
  let extraSharedClassDeclaration = [{
    /// Returns whether operands are tensors.
    bool hasTensors() {
      return ::llvm::any_of($_op->getOperandTypes(),
                            ::llvm::IsaPred<::mlir::TensorType>);
    }
  }];
  let verify = [{ return ::mlir::fp8attn::detail::verifyForm($_op); }];
}

def Fp8Attn_AttentionInterface : OpInterface<"AttentionInterface"> {
  let cppNamespace = "::mlir::fp8attn";
  let description = [{
    Attention, wherever its keys and values are. Optional operands are null if
    they are absent. Heads are dimension 1 of the query.
  }];
  let methods = [
    Fp8Attn_ShapedGetter<"Returns the queries.", "getQuery">,
    Fp8Attn_ShapedGetter<"Returns the logits that join the denominator.",
                         "getSink">,
    Fp8Attn_ShapedGetter<"Returns the result.", "getOut">,
    Fp8Attn_ShapedGetter<"Returns the log-sum-exps.", "getLse">,
    Fp8Attn_ShapedGetter<"Returns the slopes of the heads.", "getAlibi">,
    Fp8Attn_ShapedGetter<"Returns the mask.", "getMask">,
    Fp8Attn_ShapedGetter<"Returns the mask of the queries' own keys.",
                         "getDraftMask">,
    Fp8Attn_ShapedGetter<"Returns the scale of the keys.", "getKeyScale">,
    Fp8Attn_ShapedGetter<"Returns the scale of the values.", "getValueScale">,
    Fp8Attn_ShapedGetter<"Returns the scale of the queries.", "getQueryScale">,
    Fp8Attn_ShapedGetter<"Returns the scale of the result.", "getOutScale">,
    Fp8Attn_Getter<"Returns the map to the scales of the queries.",
                   "::std::optional<::mlir::AffineMap>", "getQueryScaleMap">,
    Fp8Attn_Getter<"Returns the map to the scales of the result.",
                   "::std::optional<::mlir::AffineMap>", "getOutScaleMap">,
    Fp8Attn_Getter<"Returns what products are of.",
                   "::mlir::fp8attn::Precision", "getPrecision">,
    Fp8Attn_Getter<"Returns the region that modifies scores.",
                   "::mlir::Region &", "getScore">,
    Fp8Attn_Getter<"Returns the map to the scales of the keys.",
                   "::std::optional<::mlir::AffineMap>", "getKeyScaleMap">,
    Fp8Attn_Getter<"Returns the map to the scales of the values.",
                   "::std::optional<::mlir::AffineMap>", "getValueScaleMap">,
    Fp8Attn_Getter<"Returns the factor of the scores, if it is given as an "
                   "attribute.",
                   "::mlir::FloatAttr", "getSoftmaxScaleAttr">,
    Fp8Attn_Getter<"Returns it, if it is given as a value.",
                   "::mlir::TypedValue<::mlir::FloatType>",
                   "getSoftmaxScaleValue">,
    Fp8Attn_Getter<"Returns the bound of the scores.", "::mlir::FloatAttr",
                   "getSoftcapAttr">,
    Fp8Attn_Getter<"Returns whether no query sees beyond its own position.",
                   "bool", "getCausal">,
    Fp8Attn_Getter<"Returns the keys seen before a query's position.",
                   "::mlir::IntegerAttr", "getWindowLeftAttr">,
    Fp8Attn_Getter<"Returns the keys seen after it, if they are given.",
                   "::mlir::IntegerAttr", "getWindowRightAttr">,
    Fp8Attn_Getter<"Returns where queries stand among the keys.",
                   "::mlir::fp8attn::AlignmentAttr", "getAlignmentAttr">,
    Fp8Attn_Getter<"Returns the groups of query heads that share keys and values.",
                   "int64_t", "getNumKvHeads">,
    Fp8Attn_Getter<"Returns the channels of query and keys.", "int64_t",
                   "getKeyDim">,
    Fp8Attn_Getter<"Returns the channels of values and out.", "int64_t",
                   "getValueDim">,
    Fp8Attn_Getter<"Returns whether the values are the first channels of the "
                   "keys.",
                   "bool", "valuesAreKeys">
  ];
  let extraSharedClassDeclaration = [{
    /// Returns the query heads.
    int64_t getNumHeads() { return $_op.getQuery().getType().getDimSize(1); }
    /// Returns the scale of the values, or null: that of the keys if they are
    /// part of these.
    ::mlir::Value getEffectiveValueScale() {
      return $_op.valuesAreKeys() ? $_op.getKeyScale() : $_op.getValueScale();
    }
    /// Returns its map, likewise.
    ::std::optional<::mlir::AffineMap> getEffectiveValueScaleMap() {
      return $_op.valuesAreKeys() ? $_op.getKeyScaleMap()
                                  : $_op.getValueScaleMap();
    }
    /// Returns the factor of the scores, given or 1 / sqrt(Dk); none if it is a
    /// value.
    ::std::optional<float> getEffectiveSoftmaxScale() {
      if ($_op.getSoftmaxScaleValue())
        return ::std::nullopt;
      if (::mlir::FloatAttr scale = $_op.getSoftmaxScaleAttr())
        return scale.getValue().convertToFloat();
      return 1.0f / ::std::sqrt(static_cast<float>($_op.getKeyDim()));
    }
    /// Returns the keys seen after a query's position, 0 if causal; none if
    /// there is no end.
    ::std::optional<int64_t> getEffectiveWindowRight() {
      if ($_op.getCausal())
        return 0;
      if (::mlir::IntegerAttr right = $_op.getWindowRightAttr())
        return right.getInt();
      return ::std::nullopt;
    }
    /// Returns whether scores are modified before the causal mask.
    bool modifiesScores() {
      return $_op.getSoftcapAttr() || $_op.getAlibi() || $_op.getMask() ||
             $_op.getDraftMask() || !$_op.getScore().empty();
    }
  }];
}

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNINTERFACES_TD
