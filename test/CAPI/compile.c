//===- compile.c - fp8attn-compile in C, by the C API ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Usage: fp8attn-capi-compile MODEL OUTPUT KIND FLAGS [ISA]
//
// Reads a model and writes what the library makes of it; diagnostics are
// printed. KIND and FLAGS are numbers of Compile.h.
//
//===----------------------------------------------------------------------===//

#include "fp8attn-c/Compile.h"

#include <stdio.h>
#include <stdlib.h>

static void print(const Fp8AttnDiagnostic *diagnostic, void *user_data) {
  static const char *const kNames[] = {"note", "warning", "error", "remark"};
  (void)user_data;
  printf("%s:%u:%u: %s: %s\n", diagnostic->file, (unsigned)diagnostic->line,
         (unsigned)diagnostic->column, kNames[diagnostic->severity],
         diagnostic->message);
}

static void write_file(const void *bytes, size_t size, void *user_data) {
  FILE *file = fopen(user_data, "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) {
    perror(user_data);
    exit(EXIT_FAILURE);
  }
}

/// Returns the bytes of a file, for the caller to free, and their number.
static char *read_file(const char *path, size_t *size) {
  enum { kMostBytes = 1 << 20 };
  FILE *file = fopen(path, "rb");
  char *bytes = malloc(kMostBytes);
  if (!file || !bytes) {
    perror(path);
    exit(EXIT_FAILURE);
  }
  *size = fread(bytes, 1, kMostBytes, file);
  fclose(file);
  return bytes;
}

int main(int argc, char **argv) {
  if (argc != 5 && argc != 6) {
    fprintf(stderr, "expects MODEL OUTPUT KIND FLAGS [ISA]\n");
    return EXIT_FAILURE;
  }
  Fp8AttnCompileOptions options = FP8ATTN_COMPILE_OPTIONS_INIT;
  options.output = atoi(argv[3]);
  options.flags = (uint32_t)atoi(argv[4]);
  options.isa = argc == 6 ? argv[5] : NULL;
  size_t size;
  char *model = read_file(argv[1], &size);
  Fp8AttnCompileStatus status =
      fp8attnCompile(model, size, &options, print, write_file, argv[2]);
  free(model);
  return status;
}
