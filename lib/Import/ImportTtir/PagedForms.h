//===- PagedForms.h - operations on paged caches ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// TTIR has operations on pages [pages, heads, tokens, channels], and StableHLO
// calls of the same, with options as texts. Both say what is read here.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_IMPORTTTIR_PAGEDFORMS_H
#define FP8ATTN_LIB_IMPORT_IMPORTTTIR_PAGEDFORMS_H

#include "mlir/IR/Operation.h"

#include <optional>
#include <string>

namespace mlir::fp8attn {

/// An operation that reads or writes a paged cache.
struct PagedForm {
  enum class Kind {
    /// A token of each user at a position: `input` [1, users, heads or more,
    /// channels].
    Update,
    /// The first tokens of users: `input` [users, heads, tokens, channels].
    Fill,
    /// A query of each user, which sees keys up to a position: [1, users,
    /// heads,
    /// channels].
    Decode,
    /// Queries behind a prefix that all users have in common: [users, heads,
    /// tokens, channels].
    Chunk
  };
  Kind kind;
  Operation *op;
  /// What is written, and where: one cache.
  Value cache, input;
  /// What is read: caches of keys and of values. Values are null if they are
  /// the first `valueChannels` channels of the keys.
  Value query, key, value;
  int64_t valueChannels = 0;
  /// [users, pages of a user].
  Value pageTable;
  /// The position of each user, or one for all of `Chunk`; of `Fill` the rows
  /// of the page table, or null for its first one.
  Value positions;
  std::optional<double> scale;
  /// How many keys, the own one among them, a query sees.
  std::optional<int64_t> window;

  bool writes() const { return kind == Kind::Update || kind == Kind::Fill; }
};

/// Whether the operation is one of those that are read here.
bool isPagedForm(Operation *op);

/// Reads such an operation; says why if it cannot be meant.
std::optional<PagedForm> readPagedForm(Operation *op, std::string &why);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_IMPORTTTIR_PAGEDFORMS_H
