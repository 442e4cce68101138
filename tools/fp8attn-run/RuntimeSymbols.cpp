//===- RuntimeSymbols.cpp - functions that compiled code calls ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runtime functions by name, kernels from the kernel table.
//
//===----------------------------------------------------------------------===//

#include "RuntimeSymbols.h"

#include "common/kernel_table.h"
#include "fp8attn/Runtime/lowering_abi.h"
#include "x86_amx/tile_configuration.h"

using namespace mlir::fp8attn;

/// Chooses as fp8attn_select_isa does, but does not ask the CPU: whoever
/// emulates AMX has seen to it that the rest is there.
static int32_t selectEmulatedIsa(fp8attn_context *context, uint32_t mask) {
  for (int32_t isa = context->isa_cap; isa >= 0; --isa)
    if (mask >> isa & 1)
      return context->isa = isa;
  return fp8attn_select_isa(context, mask);
}

int32_t mlir::fp8attn::selectIsa(bool emulateAmx, fp8attn_context *context,
                                 uint32_t isaMask) {
  return emulateAmx ? selectEmulatedIsa(context, isaMask)
                    : fp8attn_select_isa(context, isaMask);
}

SymbolAddresses mlir::fp8attn::getRuntimeSymbols(bool emulateAmx) {
#define FP8ATTN_SYMBOL(function) {#function, reinterpret_cast<void *>(function)}
  SymbolAddresses symbols = {FP8ATTN_SYMBOL(fp8attn_enter_environment),
                             FP8ATTN_SYMBOL(fp8attn_leave_environment),
                             FP8ATTN_SYMBOL(fp8attn_check_context),
                             FP8ATTN_SYMBOL(fp8attn_check_workspace),
                             FP8ATTN_SYMBOL(fp8attn_check_tensor),
                             FP8ATTN_SYMBOL(fp8attn_check_cache),
                             FP8ATTN_SYMBOL(fp8attn_check_rows),
                             FP8ATTN_SYMBOL(fp8attn_check_view),
                             FP8ATTN_SYMBOL(fp8attn_check_size),
                             FP8ATTN_SYMBOL(fp8attn_check_draft_columns),
                             FP8ATTN_SYMBOL(fp8attn_check_integers),
                             FP8ATTN_SYMBOL(fp8attn_check_scale),
                             FP8ATTN_SYMBOL(fp8attn_check_scale_pages),
                             FP8ATTN_SYMBOL(fp8attn_check_batch),
                             FP8ATTN_SYMBOL(fp8attn_check_prefix),
                             FP8ATTN_SYMBOL(fp8attn_check_selection),
                             FP8ATTN_SYMBOL(fp8attn_select_pages),
                             FP8ATTN_SYMBOL(fp8attn_select_tokens),
                             FP8ATTN_SYMBOL(fp8attn_gather_tokens),
                             FP8ATTN_SYMBOL(fp8attn_check_slots),
                             FP8ATTN_SYMBOL(fp8attn_check_pages),
                             FP8ATTN_SYMBOL(fp8attn_check_overlap),
                             FP8ATTN_SYMBOL(fp8attn_check_later_reads),
                             FP8ATTN_SYMBOL(fp8attn_check_page_moves),
                             FP8ATTN_SYMBOL(fp8attn_parallel),
                             FP8ATTN_SYMBOL(fp8attn_allocate),
                             FP8ATTN_SYMBOL(fp8attn_release),
                             FP8ATTN_SYMBOL(fp8attn_release_all),
                             FP8ATTN_SYMBOL(fp8attn_check_bodies),
                             FP8ATTN_SYMBOL(fp8attn_item_rows),
                             FP8ATTN_SYMBOL(fp8attn_num_work_items),
                             FP8ATTN_SYMBOL(fp8attn_items_at_once),
                             FP8ATTN_SYMBOL(fp8attn_num_parts),
                             FP8ATTN_SYMBOL(fp8attn_hand_over),
                             FP8ATTN_SYMBOL(fp8attn_work_item_init),
                             FP8ATTN_SYMBOL(fp8attn_dense_item_init),
                             FP8ATTN_SYMBOL(fp8attn_key_run_init)};
#undef FP8ATTN_SYMBOL
  auto add = [&](const char *name, auto *native, auto *emulated) {
    symbols.push_back(
        {name, reinterpret_cast<void *>(emulateAmx ? emulated : native)});
  };
  add("fp8attn_select_isa", fp8attn_select_isa, selectEmulatedIsa);
  add("fp8attn_uk_tile_begin_amx_bf16", fp8attn_uk_tile_begin_amx_bf16,
      fp8attn_uk_tile_begin_amx_bf16_emulated);
  add("fp8attn_uk_tile_end_amx_bf16", fp8attn_uk_tile_end_amx_bf16,
      fp8attn_uk_tile_end_amx_bf16_emulated);
  for (const ::fp8attn::KernelRow &row : ::fp8attn::kernelTable())
    add(row.name, row.function, row.emulated ? row.emulated : row.function);
  return symbols;
}
