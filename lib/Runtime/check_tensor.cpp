//===- check_tensor.cpp - checks of one tensor argument -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compares a tensor with what the entry point was compiled for, and makes sure
// that every element it describes lies at an address of its own that 64 bits
// can express. Later code multiplies indices and strides without looking back.
//
//===----------------------------------------------------------------------===//

#include "message.h"

#include "fp8attn/Runtime/lowering_abi.h"

#include <cinttypes>

using fp8attn::fail;

static int32_t checkSizes(fp8attn_context *context,
                          const fp8attn_tensor &tensor,
                          const fp8attn_tensor_spec &spec) {
  for (int32_t dim = 0; dim < spec.rank; ++dim) {
    int64_t size = tensor.sizes[dim];
    if (spec.sizes[dim] == FP8ATTN_DYNAMIC && size < 0)
      return fail(context, FP8ATTN_BAD_SIZE,
                  "%s.sizes[%" PRId32 "] is %" PRId64 ", expected at least 0",
                  spec.name, dim, size);
    if (spec.sizes[dim] != FP8ATTN_DYNAMIC && size != spec.sizes[dim])
      return fail(context, FP8ATTN_BAD_SIZE,
                  "%s.sizes[%" PRId32 "] is %" PRId64 ", expected %" PRId64,
                  spec.name, dim, size, spec.sizes[dim]);
  }
  return FP8ATTN_OK;
}

static bool isEmpty(const fp8attn_tensor &tensor) {
  for (int32_t dim = 0; dim < tensor.rank; ++dim)
    if (tensor.sizes[dim] == 0)
      return true;
  return false;
}

/// Demands the compiled strides. A stride that is never stepped along (size 1)
/// may have any value that is not negative.
static int32_t checkCompiledStrides(fp8attn_context *context,
                                    const fp8attn_tensor &tensor,
                                    const fp8attn_tensor_spec &spec) {
  for (int32_t dim = 0; dim < tensor.rank; ++dim) {
    int64_t stride = tensor.strides[dim];
    if (stride < 0)
      return fail(context, FP8ATTN_BAD_STRIDE,
                  "%s.strides[%" PRId32 "] is %" PRId64 ", expected at least 0",
                  spec.name, dim, stride);
    if (tensor.sizes[dim] > 1 && spec.strides[dim] != FP8ATTN_DYNAMIC &&
        stride != spec.strides[dim])
      return fail(context, FP8ATTN_BAD_STRIDE,
                  "%s.strides[%" PRId32 "] is %" PRId64 ", expected %" PRId64,
                  spec.name, dim, stride, spec.strides[dim]);
  }
  return FP8ATTN_OK;
}

/// Writes the dimensions that have more than one element to `dims`, the one
/// with the smallest stride first, and returns their number.
static int32_t sortByStride(const fp8attn_tensor &tensor,
                            int32_t dims[FP8ATTN_MAX_RANK]) {
  int32_t count = 0;
  for (int32_t dim = 0; dim < tensor.rank; ++dim) {
    if (tensor.sizes[dim] <= 1)
      continue;
    int32_t place = count++;
    for (; place > 0 && tensor.strides[dims[place - 1]] > tensor.strides[dim];
         --place)
      dims[place] = dims[place - 1];
    dims[place] = dim;
  }
  return count;
}

/// Demands that each dimension steps over all that is within: then no two
/// elements overlap, and the extent found is the number of elements spanned.
static int32_t checkExtent(fp8attn_context *context,
                           const fp8attn_tensor &tensor,
                           const fp8attn_tensor_spec &spec) {
  int32_t dims[FP8ATTN_MAX_RANK];
  int32_t count = sortByStride(tensor, dims);
  int64_t extent = 1;
  bool overflow = false;
  for (int32_t place = 0; place < count && !overflow; ++place) {
    int32_t dim = dims[place];
    if (tensor.strides[dim] < extent)
      return fail(context, FP8ATTN_BAD_STRIDE,
                  "%s.strides[%" PRId32 "] is %" PRId64
                  ", expected at least %" PRId64 " (elements would overlap)",
                  spec.name, dim, tensor.strides[dim], extent);
    int64_t steps;
    overflow = __builtin_mul_overflow(tensor.sizes[dim] - 1,
                                      tensor.strides[dim], &steps) ||
               __builtin_add_overflow(extent, steps, &extent);
  }
  int64_t bytes;
  if (overflow ||
      __builtin_mul_overflow(extent, fp8attn::typeBytes(spec.type), &bytes))
    return fail(context, FP8ATTN_BAD_SIZE,
                "%s spans more bytes than 64 bits can count, expected sizes "
                "and strides of memory that exists",
                spec.name);
  return FP8ATTN_OK;
}

static int32_t checkData(fp8attn_context *context, const fp8attn_tensor &tensor,
                         const fp8attn_tensor_spec &spec) {
  if (!tensor.data)
    return fail(context, FP8ATTN_NULL_POINTER,
                "%s.data is null, expected memory as no size is 0", spec.name);
  auto address = reinterpret_cast<uintptr_t>(tensor.data);
  auto bytes = static_cast<uintptr_t>(fp8attn::typeBytes(spec.type));
  if (address % bytes)
    return fail(context, FP8ATTN_MISALIGNED,
                "%s.data is 0x%" PRIxPTR ", expected a multiple of %" PRIuPTR,
                spec.name, address, bytes);
  return FP8ATTN_OK;
}

int32_t fp8attn_check_tensor(fp8attn_context *context,
                             const fp8attn_tensor *tensor,
                             const fp8attn_tensor_spec *spec) {
  if (!tensor)
    return fail(context, FP8ATTN_NULL_POINTER, "%s is null, expected a tensor",
                spec->name);
  if (tensor->type != spec->type)
    return fail(context, FP8ATTN_BAD_TYPE,
                "%s.type is %" PRId32 " (%s), expected %" PRId32 " (%s)",
                spec->name, tensor->type, fp8attn::typeName(tensor->type),
                spec->type, fp8attn::typeName(spec->type));
  if (tensor->rank != spec->rank)
    return fail(context, FP8ATTN_BAD_SIZE,
                "%s.rank is %" PRId32 ", expected %" PRId32, spec->name,
                tensor->rank, spec->rank);
  if (int32_t status = checkSizes(context, *tensor, *spec))
    return status;
  if (isEmpty(*tensor))
    return FP8ATTN_OK;
  if (int32_t status = checkCompiledStrides(context, *tensor, *spec))
    return status;
  if (int32_t status = checkExtent(context, *tensor, *spec))
    return status;
  return checkData(context, *tensor, *spec);
}

int32_t fp8attn_check_size(fp8attn_context *context, const char *name,
                           int64_t size, const char *other_name,
                           int64_t other_size) {
  if (size != other_size)
    return fail(context, FP8ATTN_BAD_SIZE,
                "%s is %" PRId64 ", expected %" PRId64 " (%s)", name, size,
                other_size, other_name);
  return FP8ATTN_OK;
}
