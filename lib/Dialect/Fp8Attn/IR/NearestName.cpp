//===- NearestName.cpp - which name was meant -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "NearestName.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using namespace mlir;

StringRef fp8attn::detail::getNearestName(StringRef name,
                                          ArrayRef<StringRef> names) {
  // A letter in three may be wrong, so that `is_causal` is still `causal`.
  constexpr unsigned kLettersPerMistake = 3;
  unsigned bound = std::max<unsigned>(1, name.size() / kLettersPerMistake);
  StringRef nearest;
  for (StringRef candidate : names) {
    const unsigned distance = name.edit_distance_insensitive(
        candidate, /*AllowReplacements=*/true, /*MaxEditDistance=*/bound);
    if (distance > bound || (distance == bound && !nearest.empty()))
      continue;
    bound = distance;
    nearest = candidate;
  }
  if (!nearest.empty())
    return nearest;
  // `scale` is a part of `softmax_scale`. A letter or two are a part of many.
  constexpr size_t kShortestPart = 3;
  for (StringRef candidate : names)
    if (name.size() >= kShortestPart && candidate.contains(name))
      return candidate;
  return StringRef();
}

std::string fp8attn::detail::getNameHint(StringRef name,
                                         ArrayRef<StringRef> names) {
  if (names.empty())
    return "";
  StringRef nearest = getNearestName(name, names);
  if (!nearest.empty())
    return ("; did you mean '" + nearest + "'?").str();
  return "; expects one of " + llvm::join(names, ", ");
}
