//===- Selection.cpp - lists of the keys that queries see -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What paged_attention demands of selected_pages and selected_tokens.
//
//===----------------------------------------------------------------------===//

#include "Verifiers.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::fp8attn::detail;

/// Returns the maps of scales and zero points, with the names of these.
static std::array<std::pair<StringRef, std::optional<AffineMap>>, 4>
getScaleMaps(PagedAttentionOp op) {
  return {{{"key_scale", op.getKeyScaleMap()},
           {"value_scale", op.getValueScaleMap()},
           {"key_zero_point", op.getKeyZeroPointMap()},
           {"value_zero_point", op.getValueZeroPointMap()}}};
}

/// Returns the name of what wants the distance from a query to a key, or keys
/// beside those of the block table; empty if nothing does.
static StringRef findBesideSelection(PagedAttentionOp op) {
  return op.getWindowLeftAttr()  ? "window_left"
         : op.getAlibi()         ? "alibi"
         : op.getMask()          ? "mask"
         : op.getDraftMask()     ? "draft_mask"
         : op.hasPrefix()        ? "prefix"
         : op.getScore().empty() ? ""
                                 : "score region";
}

/// Checks that the factors of selected tokens can be copied: that each result
/// of the map depends on page and token or on what tokens have in common.
static LogicalResult verifyScaleOfTokens(PagedAttentionOp op, StringRef name,
                                         std::optional<AffineMap> map) {
  if (!map)
    return success();
  for (AffineExpr result : map->getResults()) {
    auto dependsOn = [&](std::initializer_list<unsigned> dims) {
      return llvm::any_of(
          dims, [&](unsigned dim) { return result.isFunctionOfDim(dim); });
    };
    if (dependsOn({0, 2}) && dependsOn({1, 3}))
      return op.emitOpError("expects no result of the map of ")
             << name << " to depend on page or token and on head or channel "
             << "beside selected_tokens, got " << AffineMapAttr::get(*map);
  }
  return success();
}

/// Checks that each list is for heads of the caches, or heads that share one,
/// and that their scales are those of neighbours.
static LogicalResult verifyLists(PagedAttentionOp op, NamedShaped selected) {
  if (selected.type().getRank() != 3)
    return success();
  // selection_c6
  if (failed(verifyStatic(op, "lists of a token", selected, 1)))
    return failure();
  const int64_t lists = selected.size(1), heads = op.getNumHeads();
  if (lists < 1 || heads % lists != 0)
    return op.emitOpError("expects heads of query (")
           << heads << ") to be a multiple of the lists of a token in "
           << selected.name << ", got " << lists;
  for (Value cache : op.getCaches())
    if (const int64_t kvHeads = cast<CacheType>(cache.getType()).getNumHeads();
        kvHeads % lists != 0 && lists % kvHeads != 0)
      return noteDefinition(
          op.emitOpError("expects heads of the cache (")
              << kvHeads << ") to be a multiple of the lists of a token in "
              << selected.name << ", or to divide them, got " << lists,
          "the cache", cache);
  // selection_c7
  for (auto [name, map] : getScaleMaps(op))
    for (AffineExpr result : map ? map->getResults() : ArrayRef<AffineExpr>())
      if (result.isFunctionOfDim(1) && !isa<AffineDimExpr>(result))
        return op.emitOpError("expects results of the map of ")
               << name << " that depend on the head to be the head where "
               << selected.name << " has several lists for a token, got "
               << AffineMapAttr::get(*map);
  return success();
}

LogicalResult fp8attn::detail::verifySelection(PagedAttentionOp op) {
  NamedShaped selected{op.getSelectedName(), op.getSelected()};
  if (!selected.value)
    return success();
  // selection_c1
  if (op.getSelectedPages() && op.getSelectedTokens())
    return op.emitOpError(
        "expects selected_pages or selected_tokens, got both");
  // selection_c2
  if (failed(verifySizesAgree(op, "tokens", selected, 0,
                              {"query", op.getQuery()}, 0)))
    return failure();
  // selection_c3
  if (StringRef other = findBesideSelection(op); !other.empty())
    return op.emitOpError("expects no ")
           << other << " beside " << selected.name;
  // selection_c4
  if (op.getSelectedTokens())
    for (auto [name, map] : getScaleMaps(op))
      if (failed(verifyScaleOfTokens(op, name, map)))
        return failure();
  if (failed(verifyLists(op, selected)))
    return failure();
  return verifyMemRefs(op, {selected});
}
