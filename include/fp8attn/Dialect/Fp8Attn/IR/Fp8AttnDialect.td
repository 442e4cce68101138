//===- Fp8AttnDialect.td - the dialect itself -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Declares the dialect and the base class of its operations.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNDIALECT_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNDIALECT_TD

include "mlir/IR/OpBase.td"

def Fp8Attn_Dialect : Dialect {
  let name = "fp8attn";
  let cppNamespace = "::mlir::fp8attn";
  let summary = "Attention over a paged FP8 key/value cache on CPUs";
  let description = [{
    The dialect has three levels, and a program moves down through them:

    - *model*: what a user writes (`paged_attention`, `merge`, `kv_write`,
      `repack`, `quantize`, `dequantize`), on memrefs or on tensors, and on the
      cache type;
    - *tiles* (`tile.*`): loops over work items and blocks of keys around
      operations on tiles with value semantics, every FP8 scale an explicit
      multiplication;
    - *kernels* (`ukernel.*` and the few operations around them): calls of
      chosen microkernels on scratch memory.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let dependentDialects = ["::mlir::func::FuncDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::tensor::TensorDialect"];
  let extraClassDeclaration = [{
    /// Discardable attribute of a function: the #fp8attn.isa of its kernels.
    static constexpr ::llvm::StringLiteral kIsaAttrName = "fp8attn.isa";
    /// Discardable unit attribute of a function: hosts call it, and functions
    /// without it are nobody's entry points (fp8attn/Target/EntryPoints.h).
    static constexpr ::llvm::StringLiteral kEntryAttrName = "fp8attn.entry";
    /// Discardable attribute of a function: what it says of itself when it is
    /// an entry point (fp8attn/Target/Description.h).
    static constexpr ::llvm::StringLiteral kDescriptionAttrName =
        "fp8attn.description";
    /// Discardable attribute of a function argument: its name in the C header
    /// and in the messages of run-time checks.
    static constexpr ::llvm::StringLiteral kNameAttrName = "fp8attn.name";

    /// Name of the module in which the functions of the model are while the
    /// module around it is not looked at (fp8attn-split-module).
    static constexpr ::llvm::StringLiteral kModelName = "fp8attn.model";

    void registerAttributes();
    void registerTypes();
  }];
}

/// Attributes without a dialect's prefix are those that the operation defines
/// (attr_c1).
def Fp8Attn_KnownAttributes : NativeOpTrait<"KnownAttributes"> {
  let cppNamespace = "::mlir::fp8attn";
}

class Fp8Attn_Op<string mnemonic, list<Trait> traits = []>
    : Op<Fp8Attn_Dialect, mnemonic, [Fp8Attn_KnownAttributes] # traits>;

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNDIALECT_TD
