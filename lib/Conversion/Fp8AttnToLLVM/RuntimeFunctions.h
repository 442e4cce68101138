//===- RuntimeFunctions.h - what generated code calls -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one list of symbols outside of the kernel table that compiled objects
// need; unittests/Conversion compares it with Runtime/lowering_abi.h.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_CONVERSION_RUNTIMEFUNCTIONS_H
#define FP8ATTN_LIB_CONVERSION_RUNTIMEFUNCTIONS_H

#include "ModuleSymbols.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace mlir::fp8attn {

/// A runtime function: its symbol and a letter for each type, the result
/// first: v void, p pointer, i int32, l int64.
struct RuntimeFunction {
  StringLiteral name;
  StringLiteral signature;
};

namespace runtime {
inline constexpr RuntimeFunction kEnterEnvironment{"fp8attn_enter_environment",
                                                   "l"},
    kLeaveEnvironment{"fp8attn_leave_environment", "vl"},
    kCheckContext{"fp8attn_check_context", "ipi"},
    kCheckWorkspace{"fp8attn_check_workspace", "ipl"},
    kCheckTensor{"fp8attn_check_tensor", "ippp"},
    kCheckCache{"fp8attn_check_cache", "ipppl"},
    kCheckRows{"fp8attn_check_rows", "ipppll"},
    kCheckView{"fp8attn_check_view", "ipppll"},
    kCheckSize{"fp8attn_check_size", "ipplpl"},
    kCheckIntegers{"fp8attn_check_integers", "ipppll"},
    kCheckDraftColumns{"fp8attn_check_draft_columns", "ipplpl"},
    kCheckScale{"fp8attn_check_scale", "ipppiipp"},
    kCheckScalePages{"fp8attn_check_scale_pages", "ipplllll"},
    kCheckBatch{"fp8attn_check_batch", "ipplplplllllllll"},
    kCheckPrefix{"fp8attn_check_prefix", "ipplplplllplll"},
    kCheckSelection{"fp8attn_check_selection", "ipplpllllplplpllllllll"},
    kCheckSlots{"fp8attn_check_slots", "ippll"},
    kCheckPages{"fp8attn_check_pages", "ippllllll"},
    kCheckOverlap{"fp8attn_check_overlap", "ipplll"},
    kCheckLaterReads{"fp8attn_check_later_reads", "ippp"},
    kCheckPageMoves{"fp8attn_check_page_moves", "ippllpp"},
    kSelectIsa{"fp8attn_select_isa", "ipi"},
    kParallel{"fp8attn_parallel", "iplpp"},
    kAllocate{"fp8attn_allocate", "ipipllp"},
    kRelease{"fp8attn_release", "vpp"},
    kReleaseAll{"fp8attn_release_all", "vp"},
    kCheckBodies{"fp8attn_check_bodies", "ipi"},
    kItemRows{"fp8attn_item_rows", "lplllll"},
    kNumWorkItems{"fp8attn_num_work_items", "llllll"},
    kItemsAtOnce{"fp8attn_items_at_once", "lplpplllll"},
    kNumParts{"fp8attn_num_parts", "lpllppllllllll"},
    kHandOver{"fp8attn_hand_over", "ippllpppp"},
    kWorkItemInit{"fp8attn_work_item_init", "vpplllppllllllll"},
    kDenseItemInit{"fp8attn_dense_item_init", "vplllllllll"},
    kKeyRunInit{"fp8attn_key_run_init", "vppplllpllllpll"},
    kSelectPages{"fp8attn_select_pages", "lplllpplpllllpll"},
    kSelectTokens{"fp8attn_select_tokens", "lplllpplpllllpll"},
    kGatherTokens{"fp8attn_gather_tokens", "vpllplplllllll"},
    kTileBegin{"fp8attn_uk_tile_begin_amx_bf16", "v"},
    kTileEnd{"fp8attn_uk_tile_end_amx_bf16", "v"};
} // namespace runtime

/// Emits a call, declaring the function in the module if needed.
LLVM::CallOp callRuntime(OpBuilder &builder, Location loc,
                         ModuleSymbols &symbols,
                         const RuntimeFunction &function, ValueRange operands);

/// Returns the declaration of an external function, made if needed.
LLVM::LLVMFuncOp getOrDeclare(OpBuilder &builder, ModuleSymbols &symbols,
                              StringRef name, LLVM::LLVMFunctionType type);

/// Allocates `count` elements on the stack once per call of the function around
/// `user`, also if that stands in a loop.
Value allocateOnStack(OpBuilder &builder, Operation *user, Type type,
                      int64_t count = 1);

/// Stores `numbers`, i64, to an array on the stack and returns its address.
Value storeToArray(OpBuilder &builder, Operation *user, ValueRange numbers);

/// Returns the address of a zero-terminated constant string.
Value makeString(OpBuilder &builder, Location loc, ModuleSymbols &symbols,
                 StringRef text);

/// Returns the address of such a string, made under a name if there is none of
/// that name.
Value makeString(OpBuilder &builder, Location loc, ModuleSymbols &symbols,
                 StringRef text, StringRef symbol);

/// Returns an integer constant of `bits` bits.
Value makeInteger(OpBuilder &builder, Location loc, unsigned bits,
                  int64_t value);

/// Returns a struct of the given type with these members.
Value packStruct(OpBuilder &builder, Location loc, Type type,
                 ValueRange members);

/// Returns a status and results from the function, whose LLVM type it has:
/// the status alone, or a struct of it and the results.
void returnWithStatus(OpBuilder &builder, Location loc, Value status,
                      ValueRange results);

/// Returns `status` from the function, without results, if it is not 0, once
/// expandStatusChecks has divided the block here.
void returnIfFailed(OpBuilder &builder, Location loc, Value status);

/// Makes the branches of a function that returnIfFailed asked for.
void expandStatusChecks(LLVM::LLVMFuncOp function);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_CONVERSION_RUNTIMEFUNCTIONS_H
