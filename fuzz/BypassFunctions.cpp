//===- BypassFunctions.cpp - functions of several operations --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The table, in the order of bypass.mlir.
//
//===----------------------------------------------------------------------===//

#include "BypassFunctions.h"

#include "bypass.h"

#include <type_traits>
#include <utility>

template <typename T> static T pass(Argument &argument) {
  if constexpr (std::is_pointer_v<T>) {
    const void *own = argument.kind == Argument::kCache
                          ? static_cast<const void *>(&argument.cache)
                          : &argument.tensor;
    return static_cast<T>(argument.isNull      ? nullptr
                          : argument.elsewhere ? argument.elsewhere
                                               : own);
  } else {
    return argument.integer;
  }
}

namespace {
/// Calls an entry point with arguments that are data.
template <auto Entry> struct Caller;
template <typename... T, fp8attn_status (*Entry)(fp8attn_context *, T...)>
struct Caller<Entry> {
  static fp8attn_status call(fp8attn_context *context,
                             Argument *const *arguments) {
    return callWith(context, arguments, std::index_sequence_for<T...>());
  }

private:
  template <size_t... I>
  static fp8attn_status callWith(fp8attn_context *context,
                                 Argument *const *arguments,
                                 std::index_sequence<I...>) {
    return Entry(context, pass<T>(*arguments[I])...);
  }
};
} // namespace

#define FP8ATTN_ENTRY(name) #name, Caller<name>::call, name##_workspace_bytes

static const Operation kWrite = {FP8ATTN_ENTRY(one_write), 5, 0};
static const Operation kWritePowers = {FP8ATTN_ENTRY(one_write_powers), 5, 0};
static const Operation kAttend = {FP8ATTN_ENTRY(one_attend), 7, 0};
static const Operation kQuantize = {FP8ATTN_ENTRY(one_quantize), 2, 0};
static const Operation kDequantize = {FP8ATTN_ENTRY(one_dequantize), 2, 0};
static const Operation kMerge = {FP8ATTN_ENTRY(one_merge), 4, 0};
static const Operation kCopy = {FP8ATTN_ENTRY(one_copy), 1, 1};
static const Operation kConvert = {FP8ATTN_ENTRY(one_convert), 1, 1};
static const Operation kImport = {FP8ATTN_ENTRY(one_import), 1, 0};
static const Operation kDense = {FP8ATTN_ENTRY(one_dense), 3, 0};
static const Operation kMergeDense = {FP8ATTN_ENTRY(one_merge_dense), 4, 0};

static Argument tensor(const char *name, fp8attn_type type,
                       std::vector<int64_t> sizes,
                       Argument::Contents contents = Argument::kNumbers) {
  const auto rank = static_cast<int32_t>(sizes.size());
  sizes.resize(FP8ATTN_MAX_RANK);
  return {name,
          Argument::kTensor,
          contents,
          fp8attn_tensor_make(nullptr, type, rank, sizes[0], sizes[1], sizes[2],
                              sizes[3]),
          {},
          0};
}

static Argument cache(const char *name) {
  return {name,
          Argument::kCache,
          Argument::kNumbers,
          {},
          {nullptr, kNumPages, kPageBytes},
          0};
}

static Argument integer(const char *name) {
  return {name, Argument::kInteger, Argument::kNumbers, {}, {}, 1};
}

static constexpr int64_t kKvHeads = 2, kHeads = 4, kHeadDim = 32;
static constexpr int64_t kSequences = 2, kMaxPages = 3, kListed = 2;

static Argument kv(const char *name) {
  return tensor(name, FP8ATTN_TYPE_BF16, {kTokens, kKvHeads, kHeadDim});
}
static Argument heads(const char *name) {
  return tensor(name, FP8ATTN_TYPE_BF16, {kTokens, kHeads, kHeadDim});
}
static Argument lse(const char *name) {
  return tensor(name, FP8ATTN_TYPE_F32, {kTokens, kHeads});
}
static Argument scales(const char *name, int64_t count = kKvHeads) {
  return tensor(name, FP8ATTN_TYPE_F32, {count}, Argument::kScales);
}
static Argument rows(const char *name, fp8attn_type type) {
  return tensor(name, type, {kTokens, kHeadDim});
}
static Argument dense(const char *name) {
  return tensor(name, FP8ATTN_TYPE_F32,
                {kSequences, kKvHeads, kTokens, kHeadDim});
}
static Argument denseLse(const char *name) {
  return tensor(name, FP8ATTN_TYPE_F32, {kSequences, kKvHeads, kTokens});
}
static Argument pageList() {
  return tensor("pages", FP8ATTN_TYPE_I32, {kListed, 2}, Argument::kPages);
}

using Arguments = std::vector<Argument>;

static Arguments joined(Arguments first, const Arguments &second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

static Arguments scalesOfCache() {
  return {scales("key_scale"), scales("value_scale")};
}
static Arguments source() {
  return {kv("key"), kv("value"),
          tensor("slots", FP8ATTN_TYPE_I64, {kTokens}, Argument::kSlots)};
}
/// Of an attention, behind the scales.
static Arguments batch() {
  return {
      tensor("query_start", FP8ATTN_TYPE_I32, {kSequences + 1},
             Argument::kStarts),
      tensor("seq_lens", FP8ATTN_TYPE_I32, {kSequences}, Argument::kLengths),
      tensor("block_table", FP8ATTN_TYPE_I32, {kSequences, kMaxPages},
             Argument::kTable),
      heads("out"), lse("lse")};
}
static Arguments write() {
  return joined(joined(source(), scalesOfCache()), {cache("cache")});
}
static Arguments writePowers() {
  return joined(source(), {tensor("key_scale", FP8ATTN_TYPE_F8E8M0FNU,
                                  {kKvHeads}, Argument::kPowers),
                           tensor("value_scale", FP8ATTN_TYPE_F8E8M0FNU,
                                  {kKvHeads}, Argument::kPowers),
                           cache("cache")});
}
static Arguments attend() {
  return joined(joined({heads("query"), cache("cache")}, scalesOfCache()),
                batch());
}
static Arguments writeAndAttend() {
  return joined(write(), joined({heads("query")}, batch()));
}
static Arguments merge() {
  return {heads("first"),    lse("first_lse"), heads("second"),
          lse("second_lse"), heads("out"),     lse("lse")};
}
static Arguments listed() {
  return {cache("source"), cache("destination"), pageList()};
}
static Arguments attendDense() {
  return {dense("query"), dense("key"), dense("value"), dense("out"),
          denseLse("lse")};
}

/// In the arguments of writeAndAttend.
static Step writeStep() { return {&kWrite, {0, 1, 2, 3, 4, 5}}; }
static Step attendStep() { return {&kAttend, {6, 5, 3, 4, 7, 8, 9, 10, 11}}; }

/// One operation as a function of its own.
static Function alone(const Operation &operation, Arguments arguments) {
  std::vector<size_t> operands;
  for (size_t i = 0; i < arguments.size(); ++i)
    operands.push_back(i);
  return {operation.name,
          operation.call,
          operation.workspaceBytes,
          std::move(arguments),
          {{&operation, std::move(operands)}}};
}

static std::vector<Function> makeFunctions() {
  const auto x = rows("x", FP8ATTN_TYPE_F32), y = rows("y", FP8ATTN_TYPE_F32),
             codes = rows("codes", FP8ATTN_TYPE_F8E4M3FN),
             scale = scales("scale", kTokens);
  return {
      alone(kWrite, write()),
      alone(kWritePowers, writePowers()),
      alone(kAttend, attend()),
      alone(kQuantize, {x, scale, codes}),
      alone(kDequantize, {codes, scale, y}),
      alone(kMerge, merge()),
      alone(kCopy, listed()),
      alone(kConvert, listed()),
      alone(kImport, {cache("source"), cache("destination")}),
      alone(kDense, attendDense()),
      alone(kMergeDense,
            {dense("first"), denseLse("first_lse"), dense("second"),
             denseLse("second_lse"), dense("out"), denseLse("lse")}),
      {FP8ATTN_ENTRY(write_attend),
       writeAndAttend(),
       {writeStep(), attendStep()}},
      {FP8ATTN_ENTRY(branch),
       joined(writeAndAttend(), {integer("flag")}),
       {writeStep(), attendStep()},
       1},
      {FP8ATTN_ENTRY(loop),
       joined(writeAndAttend(), {integer("times")}),
       {attendStep(), writeStep()},
       2},
      {FP8ATTN_ENTRY(private_attend),
       writeAndAttend(),
       {writeStep(), attendStep()}},
      {FP8ATTN_ENTRY(private_write),
       writeAndAttend(),
       {writeStep(), attendStep()}},
      {FP8ATTN_ENTRY(there_and_back),
       {x, scale, codes, scales("other_scale", kTokens), y},
       {{&kQuantize, {0, 1, 2}}, {&kDequantize, {2, 3, 4}}}},
      {FP8ATTN_ENTRY(merges),
       joined(merge(), {heads("third"), lse("third_lse"), heads("last"),
                        lse("last_lse")}),
       {{&kMerge, {0, 1, 2, 3, 4, 5}}, {&kMerge, {4, 5, 6, 7, 8, 9}}}},
      {FP8ATTN_ENTRY(convert_attend),
       joined(
           joined({cache("source"), cache("cache"), pageList(), heads("query")},
                  scalesOfCache()),
           batch()),
       {{&kConvert, {0, 1, 2}}, {&kAttend, {3, 1, 4, 5, 6, 7, 8, 9, 10}}}},
      {FP8ATTN_ENTRY(copy_write),
       joined({cache("source"), cache("cache"), pageList()},
              joined(source(), scalesOfCache())),
       {{&kCopy, {0, 1, 2}}, {&kWrite, {3, 4, 5, 6, 7, 1}}}},
      {FP8ATTN_ENTRY(dense_merge),
       {dense("query"), dense("key"), dense("value"), dense("part"),
        denseLse("part_lse"), dense("other"), denseLse("other_lse"),
        dense("out"), denseLse("lse")},
       {{&kDense, {0, 1, 2, 3, 4}}, {&kMergeDense, {3, 4, 5, 6, 7, 8}}}},
  };
}

const std::vector<Function> &bypassFunctions() {
  static const std::vector<Function> functions = makeFunctions();
  return functions;
}
