//===- arguments.c - calls of the C API that are wrong --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Null pointers, structs of other sizes, unknown numbers and names, and inputs
// that are no model: each is refused with a text, and the process goes on.
//
//===----------------------------------------------------------------------===//

#include "fp8attn-c/Compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char kModel[] = "func.func @f(%m: memref<1xf32>) { return }";

/// What a call said, and how often it called back.
static char message[512];
static int diagnostics, outputs, failures;

static void keep(const Fp8AttnDiagnostic *diagnostic, void *user_data) {
  (void)user_data;
  if (diagnostics++ == 0)
    snprintf(message, sizeof(message), "%s", diagnostic->message);
}

static void count(const void *bytes, size_t size, void *user_data) {
  (void)user_data;
  outputs += bytes != NULL && size != 0;
}

static void begin(void) {
  message[0] = '\0';
  diagnostics = outputs = 0;
}

/// Demands of the call since begin() a status and a text; null: none.
static void expect(int line, Fp8AttnCompileStatus status,
                   Fp8AttnCompileStatus expected, const char *text) {
  const int is_ok = expected == FP8ATTN_COMPILE_OK;
  if (status == expected && (text ? strstr(message, text) != NULL : is_ok) &&
      outputs == is_ok && (diagnostics == 0) == is_ok)
    return;
  printf("line %d: status %d, %d outputs, %d diagnostics: %s\n", line, status,
         outputs, diagnostics, message);
  ++failures;
}

static Fp8AttnCompileStatus compile(const Fp8AttnCompileOptions *options) {
  begin();
  return fp8attnCompile(kModel, strlen(kModel), options, keep, count, NULL);
}

static Fp8AttnCompileStatus compile_text(const char *text, size_t length) {
  Fp8AttnCompileOptions options = FP8ATTN_COMPILE_OPTIONS_INIT;
  options.isa = "generic";
  begin();
  return fp8attnCompile(text, length, &options, keep, count, NULL);
}

static void test_pointers(void) {
  expect(__LINE__, compile(NULL), FP8ATTN_COMPILE_OK, NULL);
  expect(__LINE__, compile_text(NULL, 0), FP8ATTN_COMPILE_BAD_ARGUMENT,
         "expects a model, got null");
  expect(__LINE__, compile_text(NULL, 7), FP8ATTN_COMPILE_BAD_ARGUMENT,
         "expects a model, got null");
  begin();
  expect(__LINE__, fp8attnCompile(kModel, 1, NULL, keep, NULL, NULL),
         FP8ATTN_COMPILE_BAD_ARGUMENT,
         "expects a function for the output, got null");
  if (fp8attnCompile(NULL, 0, NULL, NULL, NULL, NULL) !=
          FP8ATTN_COMPILE_BAD_ARGUMENT ||
      fp8attnCompile("wrong", 5, NULL, NULL, count, NULL) !=
          FP8ATTN_COMPILE_FAILED)
    expect(__LINE__, FP8ATTN_COMPILE_OK, FP8ATTN_COMPILE_FAILED, "");
}

static void test_options(void) {
  const Fp8AttnCompileOptions good = FP8ATTN_COMPILE_OPTIONS_INIT;
  Fp8AttnCompileOptions options = good;
  options.struct_bytes = 8;
  expect(__LINE__, compile(&options), FP8ATTN_COMPILE_BAD_ARGUMENT,
         "expects struct_bytes of the options to be ");
  options = good;
  options.output = 6;
  expect(__LINE__, compile(&options), FP8ATTN_COMPILE_BAD_ARGUMENT,
         "expects output of the options to be 0 to 5, got 6");
  options.output = -1;
  expect(__LINE__, compile(&options), FP8ATTN_COMPILE_BAD_ARGUMENT,
         "expects output of the options to be 0 to ");
  options = good;
  options.flags = 64;
  expect(__LINE__, compile(&options), FP8ATTN_COMPILE_BAD_ARGUMENT,
         "expects flags of the options to be within 0x3F, got 0x40");
  options = good;
  options.cpu = "saphirerapids";
  options.triple = "x86_64-linux-gnu";
  expect(__LINE__, compile(&options), FP8ATTN_COMPILE_FAILED,
         "unknown CPU \"saphirerapids\" for x86_64");
  options = good;
  options.triple = "foo";
  expect(__LINE__, compile(&options), FP8ATTN_COMPILE_FAILED,
         "unknown target triple \"foo\"");
  options = good;
  options.isa = "avx3";
  expect(__LINE__, compile(&options), FP8ATTN_COMPILE_FAILED, "avx3");
  options = good;
  options.force = "fast,,slow";
  expect(__LINE__, compile(&options), FP8ATTN_COMPILE_FAILED, "fast");
  options = good;
  options.isa = "generic";
  options.flags = FP8ATTN_COMPILE_FAT;
  expect(__LINE__, compile(&options), FP8ATTN_COMPILE_FAILED,
         "expects one of --fat and --isa");
}

static void test_imports(void) {
  static const char mixed[] =
      "func.func private @theirs()\n"
      "func.func @f() attributes {fp8attn.entry} { return }\n"
      "func.func @g() { call @theirs() : () -> () return }";
  Fp8AttnCompileOptions options = FP8ATTN_COMPILE_OPTIONS_INIT;
  expect(__LINE__, compile_text(mixed, strlen(mixed)), FP8ATTN_COMPILE_FAILED,
         "the code calls \"theirs\", of a library");
  options.allowed_imports = "ours,,theirs";
  begin();
  expect(__LINE__,
         fp8attnCompile(mixed, strlen(mixed), &options, keep, count, NULL),
         FP8ATTN_COMPILE_OK, NULL);
}

static void test_texts(void) {
  static const char with_zero[] = "func.func @f() {\0 return }";
  static const char bytecode[] = "ML\xefR\x06MLIR22.1.8\0\xff\xff\xff";
  static const char assembly[] =
      "func.func @f(%m: memref<1xf32>) {\n"
      "  llvm.inline_asm has_side_effects \"no such thing\", \"\" : () -> ()\n"
      "  return\n"
      "}";
  // Nothing is an empty module.
  expect(__LINE__, compile_text("", 0), FP8ATTN_COMPILE_OK, NULL);
  expect(__LINE__, compile_text(kModel, strlen(kModel) - 1),
         FP8ATTN_COMPILE_FAILED, "expected");
  expect(__LINE__, compile_text("\xff\xfe\x80", 3), FP8ATTN_COMPILE_FAILED,
         "unexpected character");
  expect(__LINE__, compile_text("\"unterminated", 13), FP8ATTN_COMPILE_FAILED,
         "expected");
  expect(__LINE__, compile_text(kModel, SIZE_MAX), FP8ATTN_COMPILE_NO_RESOURCES,
         "there is no memory for a copy of the model");
  // The parser takes a zero for white space, also the one behind a literal.
  expect(__LINE__, compile_text(with_zero, sizeof(with_zero)),
         FP8ATTN_COMPILE_OK, NULL);
  expect(__LINE__, compile_text(bytecode, sizeof(bytecode)),
         FP8ATTN_COMPILE_FAILED, "");
  // What LLVM itself refuses.
  expect(__LINE__, compile_text(assembly, strlen(assembly)),
         FP8ATTN_COMPILE_FAILED, "unexpected token in argument list");
}

static void test_nesting(void) {
  enum { kDepth = 100000 };
  char *text = malloc(kDepth);
  memset(text, '(', kDepth);
  expect(__LINE__, compile_text(text, kDepth), FP8ATTN_COMPILE_FAILED,
         "expects brackets of at most 2000 levels");
  free(text);
}

#ifdef FP8ATTN_SANITIZED
// A sanitized program needs terabytes of addresses.
static void test_resources(void) {}
#else
/// The last test: the process has no more room for a large stack afterwards.
static void test_resources(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = (rlim_t)1 << 29;
  setrlimit(RLIMIT_AS, &limit);
  expect(__LINE__, compile_text(kModel, strlen(kModel)),
         FP8ATTN_COMPILE_NO_RESOURCES,
         "cannot start a thread with a stack of 1 GiB");
}
#endif

int main(void) {
  test_pointers();
  test_options();
  test_imports();
  test_texts();
  test_nesting();
  test_resources();
  printf("%d failures\n", failures);
  return failures != 0;
}
