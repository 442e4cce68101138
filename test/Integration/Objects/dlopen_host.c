//===- dlopen_host.c - a C host of a shared library -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loads the library that is named on the command line and calls its entry
// point.
//
//===----------------------------------------------------------------------===//

#include "quantize_host.h"

#include <dlfcn.h>
#include <string.h>

int main(int argc, char **argv) {
  if (argc != 2) {
    printf("failed: expects the path of a shared library\n");
    return 1;
  }
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    printf("failed: %s\n", dlerror());
    return 1;
  }
  // ISO C has no conversion from an object pointer to a function pointer.
  void *symbol = dlsym(library, "quantize");
  quantize_fn function;
  memcpy(&function, &symbol, sizeof(function));
  int exitCode = run(function);
  dlclose(library);
  return exitCode;
}
