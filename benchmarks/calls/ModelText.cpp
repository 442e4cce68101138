//===- ModelText.cpp - the MLIR of a model --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One layer: attention over any batch, also in groups that share prefixes, and
// the write of new tokens.
//
//===----------------------------------------------------------------------===//

#include "CompiledModel.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <tuple>

using namespace mlir::fp8attn;

/// {0}: KV heads, {1}: head size, {2}: of values, {3}: element type, {4}:
/// heads, {5}: types of caches, {6}: arguments of caches, {7}: their use, {8}
/// and {9}: those of scales, {10} and {11}: those of values, {12}: results of
/// the map of a scale, {13}: what kv_write does with scales.
static const char kText[] =
    R"({5}
#scaled = affine_map<(page, head, token, channel) -> ({12})>

func.func @attend(%query: memref<?x{4}x{1}xbf16>, {6}, {8}
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>, %out: memref<?x{4}x{2}xbf16>) {{
  fp8attn.paged_attention causal query(%query : memref<?x{4}x{1}xbf16>)
      {7} {9}
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x{4}x{2}xbf16>)
  return
}

func.func @kv_write(%key: memref<?x{0}x{1}xbf16>, {10}
    %slots: memref<?xi64>, {8} {6}) {{
  fp8attn.kv_write {13}key(%key : memref<?x{0}x{1}xbf16>)
      {11} slots(%slots : memref<?xi64>) {9}
      {7}
  return
}
)";

/// What kText has, with further lists: {14} to {16} are the name, arguments and
/// clause.
static const char kListsText[] =
    R"(
func.func @{14}(%query: memref<?x{4}x{1}xbf16>, {6}, {8}
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>, {15},
    %out: memref<?x{4}x{2}xbf16>) {{
  fp8attn.paged_attention causal query(%query : memref<?x{4}x{1}xbf16>)
      {7} {9}
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      {16}
      out(%out : memref<?x{4}x{2}xbf16>)
  return
}
)";

/// Returns the arguments of `lists` that kListsText has, and the clause.
static std::pair<std::string, std::string> getListTexts(Lists lists) {
  if (lists == Lists::Groups)
    return {"%group_start: memref<?xi32>, %prefix_lens: memref<?xi32>, "
            "%prefix_table: memref<?x?xi32>",
            "prefix(%group_start, %prefix_lens, %prefix_table : memref<?xi32>, "
            "memref<?xi32>, memref<?x?xi32>)"};
  return {"%selected: memref<?x?xi32>",
          llvm::formatv("selected_{0}(%selected : memref<?x?xi32>)",
                        lists == Lists::Pages ? "pages" : "tokens")};
}

std::string mlir::fp8attn::getEntryName(Lists lists) {
  switch (lists) {
  case Lists::None:
    return "attend";
  case Lists::Groups:
    return "attend_groups";
  case Lists::Pages:
    return "attend_pages";
  case Lists::Tokens:
    return "attend_tokens";
  }
  llvm_unreachable("all lists have an entry point");
}

/// Returns the results of the map of a format's scales, and their type.
static std::pair<std::string, std::string>
getScaleTexts(const Model &model, const Format &format, int64_t channels) {
  switch (format.scales) {
  case ScaleKind::None:
  case ScaleKind::Head:
    return {"head", llvm::formatv("memref<{0}xf32>", model.kvHeads)};
  case ScaleKind::Page:
    return {"page, head", llvm::formatv("memref<?x{0}xf32>", model.kvHeads)};
  case ScaleKind::Token:
  case ScaleKind::Dynamic:
    return {"page, head, token",
            llvm::formatv("memref<?x{0}x{1}xf32>", model.kvHeads,
                          model.pageTokens)};
  case ScaleKind::Block:
    return {llvm::formatv("page, head, token, channel floordiv {0}",
                          format.blocks->channels),
            llvm::formatv("memref<?x{0}x{1}x{2}x{3}>", model.kvHeads,
                          model.pageTokens,
                          llvm::divideCeil(channels, format.blocks->channels),
                          format.blocks->type)};
  }
  llvm_unreachable("all kinds of scales have a map");
}

/// Returns the type of a cache.
static std::string cacheType(const Model &model, const Format &format,
                             llvm::StringRef content, int64_t headDim) {
  const std::string latent =
      content == "latent"
          ? llvm::formatv("value_head_dim = {0}, ", model.valueHeadDim).str()
          : "";
  return llvm::formatv(
      "!fp8attn.cache<{0}, heads = {1}, head_dim = {2}, {3}page "
      "= {4}, {5}, #fp8attn.layout<pairs>>",
      content, model.kvHeads, headDim, latent, model.pageTokens, format.type);
}

std::string mlir::fp8attn::writeModel(const Model &model, const Format &format,
                                      llvm::ArrayRef<Lists> lists) {
  const bool isLatent = model.values == Model::Values::Latent;
  std::string types, caches = "%cache: !cache",
                     useOfCaches = "cache(%cache : !cache)";
  if (model.values == Model::Values::Apart) {
    types =
        "!keys = " + cacheType(model, format, "key", model.headDim) +
        "\n!values = " + cacheType(model, format, "value", model.valueHeadDim);
    caches = "%keys: !keys, %values: !values";
    useOfCaches = "cache(%keys, %values : !keys, !values)";
  } else {
    types = "!cache = " + cacheType(model, format,
                                    isLatent ? "latent" : "key_value",
                                    model.headDim);
  }
  std::string scales, useOfScales, values, useOfValues;
  std::string scaleIndices;
  auto addScale = [&](llvm::StringRef name, int64_t channels) {
    std::string type;
    std::tie(scaleIndices, type) = getScaleTexts(model, format, channels);
    scales += llvm::formatv("%{0}: {1}, ", name, type);
    useOfScales += llvm::formatv("{0}(%{0} : {1}, #scaled) ", name, type);
  };
  if (format.scales != ScaleKind::None) {
    addScale("key_scale", model.headDim);
    if (!isLatent)
      addScale("value_scale", model.valueHeadDim);
  }
  if (!isLatent) {
    const std::string value = llvm::formatv("memref<?x{0}x{1}xbf16>",
                                            model.kvHeads, model.valueHeadDim);
    values = llvm::formatv("%value: {0},", value);
    useOfValues = llvm::formatv("value(%value : {0})", value);
  }
  const char *computes = format.scales == ScaleKind::Dynamic ? "dynamic " : "";
  auto fillIn = [&](const char *text, const std::string &name = "",
                    const std::string &arguments = "",
                    const std::string &clause = "") {
    return llvm::formatv(text, model.kvHeads, model.headDim, model.valueHeadDim,
                         format.type, model.heads, types, caches, useOfCaches,
                         scales, useOfScales, values, useOfValues, scaleIndices,
                         computes, name, arguments, clause)
        .str();
  };
  std::string text = fillIn(kText);
  for (Lists kind : lists) {
    const auto [arguments, clause] = getListTexts(kind);
    text += fillIn(kListsText, getEntryName(kind), arguments, clause);
  }
  return text;
}
