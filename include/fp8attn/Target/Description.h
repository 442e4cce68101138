//===- Description.h - what entry points say of themselves ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The JSON that NAME_describe returns and fp8attn-compile --emit=json writes
// (docs/Runtime.md has its fields).
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TARGET_DESCRIPTION_H
#define FP8ATTN_TARGET_DESCRIPTION_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace mlir::fp8attn {

/// Version of the fields. It grows when one that there was is dropped, or means
/// something else.
inline constexpr int64_t kDescriptionSchema = 1;

/// Makes the `fp8attn.description` of a function of two JSON arrays.
DictionaryAttr makeDescription(MLIRContext *context, StringRef arguments,
                               StringRef operations);

/// What is known of an entry point when it is code.
struct EntryPointFacts {
  StringRef name;
  /// Names of the ISAs that it has bodies for, best first.
  ArrayRef<StringRef> isas;
  /// Workspace that a worker needs, in bytes.
  int64_t scratchBytes;
  /// Whether it checks its arguments.
  bool runtimeChecks;
};

/// Returns the text: a JSON object on one line, without a zero.
std::string getDescriptionText(DictionaryAttr description,
                               const EntryPointFacts &facts);

/// Returns the name of the function that returns the text.
std::string getDescribeName(StringRef entryPoint);

/// Writes the texts that the entry points `names` of a module in the LLVM
/// dialect return: an array with one on each line. What is not of the model may
/// be of any dialect.
void emitDescriptions(ModuleOp module, ArrayRef<std::string> names,
                      raw_ostream &os);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TARGET_DESCRIPTION_H
