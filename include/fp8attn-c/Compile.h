//===- Compile.h - models to objects, from C --------------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What fp8attn-compile does, in a process of somebody else's: MLIR in memory
// becomes bytes in memory. Link libFp8AttnCAPI.so; nothing of MLIR is needed to
// compile or to link the caller.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_C_COMPILE_H
#define FP8ATTN_C_COMPILE_H

#include <stddef.h>
#include <stdint.h>

#define FP8ATTN_C_EXPORTED __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/// How a call ended.
typedef enum Fp8AttnCompileStatus {
  /// The output was handed over.
  FP8ATTN_COMPILE_OK = 0,
  /// The model or an option was refused; the diagnostics say why.
  FP8ATTN_COMPILE_FAILED = 1,
  /// An argument is not what this header demands; a diagnostic says which if
  /// there is somebody to get it.
  FP8ATTN_COMPILE_BAD_ARGUMENT = 2,
  /// There could be no thread with the stack that compilation needs.
  FP8ATTN_COMPILE_NO_RESOURCES = 3
} Fp8AttnCompileStatus;

/// What to make.
typedef enum Fp8AttnOutputKind {
  /// An ELF object.
  FP8ATTN_OUTPUT_OBJECT = 0,
  /// The C header of its entry points.
  FP8ATTN_OUTPUT_HEADER = 1,
  /// Assembly, as text.
  FP8ATTN_OUTPUT_ASSEMBLY = 2,
  /// LLVM IR, as text.
  FP8ATTN_OUTPUT_LLVM_IR = 3,
  /// LLVM bitcode.
  FP8ATTN_OUTPUT_BITCODE = 4,
  /// What its entry points take and compute, as JSON text without a zero.
  FP8ATTN_OUTPUT_JSON = 5
} Fp8AttnOutputKind;

/// Flags of Fp8AttnCompileOptions: options of fp8attn-compile.
enum {
  /// --embed-kernels: the code needs the C library only.
  FP8ATTN_COMPILE_EMBED_KERNELS = 1 << 0,
  /// --fat: bodies for every ISA of the architecture.
  FP8ATTN_COMPILE_FAT = 1 << 1,
  /// --no-runtime-checks
  FP8ATTN_COMPILE_NO_RUNTIME_CHECKS = 1 << 2,
  /// --mix-isas
  FP8ATTN_COMPILE_MIX_ISAS = 1 << 3,
  /// -g
  FP8ATTN_COMPILE_DEBUG_INFO = 1 << 4,
  /// --remarks: what was chosen, and why, among the diagnostics.
  FP8ATTN_COMPILE_REMARKS = 1 << 5
};

/// What to make, and for what. Begin with FP8ATTN_COMPILE_OPTIONS_INIT.
typedef struct Fp8AttnCompileOptions {
  /// sizeof(Fp8AttnCompileOptions).
  size_t struct_bytes;
  /// One of Fp8AttnOutputKind.
  int32_t output;
  /// The sum of FP8ATTN_COMPILE_... flags.
  uint32_t flags;
  /// --mcpu, --mattr, --mtriple and --isa of fp8attn-compile; null: as if they
  /// were not given.
  const char *cpu;
  const char *features;
  const char *triple;
  const char *isa;
  /// --force: names, separated by commas; null: none.
  const char *force;
  /// --allow-imports: symbols that objects may import beside those of the C
  /// library and the runtime, separated by commas; null: none.
  const char *allowed_imports;
  /// What diagnostics call the input, and a header its guard; null: "model".
  const char *name;
} Fp8AttnCompileOptions;

#define FP8ATTN_COMPILE_OPTIONS_INIT                                           \
  {sizeof(Fp8AttnCompileOptions),                                              \
   FP8ATTN_OUTPUT_OBJECT,                                                      \
   0,                                                                          \
   NULL,                                                                       \
   NULL,                                                                       \
   NULL,                                                                       \
   NULL,                                                                       \
   NULL,                                                                       \
   NULL,                                                                       \
   NULL}

/// Kinds of diagnostics.
typedef enum Fp8AttnSeverity {
  /// Belongs to the diagnostic before it.
  FP8ATTN_SEVERITY_NOTE = 0,
  FP8ATTN_SEVERITY_WARNING = 1,
  FP8ATTN_SEVERITY_ERROR = 2,
  FP8ATTN_SEVERITY_REMARK = 3
} Fp8AttnSeverity;

/// A diagnostic; texts end with a zero and live until the callback returns.
typedef struct Fp8AttnDiagnostic {
  Fp8AttnSeverity severity;
  /// Never null. Empty, with line and column 0, if the diagnostic is about no
  /// place in the input; else lines and columns count from 1.
  const char *file;
  uint32_t line;
  uint32_t column;
  /// Never null.
  const char *message;
} Fp8AttnDiagnostic;

/// Gets a diagnostic.
typedef void (*Fp8AttnDiagnosticCallback)(const Fp8AttnDiagnostic *diagnostic,
                                          void *user_data);

/// Gets the output, `size` bytes that live until the callback returns.
typedef void (*Fp8AttnOutputCallback)(const void *bytes, size_t size,
                                      void *user_data);

/// Compiles `length` bytes of MLIR, text or bytecode. `options` null: an object
/// for this host. `diagnose` null: diagnostics are lost. The callbacks are
/// called on the caller's thread before this returns, each diagnostic in turn,
/// and then `output` once if all went well; they must not throw, nor leave by
/// longjmp.
///
/// Any number of threads may compile at once; calls share nothing. The process
/// needs no preparation, and nothing that a model or an argument says ends it.
/// Only memory that runs out does, as everywhere in LLVM.
FP8ATTN_C_EXPORTED Fp8AttnCompileStatus fp8attnCompile(
    const char *mlir, size_t length, const Fp8AttnCompileOptions *options,
    Fp8AttnDiagnosticCallback diagnose, Fp8AttnOutputCallback output,
    void *user_data);

#ifdef __cplusplus
}
#endif

#endif // FP8ATTN_C_COMPILE_H
