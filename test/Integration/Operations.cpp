//===- Operations.cpp - a valid call of each operation --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Small calls with numbers that differ from element to element, so that a
// result in a wrong place shows.
//
//===----------------------------------------------------------------------===//

#include "Operations.h"
#include "Loops.h"
#include "models_entry_points.h"

#include "fp8attn/Reference/Fp8.h"

#include <cstring>

namespace reference = fp8attn::reference;

static constexpr int64_t kTokens = 5, kSequences = 2, kMaxPages = 3;
/// Of llama_e4m3, and of quantize_heads.
static constexpr int64_t kHeads = 8, kKvHeads = 2, kHeadDim = 128;
static constexpr int64_t kDenseHeads = 4, kDenseChannels = 64;
static constexpr int64_t kPages = 4, kPageBytes = 16384;

/// Codes below it, of f8E4M3FN, are numbers.
static constexpr int64_t kNanCode = 0x7F;

/// Numbers from 0.5 on, of which the low digits differ from one to the next.
void Operation::addTensor(const char *name, fp8attn_type type, bool isPerToken,
                          std::vector<int64_t> sizes, int64_t seed) {
  const auto rank = static_cast<int32_t>(sizes.size());
  int64_t count = 1;
  for (int64_t size : sizes)
    count *= size;
  sizes.resize(FP8ATTN_MAX_RANK);
  const AlignedBytes &memory =
      bytes.emplace_back(count * reference::elementBytes(type), 0);
  constexpr int64_t kPeriod = 97;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t digits = (i + seed) % kPeriod;
    if (type == FP8ATTN_TYPE_F8E4M3FN)
      memory.data()[i] = static_cast<uint8_t>(digits);
    else
      reference::encodeElement(
          0.5f + float(digits) / kPeriod,
          memory.data() + i * reference::elementBytes(type), type);
  }
  tensors.push_back({name,
                     fp8attn_tensor_make(memory.data(), type, rank, sizes[0],
                                         sizes[1], sizes[2], sizes[3]),
                     isPerToken});
}

template <typename T>
void Operation::addTable(const char *name, fp8attn_type type, bool isPerToken,
                         std::vector<int64_t> sizes, std::vector<T> values) {
  const auto rank = static_cast<int32_t>(sizes.size());
  sizes.resize(FP8ATTN_MAX_RANK);
  const AlignedBytes &memory = bytes.emplace_back(values.size() * sizeof(T), 0);
  std::memcpy(memory.data(), values.data(), values.size() * sizeof(T));
  tensors.push_back(
      {name,
       fp8attn_tensor_make(memory.data(), type, rank, sizes[0], sizes[1], 0, 0),
       isPerToken});
}

void Operation::addCache(const char *name) {
  const AlignedBytes &memory = bytes.emplace_back(kPages * kPageBytes, 0);
  for (int64_t i = 0; i < memory.size(); ++i)
    memory.data()[i] =
        static_cast<uint8_t>((i + int64_t(caches.size())) % kNanCode);
  caches.push_back({name, {memory.data(), kPages, kPageBytes}});
}

Operation::Operation(const char *operation) : name(operation) {
  constexpr bool kPerToken = true;
  const auto addHeads = [&](const char *argument, int64_t heads) {
    addTensor(argument, FP8ATTN_TYPE_BF16, kPerToken,
              {kTokens, heads, kHeadDim}, int64_t(tensors.size()));
  };
  const auto addScales = [&] {
    for (const char *scale : {"key_scale", "value_scale"})
      addTensor(scale, FP8ATTN_TYPE_F32, false, {kKvHeads}, 3);
  };
  const auto addPart = [&](const char *out, const char *lse) {
    addHeads(out, kHeads);
    addTensor(lse, FP8ATTN_TYPE_F32, kPerToken, {kTokens, kHeads},
              int64_t(tensors.size()));
  };
  const auto addDense = [&](const char *argument, fp8attn_type type) {
    addTensor(argument, type, kPerToken, {kTokens, kDenseHeads, kDenseChannels},
              7);
  };
  fp8attn_context_init(&context);
  if (name == "attend") {
    addHeads("query", kHeads);
    addScales();
    addTable<int32_t>("query_start", FP8ATTN_TYPE_I32, false, {kSequences + 1},
                      {0, 4, 5});
    addTable<int32_t>("seq_lens", FP8ATTN_TYPE_I32, false, {kSequences},
                      {70, 20});
    addTable<int32_t>("block_table", FP8ATTN_TYPE_I32, false,
                      {kSequences, kMaxPages}, {2, 0, 3, 1, -1, -1});
    addPart("out", "lse");
    addCache("cache");
  } else if (name == "write") {
    addHeads("key", kKvHeads);
    addHeads("value", kKvHeads);
    addTable<int64_t>("slots", FP8ATTN_TYPE_I64, kPerToken, {kTokens},
                      {0, 1, 33, -1, 127});
    addScales();
    addCache("cache");
  } else if (name == "merge") {
    addPart("first_out", "first_lse");
    addPart("second_out", "second_lse");
    addPart("out", "lse");
  } else if (name == "repack") {
    addCache("source");
    addCache("destination");
  } else {
    const bool toCodes = name == "quantize";
    addDense("source", toCodes ? FP8ATTN_TYPE_BF16 : FP8ATTN_TYPE_F8E4M3FN);
    addTensor("scale", FP8ATTN_TYPE_F32, false, {kDenseHeads}, 1);
    addDense("destination",
             toCodes ? FP8ATTN_TYPE_F8E4M3FN : FP8ATTN_TYPE_BF16);
  }
  addWorkspace();
}

int64_t Operation::needWorkspace(int32_t numWorkers) const {
  return name == "attend"  ? attend_llama_e4m3_workspace_bytes(numWorkers)
         : name == "write" ? write_llama_e4m3_workspace_bytes(numWorkers)
         : name == "merge" ? merge_llama_workspace_bytes(numWorkers)
         : name == "repack"
             ? export_llama_e4m3_row_major_workspace_bytes(numWorkers)
         : name == "quantize" ? quantize_heads_workspace_bytes(numWorkers)
                              : dequantize_heads_workspace_bytes(numWorkers);
}

void Operation::addWorkspace() {
  workspaceBytes = needWorkspace(context.num_workers);
  workspace = AlignedBytes(workspaceBytes, 0xFF);
  context.workspace = workspaceBytes ? workspace.data() : nullptr;
  context.workspace_bytes = workspaceBytes;
}

void Operation::setLoop(fp8attn_parallel_for loop) {
  context.num_workers = kLoopWorkers;
  context.parallel_for = loop;
  addWorkspace();
}

void Operation::makeBatchEmpty() {
  for (Tensor &argument : tensors)
    if (argument.name == "query_start")
      std::memset(argument.tensor.data, 0, (kSequences + 1) * sizeof(int32_t));
}

fp8attn_status Operation::callWith(fp8attn_context *other) {
  const auto t = [&](size_t index) {
    return tensors[index].isNull ? nullptr : &tensors[index].tensor;
  };
  const auto c = [&](size_t index) {
    return caches[index].isNull ? nullptr : &caches[index].cache;
  };
  if (name == "attend")
    return attend_llama_e4m3(other, t(0), c(0), t(1), t(2), t(3), t(4), t(5),
                             t(6), t(7));
  if (name == "write")
    return write_llama_e4m3(other, t(0), t(1), t(2), t(3), t(4), c(0));
  if (name == "merge")
    return merge_llama(other, t(0), t(1), t(2), t(3), t(4), t(5));
  if (name == "repack")
    return export_llama_e4m3_row_major(other, c(0), c(1));
  return name == "quantize" ? quantize_heads(other, t(0), t(1), t(2))
                            : dequantize_heads(other, t(0), t(1), t(2));
}

Memory Operation::memory() const {
  Memory all;
  for (const AlignedBytes &block : bytes)
    all.emplace_back(block.data(), block.data() + block.size());
  return all;
}
