//===- OutputFile.cpp - what fp8attn-compile writes -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Output is made in memory first, so that an error half way leaves nothing, not
// even on standard output.
//
//===----------------------------------------------------------------------===//

#include "OutputFile.h"

#include "fp8attn/Target/CodeEmission.h"
#include "fp8attn/Target/HeaderEmission.h"

#include "mlir/Support/FileUtilities.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Decides by the extension; standard output gets text.
static FailureOr<OutputKind> decideKind(StringRef path) {
  if (path == "-")
    return OutputKind::Assembly;
  StringRef extension = llvm::sys::path::extension(path);
  OutputKind kind = llvm::StringSwitch<OutputKind>(extension)
                        .Case(".h", OutputKind::Header)
                        .Case(".ll", OutputKind::LLVMText)
                        .Case(".bc", OutputKind::Bitcode)
                        .Case(".s", OutputKind::Assembly)
                        .Case(".o", OutputKind::Object)
                        .Default(OutputKind::Automatic);
  if (kind != OutputKind::Automatic)
    return kind;
  reportError("expects the output file to end in .o, .s, .ll, .bc or .h, or "
              "--emit, got \"" +
              path + "\"");
  return failure();
}

static CodeKind toCodeKind(OutputKind kind) {
  switch (kind) {
  case OutputKind::LLVMText:
    return CodeKind::LLVMText;
  case OutputKind::Bitcode:
    return CodeKind::Bitcode;
  case OutputKind::Assembly:
    return CodeKind::Assembly;
  case OutputKind::Object:
    return CodeKind::Object;
  case OutputKind::Automatic:
  case OutputKind::Header:
    break;
  }
  llvm_unreachable("not a form of code");
}

static LogicalResult writeCode(Compilation &compilation, CodeKind kind,
                               llvm::raw_pwrite_stream &os) {
  llvm::LLVMContext llvmContext;
  if (failed(compilation.chooseTarget()) || failed(compilation.lower()))
    return failure();
  std::unique_ptr<llvm::Module> llvmModule = compilation.translate(llvmContext);
  if (!llvmModule)
    return failure();
  if (llvm::Error error =
          emitCode(*llvmModule, compilation.getMachine(), kind, os)) {
    reportError(llvm::toString(std::move(error)));
    return failure();
  }
  return success();
}

/// Returns what names the include guard: the output file, or the input file if
/// the output has no name.
static StringRef getHeaderName(StringRef inputPath, StringRef outputPath) {
  return llvm::sys::path::stem(outputPath == "-" ? inputPath : outputPath);
}

LogicalResult mlir::fp8attn::compileToFile(const CompileOptions &options,
                                           StringRef inputPath,
                                           StringRef outputPath,
                                           OutputKind kind) {
  if (kind == OutputKind::Automatic) {
    FailureOr<OutputKind> decided = decideKind(outputPath);
    if (failed(decided))
      return failure();
    kind = *decided;
  }

  Compilation compilation(options);
  if (failed(compilation.parse(inputPath)))
    return failure();
  SmallString<0> buffer;
  llvm::raw_svector_ostream os(buffer);
  LogicalResult result =
      kind == OutputKind::Header
          ? emitHeader(compilation.getModule(),
                       getHeaderName(inputPath, outputPath), os)
          : writeCode(compilation, toCodeKind(kind), os);
  if (failed(result))
    return failure();

  std::string error;
  std::unique_ptr<llvm::ToolOutputFile> file =
      openOutputFile(outputPath, &error);
  if (!file) {
    reportError(error);
    return failure();
  }
  file->os() << buffer;
  file->os().close();
  if (file->os().has_error()) {
    reportError("cannot write \"" + outputPath +
                "\": " + file->os().error().message());
    file->os().clear_error();
    return failure();
  }
  file->keep();
  return success();
}
