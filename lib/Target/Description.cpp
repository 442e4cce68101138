//===- Description.cpp - what entry points say of themselves --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Puts together what was known at the model level and what is known of code.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Target/Description.h"

#include "fp8attn/Runtime/fp8attn.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mlir::fp8attn;
namespace json = llvm::json;

static constexpr StringLiteral kArguments = "arguments";
static constexpr StringLiteral kOperations = "operations";

DictionaryAttr mlir::fp8attn::makeDescription(MLIRContext *context,
                                              StringRef arguments,
                                              StringRef operations) {
  Builder builder(context);
  return builder.getDictionaryAttr(
      {builder.getNamedAttr(kArguments, builder.getStringAttr(arguments)),
       builder.getNamedAttr(kOperations, builder.getStringAttr(operations))});
}

std::string mlir::fp8attn::getDescribeName(StringRef entryPoint) {
  return (entryPoint + "_describe").str();
}

std::string mlir::fp8attn::getDescriptionText(DictionaryAttr description,
                                              const EntryPointFacts &facts) {
  std::string text;
  llvm::raw_string_ostream os(text);
  json::OStream json(os);
  json.objectBegin();
  json.attribute("schema", kDescriptionSchema);
  json.attribute("name", facts.name);
  json.attribute("abi_version", FP8ATTN_ABI_VERSION);
  json.attributeArray("isas", [&] {
    for (StringRef isa : facts.isas)
      json.value(isa);
  });
  json.attributeObject("workspace", [&] {
    json.attribute("bytes_per_worker", facts.scratchBytes);
    json.attribute("alignment", FP8ATTN_ALIGNMENT);
  });
  json.attribute("runtime_checks", facts.runtimeChecks);
  for (StringRef key : {kArguments, kOperations}) {
    json.attributeBegin(key);
    json.rawValue(description.getAs<StringAttr>(key).getValue());
    json.attributeEnd();
  }
  json.objectEnd();
  return text;
}

/// Returns the text that a function returns the address of.
static StringRef getReturnedText(ModuleOp module, StringRef name) {
  auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(name);
  auto address = *function.getOps<LLVM::AddressOfOp>().begin();
  auto global =
      module.lookupSymbol<LLVM::GlobalOp>(address.getGlobalNameAttr());
  // Without the zero behind it.
  return cast<StringAttr>(global.getValueOrNull()).getValue().drop_back();
}

void mlir::fp8attn::emitDescriptions(ModuleOp module,
                                     ArrayRef<std::string> names,
                                     raw_ostream &os) {
  os << "[";
  StringRef separator = "\n";
  for (StringRef name : names) {
    os << separator << getReturnedText(module, getDescribeName(name));
    separator = ",\n";
  }
  os << "\n]\n";
}
