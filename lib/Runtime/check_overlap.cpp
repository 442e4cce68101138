//===- check_overlap.cpp - operands in each other's memory ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Refuses operands that are written into memory of other operands. Operands may
// reach through one another without sharing a byte, as the columns of a fused
// buffer do, so strides are compared and not only addresses: dimension by
// dimension, in a number of steps that depends on the ranks alone.
//
// Where the strides of two operands have nothing to do with each other, finding
// a shared byte is a problem of number theory. There the answer is that they
// overlap: a wrong refusal says so and costs a copy, a wrong acceptance costs
// results that differ from run to run.
//
//===----------------------------------------------------------------------===//

#include "check_overlap.h"
#include "message.h"

#include <algorithm>
#include <cinttypes>

using fp8attn::fail;

namespace {
/// Where the bytes of a tensor are, from its first one on.
struct Extent {
  /// In bytes.
  struct Dim {
    int64_t size;
    int64_t stride;
  };
  /// Dimensions with more than one element, the largest stride first.
  Dim dims[FP8ATTN_MAX_RANK];
  int32_t count;
  /// Bytes from the first to the last one of dims[i] and on; the last entry is
  /// one element.
  int64_t span[FP8ATTN_MAX_RANK + 1];
};
} // namespace

/// Returns the extent of a tensor that no size of is 0. Strides of 0 add no
/// place, and are left out with the sizes of 1.
static Extent extentOf(const fp8attn_tensor &tensor) {
  const int64_t bytes = fp8attn::typeBytes(tensor.type);
  Extent extent = {};
  for (int32_t dim = 0; dim < tensor.rank; ++dim) {
    if (tensor.sizes[dim] <= 1 || tensor.strides[dim] <= 0)
      continue;
    const int64_t stride = tensor.strides[dim] * bytes;
    int32_t place = extent.count++;
    // Not std::sort: every object with embedded kernels would carry it.
    for (; place > 0 && extent.dims[place - 1].stride < stride; --place)
      extent.dims[place] = extent.dims[place - 1];
    extent.dims[place] = {tensor.sizes[dim], stride};
  }
  extent.span[extent.count] = bytes;
  for (int32_t i = extent.count - 1; i >= 0; --i)
    extent.span[i] =
        extent.span[i + 1] + (extent.dims[i].size - 1) * extent.dims[i].stride;
  return extent;
}

/// Returns whether dimensions `a` and on of `left` share a byte with dimensions
/// `b` and on of `right`, which begin `offset` bytes later.
///
/// Both are taken as rows at the larger of the two outermost strides, one row
/// if it is the other's. If no row is longer than the stride, a row of `right`
/// meets at most two of `left`, and all such pairs are alike.
static bool overlap(const Extent &left, int32_t a, const Extent &right,
                    int32_t b, int64_t offset) {
  if (offset >= left.span[a] || -offset >= right.span[b])
    return false;
  const int64_t leftStride = a < left.count ? left.dims[a].stride : 0;
  const int64_t rightStride = b < right.count ? right.dims[b].stride : 0;
  const int64_t stride = std::max(leftStride, rightStride);
  if (stride == 0)
    return true;
  const int64_t leftRows = leftStride == stride ? left.dims[a++].size : 1;
  const int64_t rightRows = rightStride == stride ? right.dims[b++].size : 1;
  if (left.span[a] > stride || right.span[b] > stride)
    return true;
  // Row j of `right` begins in row j + row of `left`, or after it.
  const int64_t row = offset / stride - (offset % stride < 0 ? 1 : 0);
  for (int64_t shift : {row, row + 1})
    if (shift < leftRows && -shift < rightRows &&
        overlap(left, a, right, b, offset - shift * stride))
      return true;
  return false;
}

static bool isEmpty(const fp8attn_tensor &tensor) {
  return std::find(tensor.sizes, tensor.sizes + tensor.rank, 0) !=
         tensor.sizes + tensor.rank;
}

/// Returns whether two tensors have the same elements at the same indices.
static bool isSame(const fp8attn_tensor &left, const fp8attn_tensor &right) {
  if (left.data != right.data || left.type != right.type ||
      left.rank != right.rank)
    return false;
  for (int32_t dim = 0; dim < left.rank; ++dim)
    if (left.sizes[dim] != right.sizes[dim] ||
        (left.sizes[dim] > 1 && left.strides[dim] != right.strides[dim]))
      return false;
  return true;
}

static uintptr_t addressOf(const fp8attn_tensor &tensor) {
  return reinterpret_cast<uintptr_t>(tensor.data);
}

/// Returns whether two tensors that are not empty share a byte.
static bool overlap(const fp8attn_tensor &left, const fp8attn_tensor &right) {
  if (addressOf(left) > addressOf(right))
    return overlap(right, left);
  const uintptr_t offset = addressOf(right) - addressOf(left);
  // Nothing spans more than INT64_MAX bytes.
  return offset <= INT64_MAX && overlap(extentOf(left), 0, extentOf(right), 0,
                                        static_cast<int64_t>(offset));
}

/// Returns the first address after a tensor.
static uintptr_t endOf(const fp8attn_tensor &tensor) {
  return addressOf(tensor) + static_cast<uintptr_t>(extentOf(tensor).span[0]);
}

bool fp8attn::sharesMemory(const fp8attn_tensor &left,
                           const fp8attn_tensor &right) {
  return !isEmpty(left) && !isEmpty(right) && overlap(left, right);
}

int32_t fp8attn::failOverlap(fp8attn_context *context,
                             const fp8attn_operand &written,
                             const fp8attn_operand &other,
                             const char *exception) {
  return fail(context, FP8ATTN_OVERLAP,
              "%s overlaps %s, expected memory of its own%s: [0x%" PRIxPTR
              ", 0x%" PRIxPTR ") and [0x%" PRIxPTR ", 0x%" PRIxPTR ")",
              written.name, other.name, exception, addressOf(written.tensor),
              endOf(written.tensor), addressOf(other.tensor),
              endOf(other.tensor));
}

static int32_t checkPair(fp8attn_context *context,
                         const fp8attn_operand &written,
                         const fp8attn_operand &other, bool mayBeSame) {
  if (!fp8attn::sharesMemory(written.tensor, other.tensor) ||
      (mayBeSame && isSame(written.tensor, other.tensor)))
    return FP8ATTN_OK;
  return fp8attn::failOverlap(context, written, other,
                              mayBeSame ? " or the same tensor" : "");
}

int32_t fp8attn_check_overlap(fp8attn_context *context,
                              const fp8attn_operand *operands,
                              int64_t num_operands, int64_t num_written,
                              int64_t num_in_place) {
  for (int64_t i = 0; i < num_written; ++i)
    for (int64_t j = i + 1; j < num_operands; ++j)
      if (int32_t status =
              checkPair(context, operands[i], operands[j],
                        j >= num_written && j < num_written + num_in_place))
        return status;
  return FP8ATTN_OK;
}

int32_t fp8attn_check_later_reads(fp8attn_context *context,
                                  const fp8attn_operand *operands,
                                  const char *order) {
  for (int64_t i = 0; order[i] != 0; ++i) {
    const fp8attn_tensor &written = operands[i].tensor;
    if (order[i] != 'w' || isEmpty(written))
      continue;
    const auto span = static_cast<uint64_t>(extentOf(written).span[0]);
    for (int64_t j = i + 1; order[j] != 0; ++j) {
      // Most pairs of a large function have nothing to do with each other.
      const uintptr_t begin = addressOf(operands[j].tensor);
      const bool isBehind =
          begin >= addressOf(written) && begin - addressOf(written) >= span;
      if (order[j] != 'r' || isBehind)
        continue;
      if (int32_t status = checkPair(context, operands[i], operands[j],
                                     /*mayBeSame=*/false))
        return status;
    }
  }
  return FP8ATTN_OK;
}
