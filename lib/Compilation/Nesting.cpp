//===- Nesting.cpp - how deep input is nested -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Without calling itself. What the text counts as a bracket may be none, as `<`
// of a comparison in a map; that makes a difference to nobody's model.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Compilation/Nesting.h"

#include "llvm/ADT/SmallVector.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns `text` from behind the string or comment that it begins with.
static StringRef skip(StringRef text) {
  if (text.starts_with("//"))
    return text.drop_until([](char c) { return c == '\n'; });
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '"' || text[i] == '\n')
      return text.drop_front(i + 1);
  }
  return {};
}

unsigned mlir::fp8attn::findDeepLine(StringRef text) {
  const StringRef all = text;
  unsigned depth = 0;
  while (!text.empty()) {
    if (text.front() == '"' || text.starts_with("//")) {
      text = skip(text);
      continue;
    }
    if (StringRef("([{<").contains(text.front()) && ++depth > kMaxNesting)
      return all.drop_back(text.size()).count('\n') + 1;
    // An arrow closes nothing.
    if (text.consume_front("->"))
      continue;
    if (StringRef(")]}>").contains(text.front()) && depth > 0)
      --depth;
    text = text.drop_front();
  }
  return 0;
}

Operation *mlir::fp8attn::findDeepOperation(Operation *op) {
  SmallVector<std::pair<Operation *, unsigned>> work = {{op, 0}};
  while (!work.empty()) {
    auto [parent, depth] = work.pop_back_val();
    if (depth > kMaxNesting)
      return parent;
    for (Region &region : parent->getRegions())
      for (Operation &inner : region.getOps())
        if (inner.getNumRegions() != 0)
          work.emplace_back(&inner, depth + 1);
  }
  return nullptr;
}
