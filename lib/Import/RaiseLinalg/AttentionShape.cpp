//===- AttentionShape.cpp - dimensions of found attention -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loops that queries share with keys are batch entries and KV heads; those that
// they do not are the heads of a group, and the queries.
//
//===----------------------------------------------------------------------===//

#include "AttentionShape.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Heads that attention may have (attention_c1).
static constexpr int64_t kMostHeads = 1024;

using DigitSet = llvm::SmallSetVector<Digit, 8>;

/// Returns all digits in their order.
static Index flatten(const Indices &indices) {
  Index all;
  for (const Index &index : indices)
    llvm::append_range(all, index);
  return all;
}

static DigitSet getSet(const Indices &indices) {
  const Index all = flatten(indices);
  return DigitSet(all.begin(), all.end());
}

/// Returns the digits of the first that are not in the second.
static DigitSet subtract(const DigitSet &from, const DigitSet &what) {
  DigitSet rest;
  for (Digit digit : from)
    if (!what.contains(digit))
      rest.insert(digit);
  return rest;
}

static bool isSame(const DigitSet &one, const DigitSet &other) {
  return one.size() == other.size() && subtract(one, other).empty();
}

namespace {
/// The loops by what they are.
struct Roles {
  Index batch, heads, kvHeads, queries;
  Digit keys, channels, valueChannels;
};
} // namespace

/// Tells the loops; says why if they are not those of attention.
static std::optional<Roles> getRoles(const AttentionPattern &pattern,
                                     const Indices &out,
                                     const ElementReader &reader,
                                     std::string &why) {
  Roles roles;
  roles.keys = pattern.keys;
  roles.channels = pattern.channels;
  const DigitSet query = getSet(pattern.query->indices),
                 key = getSet(pattern.key->indices),
                 value = getSet(pattern.value->indices);
  DigitSet own;
  own.insert(roles.keys);
  own.insert(roles.channels);
  const DigitSet rows = subtract(query, own), outer = subtract(key, own);
  const DigitSet valueOuter = subtract(value, own);
  const DigitSet valueOwn = subtract(subtract(valueOuter, outer), rows);
  auto refuse = [&](const char *text) {
    why = text;
    return std::nullopt;
  };
  for (const Element *part : {pattern.query, pattern.key, pattern.value})
    if (flatten(part->indices).size() != getSet(part->indices).size())
      return refuse("expects each dimension of queries, keys and values to be "
                    "a loop of its own");
  if (!query.contains(roles.channels) || !key.contains(roles.channels) ||
      !key.contains(roles.keys) || query.contains(roles.keys))
    return refuse("expects queries without the loop over keys, keys with it, "
                  "and both with the loop over channels");
  if (!value.contains(roles.keys) || value.contains(roles.channels) ||
      valueOwn.size() != 1)
    return refuse("expects values with the loop over keys and one of their "
                  "own");
  if (!isSame(subtract(valueOuter, valueOwn), outer))
    return refuse("expects keys and values of the same batch and heads");
  if (!subtract(outer, rows).empty() ||
      !isSame(subtract(getSet(out), valueOwn), rows))
    return refuse("expects queries of all batch entries and heads of the "
                  "result");
  roles.valueChannels = valueOwn.front();

  // In the order of the queries, where the KV heads come last of what is
  // shared.
  for (Digit digit : rows)
    if (outer.contains(digit))
      roles.batch.push_back(digit);
  if (!roles.batch.empty()) {
    const int64_t size = reader.getSize(roles.batch.back());
    if (!ShapedType::isDynamic(size) && size <= kMostHeads) {
      roles.kvHeads.push_back(roles.batch.back());
      roles.batch.pop_back();
    }
  }
  // A loop that was split was one over heads, whatever else it was.
  DigitSet parts;
  for (const Index &index : out)
    if (index.size() > 1)
      parts.insert(index.begin(), index.end());
  roles.heads = roles.kvHeads;
  const DigitSet inner = subtract(rows, outer);
  for (Digit digit : llvm::reverse(inner))
    if (roles.queries.empty() && !parts.contains(digit))
      roles.queries.push_back(digit);
  for (Digit digit : inner)
    if (!llvm::is_contained(roles.queries, digit))
      roles.heads.push_back(digit);
  return roles;
}

/// Returns the places of a mask; says why if attention has no such mask.
static std::optional<Indices> getMaskShape(const Element &mask, Roles roles,
                                           bool &isOfKvHeads,
                                           std::string &why) {
  const DigitSet has = getSet(mask.indices);
  // The KV heads without those of a group.
  const DigitSet heads(roles.heads.begin(), roles.heads.end());
  const DigitSet kvHeads(roles.kvHeads.begin(), roles.kvHeads.end());
  const DigitSet without = subtract(heads, has);
  isOfKvHeads = !kvHeads.empty() && heads.size() > kvHeads.size() &&
                isSame(without, subtract(heads, kvHeads));
  if (isOfKvHeads)
    roles.heads = roles.kvHeads;
  auto contains = [&](Digit digit) { return has.contains(digit); };
  Indices shape;
  size_t found = 0;
  for (auto [part, name] :
       {std::pair(roles.batch, "batch entries"),
        std::pair(roles.heads, "heads"), std::pair(roles.queries, "queries"),
        std::pair(Index{roles.keys}, "keys")}) {
    const bool isWhole = llvm::all_of(part, contains);
    if (!isWhole && llvm::any_of(part, contains)) {
      why =
          llvm::formatv("expects a mask with all loops over {0} or with none, "
                        "got {1}",
                        name, mask.tensor.getType());
      return std::nullopt;
    }
    shape.push_back(isWhole ? part : Index());
    found += shape.back().size();
  }
  if (found != flatten(mask.indices).size()) {
    why = llvm::formatv("expects a mask of batch, heads, queries and keys, got "
                        "{0}",
                        mask.tensor.getType());
    return std::nullopt;
  }
  return shape;
}

std::optional<AttentionShape>
mlir::fp8attn::getShape(const AttentionPattern &pattern, const Indices &out,
                        const ElementReader &reader, std::string &why) {
  std::optional<Roles> roles = getRoles(pattern, out, reader, why);
  if (!roles)
    return std::nullopt;
  if (pattern.queries && *pattern.queries != roles->queries) {
    why = "expects the places of queries to be compared with those of keys";
    return std::nullopt;
  }
  const Index keys = {roles->keys}, channels = {roles->channels},
              valueChannels = {roles->valueChannels};
  AttentionShape shape;
  shape.query = {roles->batch, roles->heads, roles->queries, channels};
  shape.key = {roles->batch, roles->kvHeads, keys, channels};
  shape.value = {roles->batch, roles->kvHeads, keys, valueChannels};
  shape.out = {roles->batch, roles->heads, roles->queries, valueChannels};
  if (pattern.mask) {
    std::optional<Indices> mask =
        getMaskShape(*pattern.mask, *roles, shape.isMaskOfKvHeads, why);
    if (!mask)
      return std::nullopt;
    shape.mask = *mask;
  }
  return shape;
}

/// Returns groups of the dimensions of `indices` that become one dimension for
/// each digit: dimensions of size 1 join a neighbour.
static SmallVector<ReassociationIndices>
getGroupsOfDigits(const Indices &indices) {
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices open;
  for (auto [dimension, index] : llvm::enumerate(indices)) {
    open.push_back(dimension);
    if (!index.empty())
      groups.push_back(std::exchange(open, {}));
  }
  if (!groups.empty())
    llvm::append_range(groups.back(), open);
  return groups;
}

using Sizes = llvm::SmallDenseMap<Digit, int64_t>;

/// Makes one digit of two that follow each other in one dimension, before and
/// behind; `sizes` are those of all.
static void mergeDigits(Indices &from, Indices &to, Sizes &sizes) {
  auto findPair = [&](const Indices &indices, auto accept) {
    for (const Index &index : indices)
      for (size_t i = 1; i < index.size(); ++i)
        if (accept(index[i - 1], index[i]))
          return std::optional(std::pair(index[i - 1], index[i]));
    return std::optional<std::pair<Digit, Digit>>();
  };
  while (auto pair = findPair(from, [&](Digit first, Digit second) {
           return findPair(to,
                           [&](Digit a, Digit b) {
                             return a == first && b == second;
                           })
               .has_value();
         })) {
    auto [first, second] = *pair;
    // All but the first of a dimension are static.
    if (!ShapedType::isDynamic(sizes[first]))
      sizes[first] *= sizes[second];
    for (Indices *indices : {&from, &to})
      for (Index &index : *indices)
        llvm::erase(index, second);
  }
}

/// Returns a tensor with one dimension for each digit of its place.
static Value splitDimensions(OpBuilder &builder, Location loc, Value tensor,
                             const Indices &from, const Sizes &known) {
  SmallVector<ReassociationIndices> units = getGroupsOfDigits(from);
  if (units.size() != from.size())
    tensor = tensor::CollapseShapeOp::create(builder, loc, tensor, units);
  SmallVector<ReassociationIndices> groups;
  SmallVector<int64_t> sizes;
  auto type = cast<RankedTensorType>(tensor.getType());
  for (const Index &index : from) {
    if (index.empty())
      continue;
    int64_t first = type.getDimSize(groups.size());
    ReassociationIndices &group = groups.emplace_back();
    for (Digit digit : ArrayRef(index).drop_front())
      if (!ShapedType::isDynamic(first))
        first /= known.at(digit);
    for (Digit digit : index) {
      group.push_back(sizes.size());
      sizes.push_back(group.size() == 1 ? first : known.at(digit));
    }
  }
  if (sizes.size() == groups.size())
    return tensor;
  return tensor::ExpandShapeOp::create(builder, loc, type.clone(sizes), tensor,
                                       groups);
}

/// Returns a tensor with one dimension for each digit as one read at `to`.
static Value joinDimensions(OpBuilder &builder, Location loc, Value tensor,
                            const Indices &to) {
  SmallVector<ReassociationIndices> groups;
  int64_t count = 0;
  for (const Index &index : to) {
    if (index.empty())
      continue;
    ReassociationIndices &group = groups.emplace_back();
    for (size_t i = 0; i < index.size(); ++i)
      group.push_back(count++);
  }
  if (groups.size() != size_t(count))
    tensor = tensor::CollapseShapeOp::create(builder, loc, tensor, groups);
  if (groups.size() == to.size())
    return tensor;
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> sizes;
  count = 0;
  for (const Index &index : to)
    sizes.push_back(index.empty() ? 1 : type.getDimSize(count++));
  return tensor::ExpandShapeOp::create(builder, loc, type.clone(sizes), tensor,
                                       getGroupsOfDigits(to));
}

bool mlir::fp8attn::isInOrder(const Indices &from, const Indices &to) {
  return flatten(from) == flatten(to);
}

Value mlir::fp8attn::arrange(OpBuilder &builder, Location loc, Value tensor,
                             Indices from, Indices to,
                             const ElementReader &reader) {
  if (from == to)
    return tensor;
  Sizes known;
  for (Digit digit : flatten(from))
    known[digit] = reader.getSize(digit);
  mergeDigits(from, to, known);
  tensor = splitDimensions(builder, loc, tensor, from, known);
  const Index has = flatten(from), wanted = flatten(to);
  if (has != wanted) {
    SmallVector<int64_t> order;
    SmallVector<OpFoldResult> sizes;
    for (Digit digit : wanted) {
      order.push_back(llvm::find(has, digit) - has.begin());
      sizes.push_back(tensor::getMixedSize(builder, loc, tensor, order.back()));
    }
    Value empty = tensor::EmptyOp::create(
        builder, loc, sizes,
        cast<RankedTensorType>(tensor.getType()).getElementType());
    tensor = linalg::TransposeOp::create(builder, loc, tensor, empty, order)
                 ->getResult(0);
  }
  return joinDimensions(builder, loc, tensor, to);
}
