//===- EnumNames.h - words of a text that stand for an enum -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parses the words of an enum. The parsers that ODS makes name the C++ type
// when they fail.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_DIALECT_FP8ATTN_IR_ENUMNAMES_H
#define FP8ATTN_LIB_DIALECT_FP8ATTN_IR_ENUMNAMES_H

#include "mlir/IR/OpImplementation.h"

#include <optional>

namespace mlir::fp8attn::detail {

/// Parses a word of an enum whose values are 0 to `last`. Reports another word
/// with those that `what` can be.
template <typename Enum>
FailureOr<Enum> parseEnum(AsmParser &parser, llvm::StringRef what,
                          uint64_t last) {
  const SMLoc loc = parser.getCurrentLocation();
  std::string word;
  if (succeeded(parser.parseOptionalKeywordOrString(&word))) {
    for (uint64_t value = 0; value <= last; ++value)
      if (stringifyEnum(static_cast<Enum>(value)) == word)
        return static_cast<Enum>(value);
  }
  InFlightDiagnostic diagnostic = parser.emitError(loc)
                                  << "expects " << what << " to be ";
  for (uint64_t value = 0; value <= last; ++value)
    diagnostic << (value == 0      ? ""
                   : value == last ? " or "
                                   : ", ")
               << stringifyEnum(static_cast<Enum>(value));
  if (!word.empty())
    diagnostic << ", got '" << word << "'";
  return failure();
}

/// Parses it as an attribute; null on failure.
template <typename EnumAttr, typename Enum>
Attribute parseEnumAttr(AsmParser &parser, llvm::StringRef what,
                        uint64_t last) {
  FailureOr<Enum> value = parseEnum<Enum>(parser, what, last);
  return failed(value) ? Attribute()
                       : EnumAttr::get(parser.getContext(), *value);
}

} // namespace mlir::fp8attn::detail

#endif // FP8ATTN_LIB_DIALECT_FP8ATTN_IR_ENUMNAMES_H
