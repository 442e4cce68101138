//===- Fp8AttnModelOp.td - what model operations have in common -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kinds of operands, and the base classes of operations, of the model level
// (Fp8AttnOps.td).
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNMODELOP_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNMODELOP_TD

include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnInterfaces.td"
include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnTypes.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

/// What quantising gives.
def Fp8Attn_Code : AnyTypeOf<[F8E4M3FN, F8E5M2, I8], "f8E4M3FN, f8E5M2 or i8">;

/// An operand whose type is described here, and checked by what its role says
/// (OperandRoles.cpp): MLIR's own texts count operands, and users know them by
/// name.
class Fp8Attn_Named<string name, Type type>
    : Type<CPred<"true">, name # ", a " # type.summary, type.cppType>;

/// A memref or a ranked tensor.
class Fp8Attn_Shaped<string name, list<Type> elements, list<int> ranks>
    : Fp8Attn_Named<name, AnyTypeOf<[MemRefRankOf<elements, ranks>,
                                     TensorRankOf<elements, ranks>],
          !interleave(!foreach(rank, ranks, rank # "D"), "/") #
          " memref or tensor of " #
          !interleave(!foreach(element, elements, element.summary), " or ") #
          " values", "::mlir::ShapedType">>;

/// Scales of keys or values that are dense: f32, of the rank of the map's
/// results; or a number, or one for each head.
class Fp8Attn_Scale<string name> : Fp8Attn_Shaped<name, [F32], [0, 1]>;

/// Scales of the rows of a tensor, all but the last of whose dimensions the map
/// may take.
class Fp8Attn_RowScale<string name> : Fp8Attn_Shaped<name, [F32], [0, 1, 2, 3]>;

/// Scales of a cache, of the rank of the map's results.
class Fp8Attn_CacheScale<string name>
    : Fp8Attn_Shaped<name, [F32, F8E8M0FNU, F8E4M3FN], [0, 1, 2, 3, 4]>;

/// Zero points of a cache of i8, of the rank of the map's results.
class Fp8Attn_ZeroPoint<string name>
    : Fp8Attn_Shaped<name, [I8], [0, 1, 2, 3, 4]>;

class Fp8Attn_Cache<string name> : Fp8Attn_Named<name, Fp8Attn_CacheType>;

/// A number of the user's. A number without a point is an i64, and one without
/// a type an f64.
def Fp8Attn_Number
    : FloatAttrBase<F32, "f32 number, which is written as in 50.0 : f32">;

/// An operation whose operands are caches, and memrefs or tensors. Reads and
/// writes are those of caches and memrefs, operand by operand. It is not
/// speculatable: a call whose sizes or scales are wrong is refused.
class Fp8Attn_ModelOp<string mnemonic, list<Trait> traits = []>
    : Fp8Attn_Op<mnemonic, [
          DeclareOpInterfaceMethods<Fp8Attn_ModelOpInterface>,
          DeclareOpInterfaceMethods<MemoryEffectsOpInterface>] # traits> {
  code modelDefinition = [{
    void $cppClass::getEffects(
        ::llvm::SmallVectorImpl<::mlir::MemoryEffects::EffectInstance> &effects) {
      detail::addEffects(*this, effects);
    }
  }];
  let extraClassDefinition = modelDefinition;
}

/// An operation of the model level that writes operands, which are results if
/// they are tensors.
class Fp8Attn_DestinationOp<string mnemonic, list<Trait> traits = []>
    : Fp8Attn_ModelOp<mnemonic, traits # [
          DeclareOpInterfaceMethods<DestinationStyleOpInterface>,
          DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                    ["reifyResultShapes"]>]> {
  let results = (outs Variadic<AnyRankedTensor>:$result_tensors);
  let hasCanonicalizeMethod = 1;
  let hasCanonicalizer = 1;
  let extraClassDefinition = modelDefinition # [{
    ::mlir::MutableOperandRange $cppClass::getDpsInitsMutable() {
      return detail::getInits(*this);
    }
    ::llvm::LogicalResult $cppClass::reifyResultShapes(
        ::mlir::OpBuilder &builder, ::mlir::ReifiedRankedShapedTypeDims &shapes) {
      return detail::reifyInits(*this, builder, shapes);
    }
    ::llvm::LogicalResult $cppClass::canonicalize(
        $cppClass op, ::mlir::PatternRewriter &rewriter) {
      return detail::eraseIfNothingReads(op, rewriter);
    }
    void $cppClass::getCanonicalizationPatterns(
        ::mlir::RewritePatternSet &patterns, ::mlir::MLIRContext *) {
      patterns.add(canonicalize);
      detail::addTensorCastFolding(patterns, getOperationName());
    }
  }];
}

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNMODELOP_TD
