//===- context.cpp - the context and its checks ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Defaults of a context, and the checks of its members. A context whose size
// is not ours is left alone entirely: where its message would be is unknown.
//
//===----------------------------------------------------------------------===//

#include "message.h"
#include "pool.h"

#include "fp8attn/Runtime/lowering_abi.h"

#include <cinttypes>

void fp8attn_context_init(fp8attn_context *context) {
  if (!context)
    return;
  *context = FP8ATTN_CONTEXT_INIT;
}

/// A pool of ours tells how many workers it has: a smaller num_workers would
/// let worker numbers run past the end of the workspace.
static int32_t checkPool(fp8attn_context *context) {
  int32_t workers = fp8attn::poolWorkers(context);
  if (workers == fp8attn::kForeignPool)
    return FP8ATTN_OK;
  if (workers == 0)
    return fp8attn::fail(context, FP8ATTN_BAD_CONTEXT,
                         "pool is null, expected an fp8attn_pool");
  if (context->num_workers < workers)
    return fp8attn::fail(context, FP8ATTN_BAD_CONTEXT,
                         "num_workers is %" PRId32
                         ", expected at least %" PRId32
                         " (the workers of the pool)",
                         context->num_workers, workers);
  return FP8ATTN_OK;
}

int32_t fp8attn_check_context(fp8attn_context *context, uint32_t abi_version) {
  if (!context || context->struct_bytes != sizeof(fp8attn_context))
    return FP8ATTN_BAD_CONTEXT;
  context->message[0] = '\0';
  if (context->abi_version != FP8ATTN_ABI_VERSION)
    return fp8attn::fail(context, FP8ATTN_BAD_CONTEXT,
                         "abi_version is %" PRIu32 ", expected %d",
                         context->abi_version, FP8ATTN_ABI_VERSION);
  if (abi_version != FP8ATTN_ABI_VERSION)
    return fp8attn::fail(context, FP8ATTN_BAD_CONTEXT,
                         "the object was compiled for ABI version %" PRIu32
                         ", expected %d (the runtime's)",
                         abi_version, FP8ATTN_ABI_VERSION);
  if (context->num_workers < 1)
    return fp8attn::fail(context, FP8ATTN_BAD_CONTEXT,
                         "num_workers is %" PRId32 ", expected at least 1",
                         context->num_workers);
  if (context->isa_cap < FP8ATTN_ISA_GENERIC ||
      context->isa_cap > FP8ATTN_ISA_AMX_BF16)
    return fp8attn::fail(context, FP8ATTN_BAD_CONTEXT,
                         "isa_cap is %" PRId32 ", expected 0 to %d",
                         context->isa_cap, FP8ATTN_ISA_AMX_BF16);
  return checkPool(context);
}

int32_t fp8attn_check_workspace(fp8attn_context *context,
                                int64_t bytes_per_worker) {
  if (bytes_per_worker == 0)
    return FP8ATTN_OK;
  int64_t needed;
  if (bytes_per_worker < 0 ||
      __builtin_mul_overflow(bytes_per_worker, int64_t(context->num_workers),
                             &needed))
    return fp8attn::fail(context, FP8ATTN_WORKSPACE_TOO_SMALL,
                         "workspace of %" PRId32 " workers of %" PRId64
                         " bytes is larger than any memory",
                         context->num_workers, bytes_per_worker);
  if (!context->workspace)
    return fp8attn::fail(context, FP8ATTN_WORKSPACE_TOO_SMALL,
                         "workspace is null, expected at least %" PRId64
                         " bytes (%" PRId32 " workers of %" PRId64 ")",
                         needed, context->num_workers, bytes_per_worker);
  if (context->workspace_bytes < needed)
    return fp8attn::fail(context, FP8ATTN_WORKSPACE_TOO_SMALL,
                         "workspace has %" PRId64
                         " bytes, expected at least %" PRId64 " (%" PRId32
                         " workers of %" PRId64 ")",
                         context->workspace_bytes, needed, context->num_workers,
                         bytes_per_worker);
  auto address = reinterpret_cast<uintptr_t>(context->workspace);
  if (address % FP8ATTN_ALIGNMENT)
    return fp8attn::fail(context, FP8ATTN_MISALIGNED,
                         "workspace is 0x%" PRIxPTR
                         ", expected a multiple of %d",
                         address, FP8ATTN_ALIGNMENT);
  return FP8ATTN_OK;
}
