//===- ReplaceFile.cpp - output files, whole or not at all ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes a temporary file beside the old one and renames it. A program that has
// mapped the old one, such as a host that loaded a shared library, would crash
// if its bytes changed.
//
//===----------------------------------------------------------------------===//

#include "ReplaceFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
namespace fs = llvm::sys::fs;

/// Writes to an open file and closes it if it is not standard output.
static std::error_code write(raw_fd_ostream &os, ArrayRef<char> bytes) {
  os.write(bytes.data(), bytes.size());
  os.flush();
  std::error_code error = os.error();
  os.clear_error();
  return error;
}

/// Writes over what is at `path`.
static std::error_code overwrite(StringRef path, ArrayRef<char> bytes) {
  std::error_code error;
  raw_fd_ostream os(path, error);
  return error ? error : write(os, bytes);
}

/// Whether a name stands for what a process has open rather than for a file.
static bool isOfProcess(StringRef path) {
  return path.starts_with("/dev/") || path.starts_with("/proc/");
}

/// Finds the file to be replaced: `path`, or what that links to. Returns false
/// if there is nothing that can be replaced.
static bool findTarget(StringRef path, SmallVectorImpl<char> &target) {
  fs::file_status status;
  if (path == "-" || isOfProcess(path))
    return false;
  target.assign(path.begin(), path.end());
  const bool exists = !fs::status(path, status);
  if (!exists)
    // A link to nothing is written through.
    return !fs::is_symlink_file(path);
  if (status.type() != fs::file_type::regular_file)
    return false;
  return !fs::is_symlink_file(path) ||
         (!fs::real_path(path, target) &&
          !isOfProcess(StringRef(target.data(), target.size())));
}

/// Replaces the file `target`. Where no file can be made, one may still be
/// written to: `canReplace` is false then.
static std::error_code replace(StringRef target, ArrayRef<char> bytes,
                               bool &canReplace) {
  fs::file_status old;
  const bool exists = !fs::status(target, old);
  canReplace = true;
  // Renaming asks for the permissions of the folder only.
  if (exists)
    if (std::error_code error = fs::access(target, fs::AccessMode::Write))
      return error;
  Expected<fs::TempFile> temporary =
      fs::TempFile::create(target + ".%%%%%%.tmp");
  if (!temporary) {
    canReplace = false;
    return errorToErrorCode(temporary.takeError());
  }
  std::error_code error;
  if (exists)
    error = fs::setPermissions(temporary->FD, old.permissions());
  if (!error) {
    raw_fd_ostream os(temporary->FD, /*shouldClose=*/false);
    error = write(os, bytes);
  }
  if (error) {
    consumeError(temporary->discard());
    return error;
  }
  error = errorToErrorCode(temporary->keep(target));
  // A file may be a mount of its own, as in containers.
  canReplace = error != std::errc::device_or_resource_busy;
  return error;
}

Error mlir::fp8attn::replaceFile(StringRef path, ArrayRef<char> bytes) {
  SmallString<128> target;
  bool canReplace = false;
  std::error_code error;
  if (findTarget(path, target))
    error = replace(target, bytes, canReplace);
  if (!canReplace)
    error = overwrite(path, bytes);
  return error ? createStringError("cannot write \"" + path +
                                   "\": " + error.message())
               : Error::success();
}
