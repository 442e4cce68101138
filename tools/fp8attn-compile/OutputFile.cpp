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

#include "CommandLine.h"
#include "Explanation.h"
#include "ReplaceFile.h"
#include "SharedLibrary.h"
#include "fp8attn/Compilation/CodeOutput.h"
#include "fp8attn/Target/Description.h"
#include "fp8attn/Target/EntryPoints.h"
#include "fp8attn/Target/HeaderEmission.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Decides by the extension; standard output gets text.
static FailureOr<OutputKind> decideKind(StringRef path) {
  if (path == "-")
    return OutputKind::Assembly;
  StringRef extension = llvm::sys::path::extension(path);
  OutputKind kind = llvm::StringSwitch<OutputKind>(extension)
                        .Case(".h", OutputKind::Header)
                        .Case(".json", OutputKind::Json)
                        .Case(".ll", OutputKind::LLVMText)
                        .Case(".bc", OutputKind::Bitcode)
                        .Case(".s", OutputKind::Assembly)
                        .Case(".o", OutputKind::Object)
                        .Case(".so", OutputKind::SharedLibrary)
                        .Default(OutputKind::Automatic);
  if (kind != OutputKind::Automatic)
    return kind;
  reportError("expects the output file to end in .o, .so, .s, .ll, .bc, .h or "
              ".json, or --emit, got \"" +
              path + "\"");
  return failure();
}

/// Decides with --stop-after, when there is nothing but MLIR to write.
static FailureOr<OutputKind> decideStoppedKind(const OutputOptions &output) {
  if (output.kind != OutputKind::Automatic) {
    reportError("expects one of --stop-after and --emit, got both");
    return failure();
  }
  StringRef path = output.outputPath;
  if (path == "-" || llvm::sys::path::extension(path) == ".mlir")
    return OutputKind::MLIRText;
  reportError("expects the output file to end in .mlir with --stop-after, got "
              "\"" +
              path + "\"");
  return failure();
}

/// Returns the form of LLVM's output that is the file, or goes into it.
static CodeKind toCodeKind(OutputKind kind) {
  switch (kind) {
  case OutputKind::LLVMText:
    return CodeKind::LLVMText;
  case OutputKind::Bitcode:
    return CodeKind::Bitcode;
  case OutputKind::Assembly:
    return CodeKind::Assembly;
  case OutputKind::Object:
  case OutputKind::SharedLibrary:
    return CodeKind::Object;
  case OutputKind::Automatic:
  case OutputKind::Header:
  case OutputKind::Json:
  case OutputKind::MLIRText:
    break;
  }
  llvm_unreachable("not a form of code");
}

static LogicalResult report(llvm::Error error) {
  if (!error)
    return success();
  reportError(llvm::toString(std::move(error)));
  return failure();
}

/// Writes the lowered module to `bytes` as code, or as a library of it.
static LogicalResult writeFileOfCode(Compilation &compilation,
                                     const OutputOptions &output,
                                     OutputKind kind,
                                     SmallVectorImpl<char> &bytes) {
  const bool isShared = kind == OutputKind::SharedLibrary;
  if (failed(writeCode(compilation, toCodeKind(kind),
                       output.embedKernels || isShared, bytes)))
    return failure();
  if (!isShared)
    return success();
  StringRef name = output.outputPath == "-"
                       ? StringRef("fp8attn.so")
                       : llvm::sys::path::filename(output.outputPath);
  return report(linkSharedLibrary(name, bytes));
}

/// Returns what names the include guard: the output file, or the input file if
/// the output has no name.
static StringRef getHeaderName(const OutputOptions &output) {
  return llvm::sys::path::stem(output.outputPath == "-" ? output.inputPath
                                                        : output.outputPath);
}

/// Writes the output to `bytes`; nothing if only the explanation is asked for.
static LogicalResult compile(Compilation &compilation,
                             const OutputOptions &output, OutputKind kind,
                             SmallVectorImpl<char> &bytes) {
  llvm::raw_svector_ostream os(bytes);
  if (kind == OutputKind::Header)
    return emitHeader(compilation.getModule(), getHeaderName(output), os);
  const bool explains = output.explain != ExplainKind::Nothing;
  Explanation explanation;
  const SmallVector<std::string> entryPoints =
      getEntryPointNames(compilation.getModule());
  if (failed(compilation.chooseTarget()) ||
      failed(
          compilation.lower(explains ? explanation.makeStreamer() : nullptr)))
    return failure();
  if (output.explain == ExplainKind::Choices)
    explanation.printChoices(llvm::outs());
  if (output.explain == ExplainKind::Candidates)
    explanation.printCandidates(llvm::outs());
  if (explains && output.outputPath == "-")
    return success();
  if (kind == OutputKind::Json) {
    emitDescriptions(compilation.getModule(), entryPoints, os);
    return success();
  }
  if (kind != OutputKind::MLIRText)
    return writeFileOfCode(compilation, output, kind, bytes);
  compilation.getModule()->print(os);
  os << "\n";
  return success();
}

LogicalResult mlir::fp8attn::compileToFile(const CompileOptions &options,
                                           const OutputOptions &output) {
  FailureOr<OutputKind> kind = output.kind;
  if (!options.stopAfter.empty())
    kind = decideStoppedKind(output);
  else if (output.kind == OutputKind::Automatic)
    kind = decideKind(output.outputPath);
  if (failed(kind))
    return failure();
  if (output.explain != ExplainKind::Nothing && *kind == OutputKind::Header) {
    reportError("expects --explain with code, got a header, for which no "
                "kernels are chosen");
    return failure();
  }

  Compilation compilation(options);
  SmallVector<char, 0> bytes;
  if (failed(compilation.parse(output.inputPath)) ||
      failed(compile(compilation, output, *kind, bytes)))
    return failure();
  return report(replaceFile(output.outputPath, bytes));
}
