//===- Fp8AttnKernelOps.cpp - the kernel level ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Checks of kernel calls and of the parallel loop.
//
//===----------------------------------------------------------------------===//

#include "Verifiers.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the C signature of the kernels of an operation (Runtime/kernels.h),
/// a letter an operand, or nothing if there is no such operation:
///   W work item, R run, M memref, I index, F f32.
static std::optional<StringRef> signatureOf(StringRef kernelOp) {
  return llvm::StringSwitch<std::optional<StringRef>>(kernelOp)
      .Case("query", "WMIIIFIMMMM")
      .Case("init", "IIMMM")
      .Case("qk", "RIIMIIMM")
      .Case("softmax", "IIIMMMMIIMMMM")
      .Case("pv", "RIIMIIMM")
      .Cases({"qk_blocks", "pv_blocks"}, "RIIMIIMIIIIIMM")
      .Cases({"attend", "prefill"}, "RIIMIIIMMMIMMMM")
      .Case("attend_blocks", "RIIMIIIMIIIIIMIIIIIMMMIMMMM")
      .Case("prefill_mixed", "RIIMIIIMIMIIIIIMMMIMMMM")
      .Case("join", "IIMMMMMM")
      .Case("finish", "WMMMMIFMIIMIIMII")
      .Case("merge", "IIMIMMIMMIM")
      .Cases({"store_key", "store_value"}, "MIIIMFMIMII")
      .Cases({"quantize", "dequantize"}, "MIFM")
      .Default(std::nullopt);
}

static char kindOf(Type type) {
  return llvm::TypeSwitch<Type, char>(type)
      .Case<WorkItemType>([](auto) { return 'W'; })
      .Case<KeyRunType>([](auto) { return 'R'; })
      .Case<IndexType>([](auto) { return 'I'; })
      .Case<Float32Type>([](auto) { return 'F'; })
      .Default([](auto) { return 'M'; });
}

LogicalResult UkernelCallOp::verify() {
  static constexpr llvm::StringLiteral kPrefix = "fp8attn_uk_";
  // The operation is the first word after the prefix, or two if the first is
  // "store" or the second "blocks" or "mixed".
  StringRef words = getKernel();
  bool named = words.consume_front(kPrefix);
  auto [kernelOp, others] = words.split('_');
  const StringRef second = others.split('_').first;
  if (kernelOp == "store" || second == "blocks" || second == "mixed")
    kernelOp = words.take_front(words.find('_', kernelOp.size() + 1));
  // ukernel_call_c1
  if (!named)
    return emitOpError("expects a kernel named ")
           << kPrefix << "..., got '" << getKernel() << "'";
  std::optional<StringRef> signature = signatureOf(kernelOp);
  if (!signature)
    return success();
  // ukernel_call_c2
  std::string kinds;
  for (Type type : getOperandTypes())
    kinds.push_back(kindOf(type));
  if (kinds != *signature)
    return emitOpError("expects operands ")
           << *signature << " of a kernel of '" << kernelOp << "', got "
           << kinds << " (W work item, R key run, M memref, I index, F f32)";
  return success();
}

LogicalResult UkernelHandOverOp::verify() {
  // ukernel_hand_over_c1
  if (!getJoin().starts_with("fp8attn_uk_join_"))
    return emitOpError("expects a kernel named fp8attn_uk_join_..., got '")
           << getJoin() << "'";
  // ukernel_hand_over_c2
  if (!getScratch().getDefiningOp<WorkerScratchOp>())
    return emitOpError("expects the scratch of the worker");
  return success();
}

LogicalResult WorkerScratchOp::verify() {
  // worker_scratch_c1
  MemRefType type = getScratch().getType();
  if (!type.hasStaticShape() || !type.getLayout().isIdentity() ||
      type.getMemorySpace())
    return emitOpError("expects a static number of contiguous bytes in the "
                       "default memory space, got ")
           << type;
  return success();
}

LogicalResult CheckOverlapOp::verify() {
  // check_overlap_c1
  if (getNames().size() != getNumOperands())
    return emitOpError("expects a name for each operand (")
           << getNumOperands() << "), got " << getNames().size();
  return success();
}

LogicalResult CheckLaterReadsOp::verify() {
  // check_later_reads_c1
  if (getNames().size() != getNumOperands())
    return emitOpError("expects names of all operands (")
           << getNumOperands() << "), got " << getNames().size();
  // check_later_reads_c2
  if (getOrder().size() != getNumOperands() ||
      getOrder().find_first_not_of("wr") != StringRef::npos)
    return emitOpError("expects a letter 'w' or 'r' for each operand (")
           << getNumOperands() << "), got \"" << getOrder() << "\"";
  return success();
}

LogicalResult CacheChannelsOp::verify() {
  CacheType cache = getCache().getType(), part = getPart().getType();
  // cache_channels_c1
  if (!cache.isMixed())
    return emitOpError("expects a cache with rope_head_dim, got ") << cache;
  // cache_channels_c2
  if (part != cache.getCodedPart() && part != cache.getRopePart())
    return emitOpError("expects one of the parts of the cache, ")
           << cache.getCodedPart() << " or " << cache.getRopePart() << ", got "
           << part;
  return success();
}

LogicalResult CacheHeadsOp::verify() {
  CacheType cache = getCache().getType(), part = getPart().getType();
  // cache_heads_c1
  if (cache.isMixed() || part != cache.withHeads(part.getNumHeads()) ||
      cache.getNumHeads() % part.getNumHeads() != 0)
    return emitOpError("expects a cache without rope_head_dim, and one that "
                       "differs in heads, of which the first has a multiple, "
                       "got ")
           << cache << " and " << part;
  return success();
}

LogicalResult CachePartOp::verify() {
  return detail::verifyCachePart(*this, getContent(), getCache().getType());
}

LogicalResult CachePartOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location>, ValueRange,
                                            DictionaryAttr, OpaqueProperties,
                                            RegionRange,
                                            SmallVectorImpl<Type> &results) {
  results.push_back(
      MemRefType::get({ShapedType::kDynamic}, IntegerType::get(context, 8)));
  return success();
}

LogicalResult ElementBitsOp::inferReturnTypes(MLIRContext *context,
                                              std::optional<Location>,
                                              ValueRange operands,
                                              DictionaryAttr, OpaqueProperties,
                                              RegionRange,
                                              SmallVectorImpl<Type> &results) {
  auto type = dyn_cast<MemRefType>(operands.front().getType());
  if (!type)
    return failure();
  const unsigned bits = type.getElementType().isInteger(1) ? 8 : 16;
  results.push_back(MemRefType::Builder(type).setElementType(
      IntegerType::get(context, bits)));
  return success();
}

LogicalResult
ParallelForOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto body =
      symbolTable.lookupNearestSymbolFrom<func::FuncOp>(*this, getBodyAttr());
  // parallel_for_c1
  if (!body)
    return emitOpError("expects a body function, found no '")
           << getBody() << "'";
  // parallel_for_c2: begin, end and worker come before the captures.
  SmallVector<Type> expected(3, IndexType::get(getContext()));
  llvm::append_range(expected, getCaptures().getTypes());
  if (body.getFunctionType() !=
      FunctionType::get(getContext(), expected, TypeRange())) {
    InFlightDiagnostic diagnostic =
        emitOpError("expects a body of type ")
        << FunctionType::get(getContext(), expected, TypeRange()) << ", got "
        << body.getFunctionType();
    diagnostic.attachNote(body.getLoc()) << "the body is here";
    return diagnostic;
  }
  return success();
}
