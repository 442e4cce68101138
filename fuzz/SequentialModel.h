//===- SequentialModel.h - one operation after the other --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a call of a function has to do to memory, however its arguments stand in
// it: each operation is called on its own with a packed copy of each operand as
// it is then, and its results are put where the function's argument is.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_FUZZ_SEQUENTIALMODEL_H
#define FP8ATTN_FUZZ_SEQUENTIALMODEL_H

#include "BypassFunctions.h"
#include "Image.h"

#include <string>

/// What the model says of a call.
struct Verdict {
  /// Which operation refuses its operands, and why; empty if none does.
  std::string refused;
  /// Whether the results depend on the order of what one operation does: two
  /// tokens for a slot, or a list of pages that is in each other's way.
  bool isUnspecified = false;
};

/// Does to `image` what the steps of `function` do. `arguments` describe memory
/// of `original`, are valid by themselves, and have elements that are apart.
Verdict runSteps(const Function &function,
                 const std::vector<Argument> &arguments, int32_t isaCap,
                 const Image &original, Image &image);

/// Calls body(address) for each element of a tensor, or each row of
/// FP8ATTN_ALIGNMENT bytes of a page of a cache, with the bytes it has.
template <typename Body> void forElements(const Argument &argument, Body body);

/// Returns the bytes of an element of an argument.
int64_t bytesOfElement(const Argument &argument);

template <typename Body> void forElements(const Argument &argument, Body body) {
  char *begin = static_cast<char *>(argument.data());
  if (argument.kind == Argument::kCache) {
    for (int64_t page = 0; page < argument.cache.num_pages; ++page)
      for (int64_t byte = 0; byte < kPageBytes; byte += FP8ATTN_ALIGNMENT)
        body(begin + page * argument.cache.page_bytes + byte);
    return;
  }
  const fp8attn_tensor &tensor = argument.tensor;
  int64_t sizes[FP8ATTN_MAX_RANK], strides[FP8ATTN_MAX_RANK];
  for (int32_t dim = 0; dim < FP8ATTN_MAX_RANK; ++dim) {
    sizes[dim] = dim < tensor.rank ? tensor.sizes[dim] : 1;
    strides[dim] = dim < tensor.rank ? tensor.strides[dim] : 0;
  }
  const int64_t bytes = bytesOfElement(argument);
  for (int64_t i = 0; i < sizes[0]; ++i)
    for (int64_t j = 0; j < sizes[1]; ++j)
      for (int64_t k = 0; k < sizes[2]; ++k)
        for (int64_t l = 0; l < sizes[3]; ++l)
          body(begin + bytes * (i * strides[0] + j * strides[1] +
                                k * strides[2] + l * strides[3]));
}

#endif // FP8ATTN_FUZZ_SEQUENTIALMODEL_H
