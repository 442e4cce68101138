//===- Compile.cpp - models to objects, from C ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Checks arguments, and hands diagnostics and bytes over when all is done, so
// that callbacks run on the caller's thread and outside of the compiler.
//
//===----------------------------------------------------------------------===//

#include "Request.h"

#include "fp8attn/Compilation/CodeOutput.h"
#include "fp8attn/Compilation/Compilation.h"
#include "fp8attn/Compilation/LargeStack.h"
#include "fp8attn/Target/Description.h"
#include "fp8attn/Target/EntryPoints.h"
#include "fp8attn/Target/HeaderEmission.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::fp8attn;

static constexpr uint32_t kAllFlags =
    FP8ATTN_COMPILE_EMBED_KERNELS | FP8ATTN_COMPILE_FAT |
    FP8ATTN_COMPILE_NO_RUNTIME_CHECKS | FP8ATTN_COMPILE_MIX_ISAS |
    FP8ATTN_COMPILE_DEBUG_INFO | FP8ATTN_COMPILE_REMARKS;

namespace {
/// What a compilation leaves for the caller.
struct Result {
  void reportError(const llvm::Twine &message) {
    CompileDiagnostic diagnostic;
    diagnostic.message = message.str();
    diagnostics.push_back(std::move(diagnostic));
  }

  Fp8AttnCompileStatus status = FP8ATTN_COMPILE_BAD_ARGUMENT;
  std::vector<CompileDiagnostic> diagnostics;
  SmallVector<char, 0> bytes;
};
} // namespace

static Fp8AttnSeverity toC(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Note:
    return FP8ATTN_SEVERITY_NOTE;
  case DiagnosticSeverity::Warning:
    return FP8ATTN_SEVERITY_WARNING;
  case DiagnosticSeverity::Error:
    return FP8ATTN_SEVERITY_ERROR;
  case DiagnosticSeverity::Remark:
    return FP8ATTN_SEVERITY_REMARK;
  }
  llvm_unreachable("not a severity");
}

/// Returns whether the arguments are those that the header demands.
static bool check(const Request &request, bool hasInput, Result &result) {
  const Fp8AttnCompileOptions &options = *request.options;
  if (options.struct_bytes != sizeof(options))
    result.reportError("expects struct_bytes of the options to be " +
                       llvm::Twine(sizeof(options)) + ", got " +
                       llvm::Twine(options.struct_bytes));
  else if (options.output < FP8ATTN_OUTPUT_OBJECT ||
           options.output > FP8ATTN_OUTPUT_JSON)
    result.reportError("expects output of the options to be 0 to " +
                       llvm::Twine(int(FP8ATTN_OUTPUT_JSON)) + ", got " +
                       llvm::Twine(options.output));
  else if (options.flags & ~kAllFlags)
    result.reportError("expects flags of the options to be within 0x" +
                       llvm::utohexstr(kAllFlags) + ", got 0x" +
                       llvm::utohexstr(options.flags));
  else if (!hasInput)
    result.reportError("expects a model, got null");
  else if (!request.output)
    result.reportError("expects a function for the output, got null");
  else
    return true;
  return false;
}

static CompileOptions toOptions(const Fp8AttnCompileOptions &c,
                                Result &result) {
  auto text = [](const char *from) {
    return from ? std::string(from) : std::string();
  };
  CompileOptions options;
  options.cpu = text(c.cpu);
  options.features = text(c.features);
  options.triple = text(c.triple);
  options.isa = text(c.isa);
  auto addNames = [&](const char *names, std::vector<std::string> &list) {
    for (StringRef name : llvm::split(names ? names : "", ','))
      if (!name.empty())
        list.push_back(name.str());
  };
  addNames(c.force, options.force);
  addNames(c.allowed_imports, options.allowedImports);
  options.fat = c.flags & FP8ATTN_COMPILE_FAT;
  options.noRuntimeChecks = c.flags & FP8ATTN_COMPILE_NO_RUNTIME_CHECKS;
  options.mixIsas = c.flags & FP8ATTN_COMPILE_MIX_ISAS;
  options.debugInfo = c.flags & FP8ATTN_COMPILE_DEBUG_INFO;
  options.remarks = c.flags & FP8ATTN_COMPILE_REMARKS;
  options.diagnose = [&](const CompileDiagnostic &diagnostic) {
    result.diagnostics.push_back(diagnostic);
  };
  return options;
}

static CodeKind toCodeKind(int32_t output) {
  switch (output) {
  case FP8ATTN_OUTPUT_ASSEMBLY:
    return CodeKind::Assembly;
  case FP8ATTN_OUTPUT_LLVM_IR:
    return CodeKind::LLVMText;
  case FP8ATTN_OUTPUT_BITCODE:
    return CodeKind::Bitcode;
  default:
    return CodeKind::Object;
  }
}

static LogicalResult compile(const Fp8AttnCompileOptions &c, StringRef name,
                             std::unique_ptr<llvm::MemoryBuffer> input,
                             Result &result) {
  const CompileOptions options = toOptions(c, result);
  Compilation compilation(options);
  if (failed(compilation.parse(std::move(input))))
    return failure();
  if (c.output == FP8ATTN_OUTPUT_HEADER) {
    llvm::raw_svector_ostream os(result.bytes);
    return emitHeader(compilation.getModule(), name, os);
  }
  const SmallVector<std::string> entryPoints =
      getEntryPointNames(compilation.getModule());
  if (failed(compilation.chooseTarget()) || failed(compilation.lower()))
    return failure();
  if (c.output == FP8ATTN_OUTPUT_JSON) {
    llvm::raw_svector_ostream os(result.bytes);
    emitDescriptions(compilation.getModule(), entryPoints, os);
    return success();
  }
  return writeCode(compilation, toCodeKind(c.output),
                   c.flags & FP8ATTN_COMPILE_EMBED_KERNELS, result.bytes);
}

static void callBack(const Request &request, const Result &result) {
  if (request.diagnose)
    for (const CompileDiagnostic &diagnostic : result.diagnostics) {
      const Fp8AttnDiagnostic c = {
          toC(diagnostic.severity), diagnostic.file.c_str(), diagnostic.line,
          diagnostic.column, diagnostic.message.c_str()};
      request.diagnose(&c, request.userData);
    }
  if (result.status == FP8ATTN_COMPILE_OK)
    request.output(result.bytes.data(), result.bytes.size(), request.userData);
}

static Fp8AttnCompileStatus
compileChecked(const Request &request, MakeInput makeInput, Result &result) {
  const char *given = request.options->name;
  StringRef name = given ? given : "model";
  Fp8AttnCompileStatus status = FP8ATTN_COMPILE_NO_RESOURCES;
  const bool ran = callOnLargeStack([&] {
    std::unique_ptr<llvm::MemoryBuffer> input = makeInput(name);
    if (!input)
      return;
    status =
        succeeded(compile(*request.options, name, std::move(input), result))
            ? FP8ATTN_COMPILE_OK
            : FP8ATTN_COMPILE_FAILED;
  });
  if (!ran)
    result.reportError("cannot start a thread with a stack of 1 GiB");
  else if (status == FP8ATTN_COMPILE_NO_RESOURCES)
    result.reportError("there is no memory for a copy of the model");
  return status;
}

Fp8AttnCompileStatus mlir::fp8attn::run(const Request &given, bool hasInput,
                                        MakeInput makeInput) {
  const Fp8AttnCompileOptions defaults = FP8ATTN_COMPILE_OPTIONS_INIT;
  Request request = given;
  if (!request.options)
    request.options = &defaults;
  Result result;
  if (check(request, hasInput, result))
    result.status = compileChecked(request, makeInput, result);
  callBack(request, result);
  return result.status;
}

Fp8AttnCompileStatus fp8attnCompile(const char *mlir, size_t length,
                                    const Fp8AttnCompileOptions *options,
                                    Fp8AttnDiagnosticCallback diagnose,
                                    Fp8AttnOutputCallback output,
                                    void *userData) {
  return run({options, diagnose, output, userData}, mlir != nullptr,
             [&](StringRef name) {
               // The parser wants a zero behind the end.
               return llvm::MemoryBuffer::getMemBufferCopy(
                   StringRef(mlir, length), name);
             });
}
