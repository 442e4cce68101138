//===- Progress.cpp - how far a run is ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls take from milliseconds to seconds: what is left is a guess.
//
//===----------------------------------------------------------------------===//

#include "Progress.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::fp8attn;

Progress::Progress(int64_t total)
    : isShown(llvm::sys::Process::StandardErrIsDisplayed()), total(total),
      begin(std::chrono::steady_clock::now()) {}

void Progress::show(const llvm::Twine &what) {
  if (!isShown)
    return;
  std::string left;
  if (done > 0) {
    constexpr double kMinute = 60;
    const std::chrono::duration<double> passed =
        std::chrono::steady_clock::now() - begin;
    const double seconds = passed.count() / done * (total - done);
    left = llvm::formatv(", {0:F1} min left", seconds / kMinute);
  }
  clear();
  llvm::errs() << llvm::formatv("{0} of {1}{2}: ", done, total, left) << what;
}

void Progress::clear() {
  if (isShown)
    llvm::errs() << "\r\033[K";
}
