//===- CallOptions.h - options of calls of StableHLO ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An option is an attribute of an operation, a text in
// `mhlo.frontend_attributes` of a call, or an attribute in
// `composite_attributes` of a composite.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_SUPPORT_CALLOPTIONS_H
#define FP8ATTN_LIB_IMPORT_SUPPORT_CALLOPTIONS_H

#include "mlir/IR/Operation.h"

#include <optional>
#include <string>

namespace mlir::fp8attn {

/// Reads options of one operation.
class CallOptions {
public:
  explicit CallOptions(Operation *op);

  /// Reads an option that may be missing; says why if it is no number, or
  /// neither true nor false.
  LogicalResult read(StringRef name, std::optional<bool> &value,
                     std::string &why) const;
  LogicalResult read(StringRef name, std::optional<double> &value,
                     std::string &why) const;

  /// Whether operands that may be missing are counted by texts `has_...`.
  bool hasTexts() const { return isCall; }

private:
  Attribute get(StringRef name) const;

  Operation *op;
  bool isCall, isComposite;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_SUPPORT_CALLOPTIONS_H
