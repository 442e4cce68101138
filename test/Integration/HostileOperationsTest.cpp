//===- HostileOperationsTest.cpp - every argument of every operation ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A valid call of each kind of entry point, then everything that can be wrong
// with each of its descriptors and with the context, one at a time: refused
// with a text that names the argument, and no memory has changed. And loops
// that run the bodies in any way that the contract allows: the same bytes.
//
//===----------------------------------------------------------------------===//

#include "Loops.h"
#include "Operations.h"

#include <cstring>
#include <limits>

namespace {
class HostileOperationsTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override { FP8ATTN_REQUIRE_ISA(testedIsas().front()); }

  /// Expects a refusal that names `argument` and leaves memory alone.
  void expectRefused(fp8attn_status status, const std::string &argument,
                     const std::string &what) {
    const Memory before = operation.memory();
    operation.context.message[0] = 0;
    EXPECT_EQ(operation.call(), status)
        << argument << ", " << what << ": " << operation.context.message;
    EXPECT_NE(std::string(operation.context.message).find(argument),
              std::string::npos)
        << what << ": " << operation.context.message;
    EXPECT_TRUE(operation.memory() == before) << argument << ", " << what;
  }

  Operation operation{GetParam()};
};
} // namespace

static constexpr int64_t k32 = int64_t(1) << 32;
static constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
static constexpr int64_t kSmallest = std::numeric_limits<int64_t>::min();

/// Elements of every type may stand at a multiple of their size only.
static bool isByte(const fp8attn_tensor &tensor) {
  return tensor.type == FP8ATTN_TYPE_F8E4M3FN ||
         tensor.type == FP8ATTN_TYPE_F8E5M2 || tensor.type == FP8ATTN_TYPE_I8;
}

TEST_P(HostileOperationsTest, ValidCall) {
  EXPECT_EQ(operation.call(), FP8ATTN_OK) << operation.context.message;
}

TEST_P(HostileOperationsTest, NullAndMisalignedTensors) {
  for (Operation::Tensor &argument : operation.tensors) {
    argument.isNull = true;
    expectRefused(FP8ATTN_NULL_POINTER, argument.name + " is null", "null");
    argument.isNull = false;

    const fp8attn_tensor valid = argument.tensor;
    argument.tensor.data = nullptr;
    expectRefused(FP8ATTN_NULL_POINTER, argument.name + ".data is null",
                  "null data");
    argument.tensor.data = static_cast<char *>(valid.data) + 1;
    if (!isByte(valid))
      expectRefused(FP8ATTN_MISALIGNED, argument.name + ".data is 0x",
                    "misaligned");
    argument.tensor = valid;
  }
}

TEST_P(HostileOperationsTest, WrongTypesAndRanks) {
  for (Operation::Tensor &argument : operation.tensors) {
    const fp8attn_tensor valid = argument.tensor;
    for (int32_t type = -1; type <= FP8ATTN_TYPE_I4 + 1; ++type) {
      argument.tensor.type = type;
      if (type != valid.type)
        expectRefused(FP8ATTN_BAD_TYPE, argument.name + ".type is ",
                      std::to_string(type));
    }
    argument.tensor = valid;
    for (int32_t rank : {-1, valid.rank - 1, valid.rank + 1, 1000,
                         std::numeric_limits<int32_t>::max(),
                         std::numeric_limits<int32_t>::min()}) {
      argument.tensor.rank = rank;
      expectRefused(FP8ATTN_BAD_SIZE, argument.name + ".rank is ",
                    std::to_string(rank));
    }
    argument.tensor = valid;
  }
}

/// A wrong size is refused by itself, or because it is not that of another.
TEST_P(HostileOperationsTest, WrongSizes) {
  for (Operation::Tensor &argument : operation.tensors) {
    const fp8attn_tensor valid = argument.tensor;
    for (int32_t dim = 0; dim < valid.rank; ++dim)
      for (int64_t size : {valid.sizes[dim] - 1, int64_t(-1), kSmallest,
                           valid.sizes[dim] + k32, kLargest, kLargest / 1024}) {
        argument.tensor = valid;
        argument.tensor.sizes[dim] = size;
        // The pages of a row are any number on which other checks depend.
        const bool isPages = argument.name == "block_table" && dim == 1;
        expectRefused(!isPages || size < 0      ? FP8ATTN_BAD_SIZE
                      : size < valid.sizes[dim] ? FP8ATTN_BAD_SEQ_LEN
                                                : FP8ATTN_BAD_STRIDE,
                      "expected",
                      argument.name + ".sizes[" + std::to_string(dim) +
                          "] is " + std::to_string(size));
      }
    argument.tensor = valid;
  }
}

TEST_P(HostileOperationsTest, WrongStrides) {
  for (Operation::Tensor &argument : operation.tensors) {
    const fp8attn_tensor valid = argument.tensor;
    for (int32_t dim = 0; dim < valid.rank; ++dim)
      for (int64_t stride : {int64_t(0), int64_t(-1), kSmallest,
                             -valid.strides[dim], valid.strides[dim] + k32}) {
        argument.tensor = valid;
        argument.tensor.strides[dim] = stride;
        // The outermost stride of a table is not compiled in.
        if (argument.name == "block_table" && dim == 0 && stride > 0)
          continue;
        expectRefused(FP8ATTN_BAD_STRIDE,
                      argument.name + ".strides[" + std::to_string(dim) + "]",
                      std::to_string(stride));
      }
    argument.tensor = valid;
  }
}

TEST_P(HostileOperationsTest, Caches) {
  for (Operation::Cache &argument : operation.caches) {
    argument.isNull = true;
    expectRefused(FP8ATTN_NULL_POINTER, argument.name + " is null", "null");
    argument.isNull = false;

    const fp8attn_cache valid = argument.cache;
    argument.cache.data = nullptr;
    expectRefused(FP8ATTN_NULL_POINTER, argument.name + ".data is null",
                  "null data");
    for (int offset : {1, 32, 63}) {
      argument.cache.data = static_cast<char *>(valid.data) + offset;
      expectRefused(FP8ATTN_MISALIGNED, argument.name + ".data is 0x",
                    "misaligned");
    }
    argument.cache = valid;
    for (int64_t pages :
         {int64_t(-1), kSmallest, kLargest, kLargest / valid.page_bytes + 1}) {
      argument.cache.num_pages = pages;
      expectRefused(FP8ATTN_BAD_SIZE, argument.name + ".num_pages is ",
                    std::to_string(pages));
    }
    argument.cache = valid;
    // Pages may be further apart, by multiples of a cache line.
    for (int64_t bytes : {int64_t(0), int64_t(-1), valid.page_bytes - 1,
                          valid.page_bytes - 64, valid.page_bytes + 32,
                          valid.page_bytes + k32 + 1, kLargest, kSmallest}) {
      argument.cache.page_bytes = bytes;
      expectRefused(FP8ATTN_BAD_SIZE, argument.name + ".page_bytes is ",
                    std::to_string(bytes));
    }
    argument.cache = valid;
  }
}

/// Nothing to do needs no memory.
TEST_P(HostileOperationsTest, Empty) {
  for (Operation::Tensor &argument : operation.tensors)
    if (argument.isPerToken) {
      argument.tensor.sizes[0] = 0;
      argument.tensor.data = nullptr;
      argument.tensor.strides[0] = -1;
    }
  operation.makeBatchEmpty();
  if (operation.isRepack())
    for (Operation::Cache &argument : operation.caches)
      argument.cache = {nullptr, 0, argument.cache.page_bytes};
  EXPECT_EQ(operation.call(), FP8ATTN_OK) << operation.context.message;
}

TEST_P(HostileOperationsTest, Contexts) {
  const fp8attn_context valid = operation.context;
  EXPECT_EQ(operation.callWith(nullptr), FP8ATTN_BAD_CONTEXT);
  for (uint32_t bytes : {0u, 4u, uint32_t(sizeof(fp8attn_context)) - 1,
                         uint32_t(sizeof(fp8attn_context)) + 8, UINT32_MAX}) {
    operation.context.struct_bytes = bytes;
    const fp8attn_context before = operation.context;
    EXPECT_EQ(operation.call(), FP8ATTN_BAD_CONTEXT) << bytes;
    EXPECT_EQ(std::memcmp(&operation.context, &before, sizeof(before)), 0)
        << "a context of another size was written to";
  }
  operation.context = valid;
  constexpr uint32_t kVersion = FP8ATTN_ABI_VERSION;
  for (uint32_t version : {0u, kVersion - 1, kVersion + 1, UINT32_MAX}) {
    operation.context.abi_version = version;
    expectRefused(FP8ATTN_BAD_CONTEXT, "abi_version is ", "version");
  }
  operation.context = valid;
  for (int32_t workers : {0, -1, std::numeric_limits<int32_t>::min()}) {
    operation.context.num_workers = workers;
    expectRefused(FP8ATTN_BAD_CONTEXT, "num_workers is ", "workers");
  }
  operation.context = valid;
  for (int32_t cap :
       {-1, FP8ATTN_ISA_AMX_BF16 + 1, std::numeric_limits<int32_t>::max()}) {
    operation.context.isa_cap = cap;
    expectRefused(FP8ATTN_BAD_CONTEXT, "isa_cap is ", "cap");
  }
}

/// As many workers as there can be need a workspace for each, if any.
TEST_P(HostileOperationsTest, Workspaces) {
  const fp8attn_context valid = operation.context;
  operation.context.num_workers = std::numeric_limits<int32_t>::max();
  if (operation.workspaceBytes == 0) {
    EXPECT_EQ(operation.call(), FP8ATTN_OK) << operation.context.message;
    return;
  }
  expectRefused(FP8ATTN_WORKSPACE_TOO_SMALL, "workspace has ", "huge");
  operation.context = valid;
  for (int64_t bytes :
       {operation.workspaceBytes - 1, int64_t(0), int64_t(-1), kSmallest}) {
    operation.context.workspace_bytes = bytes;
    expectRefused(FP8ATTN_WORKSPACE_TOO_SMALL, "workspace has ",
                  std::to_string(bytes));
  }
  operation.context = valid;
  operation.context.workspace = nullptr;
  expectRefused(FP8ATTN_WORKSPACE_TOO_SMALL, "workspace is null", "null");
  operation.context.workspace = static_cast<char *>(valid.workspace) + 8;
  expectRefused(FP8ATTN_MISALIGNED, "workspace is 0x", "misaligned");
}

TEST_P(HostileOperationsTest, AnyOrderOfBodies) {
  for (fp8attn_isa isa : testedIsas()) {
    Operation serial(GetParam());
    serial.context.isa_cap = isa;
    ASSERT_EQ(serial.call(), FP8ATTN_OK) << serial.context.message;
    for (fp8attn_parallel_for loop : kLoops) {
      Operation looped(GetParam());
      looped.context.isa_cap = isa;
      looped.setLoop(loop);
      ASSERT_EQ(looped.call(), FP8ATTN_OK) << looped.context.message;
      EXPECT_TRUE(looped.memory() == serial.memory());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, HostileOperationsTest,
                         testing::ValuesIn(Operation::kNames),
                         [](const testing::TestParamInfo<const char *> &info) {
                           return std::string(info.param);
                         });
