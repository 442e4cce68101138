//===- SequentialModel.cpp - one operation after the other ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "SequentialModel.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>

int64_t bytesOfElement(const Argument &argument) {
  return argument.kind == Argument::kCache
             ? FP8ATTN_ALIGNMENT
             : fp8attn::reference::elementBytes(
                   static_cast<fp8attn_type>(argument.tensor.type));
}

namespace {
/// An operand in memory of exactly its size, without gaps.
class PackedCopy {
public:
  /// Copies the elements of `argument` from where `image` has them.
  PackedCopy(const Argument &argument, const Image &original,
             const Image &image)
      : argument(argument), copy(argument) {
    if (argument.kind == Argument::kInteger)
      return;
    pack();
    forElements(argument, [&](const char *) { bytes += elementBytes(); });
    void *allocated = nullptr;
    if (posix_memalign(&allocated, FP8ATTN_ALIGNMENT,
                       std::max<int64_t>(bytes, 1)) != 0)
      std::abort();
    memory.reset(static_cast<char *>(allocated));
    copy.data() = allocated;
    char *next = memory.get();
    forElements(argument, [&](const char *element) {
      std::memcpy(next, image.placeOf(original, element), elementBytes());
      next += elementBytes();
    });
  }

  /// Puts the elements where `image` has those of the argument.
  void writeBack(const Image &original, Image &image) const {
    const char *next = memory.get();
    forElements(argument, [&](const char *element) {
      std::memcpy(image.placeOf(original, element), next, elementBytes());
      next += elementBytes();
    });
  }

  Argument *get() { return &copy; }

private:
  int64_t elementBytes() const { return bytesOfElement(argument); }

  void pack() {
    if (copy.kind == Argument::kCache) {
      copy.cache.page_bytes = kPageBytes;
      return;
    }
    int64_t stride = 1;
    for (int32_t dim = copy.tensor.rank - 1; dim >= 0; --dim) {
      copy.tensor.strides[dim] = stride;
      stride *= std::max<int64_t>(copy.tensor.sizes[dim], 1);
    }
  }

  struct Free {
    void operator()(char *allocated) const { std::free(allocated); }
  };
  const Argument &argument;
  Argument copy;
  std::unique_ptr<char, Free> memory;
  int64_t bytes = 0;
};
} // namespace

template <typename T>
static T elementOf(const Argument &packed, int64_t index) {
  T element;
  std::memcpy(&element, static_cast<char *>(packed.data()) + index * sizeof(T),
              sizeof(T));
  return element;
}

/// Returns whether two tokens go to one slot.
static bool writesTwice(const Argument &slots) {
  std::set<int64_t> seen;
  for (int64_t i = 0; i < slots.tensor.sizes[0]; ++i) {
    const auto slot = elementOf<int64_t>(slots, i);
    if (slot >= 0 && !seen.insert(slot).second)
      return true;
  }
  return false;
}

/// Returns whether a page that an entry of the list writes is read or written
/// by another entry. The caches are those of the call, not copies.
static bool pagesCollide(const Argument &source, const Argument &destination,
                         const Argument &pages) {
  const auto page = [&](const Argument &cache, int64_t entry, int64_t column) {
    return static_cast<char *>(cache.data()) +
           elementOf<int32_t>(pages, 2 * entry + column) *
               cache.cache.page_bytes;
  };
  const auto overlap = [](const char *one, const char *other) {
    return one < other + kPageBytes && other < one + kPageBytes;
  };
  for (int64_t i = 0; i < pages.tensor.sizes[0]; ++i)
    for (int64_t j = 0; j < pages.tensor.sizes[0]; ++j)
      if (i != j &&
          (overlap(page(destination, i, 1), page(destination, j, 1)) ||
           overlap(page(destination, i, 1), page(source, j, 0))))
        return true;
  return false;
}

static void runStep(const Step &step, const std::vector<Argument> &arguments,
                    int32_t isaCap, const Image &original, Image &image,
                    Verdict &verdict) {
  const Operation &operation = *step.operation;
  std::vector<std::unique_ptr<PackedCopy>> copies;
  std::vector<Argument *> operands;
  for (size_t place : step.operands) {
    copies.push_back(
        std::make_unique<PackedCopy>(arguments[place], original, image));
    operands.push_back(copies.back()->get());
  }
  fp8attn_context context;
  fp8attn_context_init(&context);
  context.isa_cap = isaCap;
  context.workspace_bytes = operation.workspaceBytes(1);
  void *workspace = nullptr;
  if (posix_memalign(&workspace, FP8ATTN_ALIGNMENT,
                     std::max<int64_t>(context.workspace_bytes, 1)) != 0)
    std::abort();
  context.workspace = workspace;
  if (operation.call(&context, operands.data()) != FP8ATTN_OK) {
    verdict.refused = std::string(operation.name) + ": " + context.message;
  } else {
    for (const Argument *operand : operands)
      verdict.isUnspecified |=
          operand->contents == Argument::kSlots && writesTwice(*operand);
    if (operation.numLists == 1)
      verdict.isUnspecified |=
          pagesCollide(arguments[step.operands[0]], arguments[step.operands[1]],
                       *operands[2]);
    for (size_t i = 0; i < operands.size(); ++i)
      if (operation.writes(i, operands.size()))
        copies[i]->writeBack(original, image);
  }
  std::free(workspace);
}

Verdict runSteps(const Function &function,
                 const std::vector<Argument> &arguments, int32_t isaCap,
                 const Image &original, Image &image) {
  Verdict verdict;
  const auto run = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end && verdict.refused.empty(); ++i)
      runStep(function.steps[i], arguments, isaCap, original, image, verdict);
  };
  for (int32_t i = 0; function.numRepeated > 0 && i < arguments.back().integer;
       ++i)
    run(0, function.numRepeated);
  run(function.numRepeated, function.steps.size());
  return verdict;
}
