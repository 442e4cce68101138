//===- PageUses.h - uses of paged caches in torch ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A cache is one tensor whose rows hold, of a page, the keys and the values of
// each layer, or one of keys and one of values. It is written by
// torch.aten.index_put, read by torch.aten.index_select or
// torch.aten.index.Tensor, and viewed in between.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_IMPORTTORCHPAGES_PAGEUSES_H
#define FP8ATTN_LIB_IMPORT_IMPORTTORCHPAGES_PAGEUSES_H

#include "PageAddress.h"
#include "PageCodes.h"
#include "Torch/TorchAttention.h"

#include <variant>

namespace mlir::fp8attn {

/// What is in a page. Its rows are [tokens, heads, channels].
struct PageShape {
  int64_t tokens = 0, heads = 0, channels = 0;
  /// The type of FP8; null if elements are as they are.
  Type codes;
  bool operator==(const PageShape &other) const {
    return tokens == other.tokens && heads == other.heads &&
           channels == other.channels && codes == other.codes;
  }
};

/// A cache after a number of writes.
struct CacheVersion {
  BlockArgument cache;
  unsigned writes = 0;
};

/// One operation that writes keys or values.
struct PageWrite {
  Operation *op = nullptr;
  CacheVersion before;
  /// [..., heads, channels], of which each row is written.
  Value source;
  /// The row of the cache, of the dimensions of `source`.
  AffineExpr address;
  /// Whether that is one index, which torch checks as a whole.
  bool isOneIndex = false;
  SmallVector<int64_t> sizes;
  PageScale scale;
  /// As far as one write says it: no tokens if it writes single rows.
  PageShape shape;
  /// Then the tokens that the last of several indices is of, else 0: a page if
  /// pages are of keys or of values alone.
  int64_t indexedTokens = 0;
};

/// Dimensions that attention over pages is expressed in: `kColumn` is that of
/// its table.
enum AttentionDim : unsigned {
  kBatch,
  kHead,
  kQuery,
  kKey,
  kChannel,
  kColumn,
  kAttentionDims
};

/// Keys or values that attention reads.
struct PageRead {
  CacheVersion version;
  PageShape shape;
  AffineExpr address;
  PageScale scale;
};

/// Attention whose keys and values are read from pages.
struct PageAttention {
  Operation *op = nullptr;
  /// Of one cache or of two.
  PageRead keys, values;
  /// The page of (batch entry, column), of which there are as many as `columns`
  /// says, or, if that is dynamic, as a load has.
  AffineExpr page;
  int64_t columns = ShapedType::kDynamic;
  /// The number of keys of a batch entry; of its first query, if each further
  /// one sees one more.
  AffineExpr length;
  bool isCausal = false;
  AttentionImport options;
};

/// The caches of a block, and what is done with them, in its order.
class PageUses {
public:
  explicit PageUses(Block &block)
      : block(block), integers(block.getParentOp()->getContext()) {}

  /// Finds all uses. If there are any, but one cannot be meant, returns
  /// failure, and says why of the operation.
  LogicalResult find(Operation *&culprit, std::string &why);

  /// A write or an attention.
  using Use = std::variant<PageWrite, PageAttention>;
  ArrayRef<Use> getUses() const { return uses; }
  /// Returns the cache that a value is a view of; null if of none.
  std::optional<CacheVersion> getVersion(Value value) const {
    auto found = views.find(value);
    return found == views.end() ? std::nullopt : std::optional(found->second);
  }
  /// Returns the cache of keys and that of values if a write is to one of them,
  /// as attention over what is written says; nothing if none does.
  std::optional<std::pair<BlockArgument, BlockArgument>>
  findWrittenPair(const PageWrite &write) const;
  /// Operations that make a tensor of an argument what it became.
  ArrayRef<Operation *> getOverwrites() const { return overwrites; }
  TorchIntegers &getIntegers() { return integers; }

private:
  bool followView(Operation *op);
  LogicalResult addWrite(Operation *op, std::string &why);
  LogicalResult addAttention(Operation *op, const TorchOperands &operands,
                             std::string &why);
  std::optional<PageRead> findRead(Value tensor, std::string &why);
  LogicalResult readPages(ArrayRef<int64_t> sizes, PageAttention &attention,
                          std::string &why);
  LogicalResult readLength(RankedTensorType keyType, PageAttention &attention,
                           std::string &why);

  Block &block;
  TorchIntegers integers;
  DenseMap<Value, CacheVersion> views;
  SmallVector<Use, 0> uses;
  SmallVector<Operation *> overwrites;
  /// Keys and values of attention that is not over pages, before what moves
  /// their elements.
  SmallVector<std::pair<Value, Value>> others;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_IMPORTTORCHPAGES_PAGEUSES_H
