//===- SourceText.cpp - MLIR text with its names --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Relies on what the parser records for language servers.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Target/SourceText.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Target/EntryPoints.h"
#include "fp8attn/Target/SymbolNames.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Whether MLIR prints the name for an argument that has none.
static bool isPrintedByDefault(StringRef name) {
  unsigned number;
  return name.consume_front("arg") && !name.getAsInteger(/*Radix=*/10, number);
}

/// Returns the name in the text, without its "%".
static StringRef getName(const AsmParserState::SMDefinition &definition) {
  const char *begin = definition.loc.Start.getPointer();
  return StringRef(begin, definition.loc.End.getPointer() - begin).drop_front();
}

static void nameArguments(func::FuncOp function, const AsmParserState &state) {
  const auto *block = state.getBlockDef(&function.getBody().front());
  if (!block)
    return;
  for (auto [index, definition] : llvm::enumerate(block->arguments)) {
    StringRef name = getName(definition);
    if (isIdentifier(name) && !isPrintedByDefault(name) &&
        !function.getArgAttr(index, Fp8AttnDialect::kNameAttrName))
      function.setArgAttr(index, Fp8AttnDialect::kNameAttrName,
                          StringAttr::get(function.getContext(), name));
  }
}

OwningOpRef<ModuleOp>
mlir::fp8attn::parseSourceText(const llvm::SourceMgr &sources,
                               MLIRContext *context) {
  Block block;
  AsmParserState state;
  if (failed(
          parseAsmSourceFile(sources, &block, ParserConfig(context), &state)))
    return nullptr;
  const llvm::MemoryBuffer *text =
      sources.getMemoryBuffer(sources.getMainFileID());
  auto start = FileLineColLoc::get(context, text->getBufferIdentifier(),
                                   /*line=*/0, /*column=*/0);
  OwningOpRef<ModuleOp> module =
      mlir::detail::constructContainerOpForParserIfNecessary<ModuleOp>(
          &block, context, start);
  if (module)
    for (func::FuncOp function : getEntryPoints(*module))
      nameArguments(function, state);
  return module;
}
