//===- HeaderEmission.cpp - C declarations of entry points ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Prints entry points as C. Names are checked first, so that the header
// compiles in C and in C++.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Target/HeaderEmission.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Target/ArgumentNames.h"
#include "fp8attn/Target/Description.h"
#include "fp8attn/Target/EntryPoints.h"
#include "fp8attn/Target/SymbolNames.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns `name` as part of a macro: capitals, and underscores for the rest.
static std::string toMacro(StringRef name) {
  std::string macro = name.upper();
  for (char &c : macro)
    if (!llvm::isAlnum(c))
      c = '_';
  return macro;
}

/// Returns the type of a parameter, up to its name; empty if there is none.
static StringRef getParameterType(Type type) {
  return llvm::TypeSwitch<Type, StringRef>(type)
      .Case<MemRefType>([](Type) { return "const fp8attn_tensor *"; })
      .Case<CacheType>([](CacheType cache) {
        return cache.getLayout() ? "const fp8attn_cache *" : "";
      })
      .Case<IndexType>([](Type) { return "int64_t "; })
      .Case<Float32Type>([](Type) { return "float "; })
      .Case<IntegerType>([](IntegerType integer) {
        if (integer.isSignlessInteger(32))
          return "int32_t ";
        return integer.isSignlessInteger(64) ? "int64_t " : "";
      })
      .Default([](Type) { return StringRef(); });
}

static void printExtents(ArrayRef<int64_t> extents, raw_ostream &os) {
  os << "[";
  llvm::interleaveComma(extents, os, [&](int64_t extent) {
    if (ShapedType::isDynamic(extent))
      os << "?";
    else
      os << extent;
  });
  os << "]";
}

/// Prints what a host must pass for an argument.
static void printDescription(Type type, raw_ostream &os) {
  if (auto cache = dyn_cast<CacheType>(type)) {
    os << stringifyCacheContent(cache.getContent()) << " cache of "
       << cache.getElementType() << ", " << cache.getNumHeads()
       << " heads, head size " << cache.getHeadDim();
    if (cache.isLatent())
      os << ", of values " << cache.getValueHeadDim();
    if (cache.isMixed())
      os << ", the last " << cache.getRopeHeadDim() << " channels bf16";
    os << ", pages of " << cache.getPageTokens() << " tokens, layout "
       << stringifyLayoutKind(cache.getLayout().getKind());
    return;
  }
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref) {
    os << type;
    return;
  }
  if (memref.getElementType().isInteger(1))
    os << "bool ";
  else
    os << memref.getElementType() << " ";
  printExtents(memref.getShape(), os);
  SmallVector<int64_t> strides;
  int64_t offset;
  if (!memref.getLayout().isIdentity() &&
      succeeded(memref.getStridesAndOffset(strides, offset))) {
    os << ", strides ";
    printExtents(strides, os);
  } else if (memref.getRank() > 0) {
    os << ", row-major";
  }
}

static LogicalResult checkEntryPoint(func::FuncOp function,
                                     ArrayRef<std::string> names) {
  if (failed(checkEntryPointName(function)))
    return failure();
  for (auto [index, name] : llvm::enumerate(names)) {
    if (!isIdentifier(name))
      return function.emitError("expects the name of argument ")
             << index << " to be a C identifier, got \"" << name << "\"";
    Type type = function.getArgumentTypes()[index];
    if (getParameterType(type).empty())
      return function.emitError("expects argument ")
             << index
             << " of an entry point to be a memref, a cache with a layout, "
                "index, "
             << "i64, i32 or f32, got " << type;
  }
  return success();
}

static void printPrototype(func::FuncOp function, ArrayRef<std::string> names,
                           raw_ostream &os) {
  // One parameter a line, below the first.
  std::string head = ("fp8attn_status " + function.getName() + "(").str();
  os << head << "fp8attn_context *context";
  for (auto [type, name] : llvm::zip(function.getArgumentTypes(), names)) {
    os << ",\n";
    os.indent(head.size()) << getParameterType(type) << name;
  }
  os << ");\n";
}

static void printEntryPoint(func::FuncOp function, ArrayRef<std::string> names,
                            raw_ostream &os) {
  StringRef entry = function.getName();
  for (auto [type, name] : llvm::zip(function.getArgumentTypes(), names))
    if (auto cache = dyn_cast<CacheType>(type))
      os << "/// Bytes of a page of `" << name << "` of " << entry << ".\n"
         << "#define " << toMacro(entry) << "_" << toMacro(name)
         << "_PAGE_BYTES " << cache.getPageBytes() << "\n\n";
  os << "/// Arguments (\"?\" is given by the call; strides are in "
        "elements):\n";
  for (auto [type, name] : llvm::zip(function.getArgumentTypes(), names)) {
    os << "/// - " << name << ": ";
    printDescription(type, os);
    os << "\n";
  }
  printPrototype(function, names, os);
  os << "\n/// Bytes of workspace that " << entry
     << " needs for a number of workers.\n"
     << "int64_t " << entry << "_workspace_bytes(int32_t num_workers);\n"
     << "\n/// What " << entry << " takes and computes, as JSON.\n"
     << "const char *" << getDescribeName(entry) << "(void);\n\n";
}

LogicalResult mlir::fp8attn::emitHeader(ModuleOp module, StringRef name,
                                        raw_ostream &os) {
  std::string guard = "FP8ATTN_GENERATED_" + toMacro(name) + "_H";
  os << "/* Entry points compiled by fp8attn. Generated: do not edit. */\n\n"
     << "#ifndef " << guard << "\n#define " << guard << "\n\n"
     << "#include \"fp8attn/Runtime/fp8attn.h\"\n\n"
     << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  for (func::FuncOp function : getEntryPoints(module)) {
    SmallVector<std::string> names = getArgumentNames(function);
    if (failed(checkEntryPoint(function, names)))
      return failure();
    printEntryPoint(function, names, os);
  }
  os << "#ifdef __cplusplus\n} /* extern \"C\" */\n#endif\n\n"
     << "#endif /* " << guard << " */\n";
  return success();
}
