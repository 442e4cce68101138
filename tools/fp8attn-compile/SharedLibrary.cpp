//===- SharedLibrary.cpp - objects that dlopen takes ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs lld on temporary files. No C library is named: its functions are found
// in the process that loads the library, so that neither headers nor start-up
// files of a C compiler are needed, for no architecture.
//
//===----------------------------------------------------------------------===//

#include "SharedLibrary.h"

#include "ReplaceFile.h"

#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"

using namespace llvm;

/// Returns the path of the linker.
static Expected<std::string> findLinker() {
  const std::string versioned = "ld.lld-" + std::to_string(LLVM_VERSION_MAJOR);
  for (StringRef name : {StringRef(versioned), StringRef("ld.lld")})
    if (ErrorOr<std::string> path = sys::findProgramByName(name))
      return *path;
  return createStringError("a shared library needs a linker: expects " +
                           versioned + " or ld.lld in the PATH (package lld-" +
                           std::to_string(LLVM_VERSION_MAJOR) + ")");
}

/// Returns the path of a new, empty temporary file.
static Expected<std::string> makeTemporaryFile(StringRef suffix) {
  SmallString<128> path;
  if (std::error_code error =
          sys::fs::createTemporaryFile("fp8attn", suffix, path))
    return createStringError("cannot make a temporary file: " +
                             error.message());
  sys::RemoveFileOnSignal(path);
  return path.str().str();
}

static Error run(StringRef linker, StringRef name, StringRef object,
                 StringRef library) {
  // The linker writes to what is open for it: to a path it would write even
  // after a signal that ends this process and removes the file.
  const std::optional<StringRef> redirects[] = {std::nullopt, library,
                                                std::nullopt};
  std::string soname = ("--soname=" + name).str();
  SmallVector<StringRef> arguments = {
      linker, "-shared", object, "-o", "-", soname,
      // Unwinding for profilers; no code on the stack; sections of constants
      // are read-only after relocation.
      "--eh-frame-hdr", "-z", "noexecstack", "-z", "relro", "-z", "now",
      "--hash-style=gnu", "--build-id"};
  std::string message;
  int code = sys::ExecuteAndWait(linker, arguments, /*Env=*/std::nullopt,
                                 redirects, /*SecondsToWait=*/0,
                                 /*MemoryLimit=*/0, &message);
  if (code == 0)
    return Error::success();
  return createStringError("\"" + linker + "\" failed" +
                           (message.empty() ? "" : ": " + message));
}

Error mlir::fp8attn::linkSharedLibrary(StringRef name,
                                       SmallVectorImpl<char> &bytes) {
  Expected<std::string> linker = findLinker();
  if (!linker)
    return linker.takeError();
  Expected<std::string> object = makeTemporaryFile("o");
  if (!object)
    return object.takeError();
  FileRemover removeObject(*object);
  Expected<std::string> library = makeTemporaryFile("so");
  if (!library)
    return library.takeError();
  FileRemover removeLibrary(*library);
  if (Error error = replaceFile(*object, bytes))
    return error;
  if (Error error = run(*linker, name, *object, *library))
    return error;
  ErrorOr<std::unique_ptr<MemoryBuffer>> linked =
      MemoryBuffer::getFile(*library, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!linked)
    return createStringError("cannot read \"" + *library +
                             "\": " + linked.getError().message());
  if (identify_magic((*linked)->getBuffer()) != file_magic::elf_shared_object)
    return createStringError("\"" + *linker +
                             "\" succeeded, but wrote no shared library");
  bytes.assign((*linked)->getBufferStart(), (*linked)->getBufferEnd());
  return Error::success();
}
