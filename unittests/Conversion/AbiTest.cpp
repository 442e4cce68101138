//===- AbiTest.cpp - the lowering and the C headers agree ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Generated code and the runtime meet in the C headers. These tests compare
// what the lowering believes (struct layouts, symbols, signatures) with what
// the compiler makes of the headers.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Runtime/lowering_abi.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Target/LLVMIR/TypeToLLVM.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/LLVMContext.h"

#include <cstddef>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace structs = mlir::fp8attn::abi;
using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Sizes and offsets of the lowering's structs, as LLVM lays them out.
class AbiTest : public ::testing::Test {
protected:
  AbiTest() : layout("e-p:64:64-i64:64") {
    context.loadDialect<LLVM::LLVMDialect>();
  }

  const llvm::StructLayout *layoutOf(LLVM::LLVMStructType type) {
    LLVM::TypeToLLVMIRTranslator translator(llvmContext);
    return layout.getStructLayout(
        cast<llvm::StructType>(translator.translateType(type)));
  }

  MLIRContext context;
  llvm::LLVMContext llvmContext;
  llvm::DataLayout layout;
};
} // namespace

TEST_F(AbiTest, Context) {
  const llvm::StructLayout *type = layoutOf(structs::getContextType(&context));
  EXPECT_EQ(type->getElementOffset(structs::kContextWorkspace),
            offsetof(fp8attn_context, workspace));
}

TEST_F(AbiTest, Tensor) {
  const llvm::StructLayout *type = layoutOf(structs::getTensorType(&context));
  EXPECT_EQ(type->getSizeInBytes(), sizeof(fp8attn_tensor));
  EXPECT_EQ(type->getElementOffset(structs::kTensorData),
            offsetof(fp8attn_tensor, data));
  EXPECT_EQ(type->getElementOffset(structs::kTensorElementType),
            offsetof(fp8attn_tensor, type));
  EXPECT_EQ(type->getElementOffset(structs::kTensorRank),
            offsetof(fp8attn_tensor, rank));
  EXPECT_EQ(type->getElementOffset(structs::kTensorSizes),
            offsetof(fp8attn_tensor, sizes));
  EXPECT_EQ(type->getElementOffset(structs::kTensorStrides),
            offsetof(fp8attn_tensor, strides));
}

TEST_F(AbiTest, Memory) {
  const llvm::StructLayout *type = layoutOf(structs::getMemoryType(&context));
  EXPECT_EQ(type->getSizeInBytes(), sizeof(fp8attn_memory));
  EXPECT_EQ(type->getElementOffset(0), offsetof(fp8attn_memory, context));
  EXPECT_EQ(type->getElementOffset(1), offsetof(fp8attn_memory, newest));
}

TEST_F(AbiTest, Operand) {
  const llvm::StructLayout *type = layoutOf(structs::getOperandType(&context));
  EXPECT_EQ(type->getSizeInBytes(), sizeof(fp8attn_operand));
  EXPECT_EQ(type->getElementOffset(0), offsetof(fp8attn_operand, name));
  EXPECT_EQ(type->getElementOffset(1), offsetof(fp8attn_operand, tensor));
}

TEST_F(AbiTest, TensorSpec) {
  const llvm::StructLayout *type =
      layoutOf(structs::getTensorSpecType(&context));
  EXPECT_EQ(type->getSizeInBytes(), sizeof(fp8attn_tensor_spec));
  EXPECT_EQ(type->getElementOffset(0), offsetof(fp8attn_tensor_spec, name));
  EXPECT_EQ(type->getElementOffset(1), offsetof(fp8attn_tensor_spec, type));
  EXPECT_EQ(type->getElementOffset(2), offsetof(fp8attn_tensor_spec, rank));
  EXPECT_EQ(type->getElementOffset(structs::kTensorSizes),
            offsetof(fp8attn_tensor_spec, sizes));
  EXPECT_EQ(type->getElementOffset(structs::kTensorStrides),
            offsetof(fp8attn_tensor_spec, strides));
}

TEST_F(AbiTest, Cache) {
  const llvm::StructLayout *type = layoutOf(structs::getCacheType(&context));
  EXPECT_EQ(type->getSizeInBytes(), sizeof(fp8attn_cache));
  EXPECT_EQ(type->getElementOffset(structs::kCacheData),
            offsetof(fp8attn_cache, data));
  EXPECT_EQ(type->getElementOffset(structs::kCacheNumPages),
            offsetof(fp8attn_cache, num_pages));
  EXPECT_EQ(type->getElementOffset(structs::kCachePageBytes),
            offsetof(fp8attn_cache, page_bytes));
}

TEST_F(AbiTest, WorkItem) {
  const llvm::StructLayout *type = layoutOf(structs::getWorkItemType(&context));
  EXPECT_EQ(type->getSizeInBytes(), sizeof(fp8attn_work_item));
  EXPECT_EQ(type->getElementOffset(structs::kWorkItemSequence),
            offsetof(fp8attn_work_item, sequence));
  EXPECT_EQ(type->getElementOffset(structs::kWorkItemKvHead),
            offsetof(fp8attn_work_item, kv_head));
  EXPECT_EQ(type->getElementOffset(structs::kWorkItemGroup),
            offsetof(fp8attn_work_item, group));
  EXPECT_EQ(type->getElementOffset(structs::kWorkItemFirstRow),
            offsetof(fp8attn_work_item, first_row));
  EXPECT_EQ(type->getElementOffset(structs::kWorkItemNumRows),
            offsetof(fp8attn_work_item, num_rows));
  EXPECT_EQ(type->getElementOffset(structs::kWorkItemDiagonal),
            offsetof(fp8attn_work_item, diagonal));
  EXPECT_EQ(type->getElementOffset(structs::kWorkItemFirstKey),
            offsetof(fp8attn_work_item, first_key));
  EXPECT_EQ(type->getElementOffset(structs::kWorkItemNumKeys),
            offsetof(fp8attn_work_item, num_keys));
  EXPECT_EQ(type->getElementOffset(structs::kWorkItemNumParts),
            offsetof(fp8attn_work_item, num_parts));
}

TEST_F(AbiTest, KeyRun) {
  const llvm::StructLayout *type = layoutOf(structs::getKeyRunType(&context));
  EXPECT_EQ(type->getSizeInBytes(), sizeof(fp8attn_key_run));
  const size_t offsets[] = {
      offsetof(fp8attn_key_run, keys),
      offsetof(fp8attn_key_run, values),
      offsetof(fp8attn_key_run, key_page_bytes),
      offsetof(fp8attn_key_run, value_page_bytes),
      offsetof(fp8attn_key_run, key_granule_bytes),
      offsetof(fp8attn_key_run, value_granule_bytes),
      offsetof(fp8attn_key_run, pages),
      offsetof(fp8attn_key_run, page_tokens),
      offsetof(fp8attn_key_run, first_key),
      offsetof(fp8attn_key_run, num_keys),
      offsetof(fp8attn_key_run, next.keys),
      offsetof(fp8attn_key_run, next.values),
      offsetof(fp8attn_key_run, next.pages),
      offsetof(fp8attn_key_run, next.first_key),
      offsetof(fp8attn_key_run, next.num_keys),
  };
  for (size_t member = 0; member < std::size(offsets); ++member)
    EXPECT_EQ(type->getElementOffset(member), offsets[member]);
  EXPECT_EQ(type->getElementOffset(structs::kKeyRunPages),
            offsetof(fp8attn_key_run, pages));
}

//===----------------------------------------------------------------------===//
// Symbols and signatures
//===----------------------------------------------------------------------===//

template <typename T> static char letterOf() {
  if constexpr (std::is_void_v<T>)
    return 'v';
  else if constexpr (std::is_pointer_v<T>)
    return 'p';
  else
    return sizeof(T) == 8 ? 'l' : 'i';
}

template <typename Result, typename... Arguments>
static std::string signatureOf(Result (*)(Arguments...)) {
  return {letterOf<Result>(), letterOf<Arguments>()...};
}

#define FP8ATTN_EXPECT_SIGNATURE(function, runtimeFunction)                    \
  EXPECT_EQ(runtime::runtimeFunction.name, #function);                         \
  EXPECT_EQ(runtime::runtimeFunction.signature,                                \
            signatureOf(static_cast<decltype(&function)>(nullptr)))            \
      << #function

TEST(RuntimeFunctionsTest, SignaturesAreThoseOfTheHeader) {
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_enter_environment, kEnterEnvironment);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_leave_environment, kLeaveEnvironment);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_context, kCheckContext);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_workspace, kCheckWorkspace);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_tensor, kCheckTensor);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_cache, kCheckCache);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_rows, kCheckRows);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_view, kCheckView);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_size, kCheckSize);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_draft_columns, kCheckDraftColumns);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_integers, kCheckIntegers);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_scale, kCheckScale);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_scale_pages, kCheckScalePages);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_batch, kCheckBatch);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_prefix, kCheckPrefix);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_selection, kCheckSelection);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_select_pages, kSelectPages);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_select_tokens, kSelectTokens);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_gather_tokens, kGatherTokens);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_slots, kCheckSlots);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_pages, kCheckPages);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_overlap, kCheckOverlap);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_later_reads, kCheckLaterReads);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_page_moves, kCheckPageMoves);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_select_isa, kSelectIsa);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_parallel, kParallel);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_allocate, kAllocate);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_release, kRelease);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_release_all, kReleaseAll);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_check_bodies, kCheckBodies);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_item_rows, kItemRows);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_num_work_items, kNumWorkItems);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_items_at_once, kItemsAtOnce);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_num_parts, kNumParts);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_hand_over, kHandOver);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_work_item_init, kWorkItemInit);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_dense_item_init, kDenseItemInit);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_key_run_init, kKeyRunInit);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_uk_tile_begin_amx_bf16, kTileBegin);
  FP8ATTN_EXPECT_SIGNATURE(fp8attn_uk_tile_end_amx_bf16, kTileEnd);
}

static std::set<std::string> matchesIn(const std::string &path,
                                       const std::string &pattern) {
  std::ifstream file(FP8ATTN_SOURCE_DIR "/" + path);
  EXPECT_TRUE(file.good()) << path;
  std::stringstream text;
  text << file.rdbuf();
  std::string content = text.str();
  std::regex regex(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator it(content.begin(), content.end(), regex), end;
       it != end; ++it)
    found.insert((*it)[1]);
  return found;
}

TEST(RuntimeFunctionsTest, ListsNameTheSameSymbols) {
  std::set<std::string> declared =
      matchesIn("include/fp8attn/Runtime/lowering_abi.h",
                R"((?:^|\n)(?:int32_t|int64_t|void) (fp8attn_\w+)\()");
  declared.insert("fp8attn_uk_tile_begin_amx_bf16");
  declared.insert("fp8attn_uk_tile_end_amx_bf16");
  std::set<std::string> called =
      matchesIn("lib/Conversion/Fp8AttnToLLVM/RuntimeFunctions.h",
                R"re(\{\s*"(fp8attn_\w+)")re");
  EXPECT_EQ(declared, called);
  EXPECT_GT(declared.size(), 10u);
}
