//===- Suite.cpp - models and calls to time -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Unknown members are errors: a misspelt one would quietly be its default.
//
//===----------------------------------------------------------------------===//

#include "Suite.h"

#include "Files.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

#include <optional>

using namespace mlir::fp8attn;
namespace json = llvm::json;

namespace {
/// Numbers that make sense, and the words for it: multiples of the least one,
/// if they are sizes of a layout.
struct Range {
  int64_t least, most;
  llvm::StringLiteral expects;
  bool isMultiple = false;
};
} // namespace

/// Up to here no product of sizes overflows.
static constexpr Range kHeads = {1, 4096, "expects an integer from 1 to 4096"};
static constexpr Range kTokens = {1, 1 << 20,
                                  "expects an integer from 1 to 1048576"};
/// Without padding, so that bytes can be counted from sizes.
static constexpr Range kHeadDims = {
    32, 576, "expects a multiple of 32, at most 576", true};
static constexpr Range kPages = {
    32, 4096, "expects a multiple of 32, at most 4096", true};

/// Whole pages of every model.
static constexpr Range kPrefixes = {
    4096, 1 << 20, "expects a multiple of 4096, at most 1048576", true};

/// Maps a member that is a number; optional if it has a default.
static bool mapNumber(const json::Value &value, json::Path path,
                      llvm::StringLiteral member, const Range &range,
                      int64_t &number, std::optional<int64_t> otherwise = {}) {
  const json::Value *found = value.getAsObject()->get(member);
  if (!found && otherwise) {
    number = *otherwise;
    return true;
  }
  const std::optional<int64_t> given =
      found ? found->getAsInteger() : std::nullopt;
  if (!given || *given < range.least || *given > range.most ||
      (range.isMultiple && *given % range.least != 0)) {
    path.field(member).report(range.expects);
    return false;
  }
  number = *given;
  return true;
}

/// Reports a value that is no object, or a member that nothing reads.
static bool checkMembers(const json::Value &value, json::Path path,
                         llvm::ArrayRef<llvm::StringRef> members) {
  const json::Object *object = value.getAsObject();
  if (!object) {
    path.report("expects an object");
    return false;
  }
  for (const auto &[key, member] : *object)
    if (!llvm::is_contained(members, llvm::StringRef(key))) {
      path.field(key).report("unknown member");
      return false;
    }
  return true;
}

namespace mlir::fp8attn {

static bool fromJSON(const json::Value &value, Model &model, json::Path path) {
  if (!checkMembers(value, path,
                    {"name", "heads", "kv_heads", "head_dim", "value_head_dim",
                     "apart", "page"}))
    return false;
  json::ObjectMapper map(value, path);
  constexpr int64_t kDefaultPage = 32;
  if (!map.map("name", model.name) ||
      !mapNumber(value, path, "heads", kHeads, model.heads) ||
      !mapNumber(value, path, "kv_heads", kHeads, model.kvHeads) ||
      !mapNumber(value, path, "head_dim", kHeadDims, model.headDim) ||
      !mapNumber(value, path, "value_head_dim", kHeadDims, model.valueHeadDim,
                 model.headDim) ||
      !mapNumber(value, path, "page", kPages, model.pageTokens, kDefaultPage))
    return false;
  bool apart = false;
  if (!map.mapOptional("apart", apart))
    return false;
  const bool isLatent = value.getAsObject()->get("value_head_dim");
  model.values = apart      ? Model::Values::Apart
                 : isLatent ? Model::Values::Latent
                            : Model::Values::Beside;
  if (model.valueHeadDim > model.headDim) {
    path.field("value_head_dim").report("expects at most head_dim");
    return false;
  }
  if (model.heads % model.kvHeads == 0)
    return true;
  path.field("kv_heads").report("expects a divisor of heads");
  return false;
}

static bool fromJSON(const json::Value &value, Sequences &sequences,
                     json::Path path) {
  if (!checkMembers(value, path,
                    {"sequences", "queries", "keys", "prefix", "selected"}) ||
      !mapNumber(value, path, "sequences", kTokens, sequences.count, 1) ||
      !mapNumber(value, path, "prefix", kPrefixes, sequences.prefix, 0) ||
      !mapNumber(value, path, "keys", kTokens, sequences.keys) ||
      !mapNumber(value, path, "selected",
                 {1, sequences.keys, "expects an integer from 1 to keys"},
                 sequences.selected, sequences.keys))
    return false;
  return mapNumber(value, path, "queries",
                   {1, sequences.keys, "expects an integer from 1 to keys"},
                   sequences.queries, 1);
}

static bool fromJSON(const json::Value &value, BenchCall &call,
                     json::Path path) {
  if (!checkMembers(value, path,
                    {"name", "batch", "tokens", "grouped", "selects", "hot"}))
    return false;
  json::ObjectMapper map(value, path);
  bool grouped = false;
  std::string selects;
  call.hot = false;
  if (!map.map("name", call.name) || !map.mapOptional("batch", call.batch) ||
      !map.mapOptional("grouped", grouped) ||
      !map.mapOptional("selects", selects) ||
      !map.mapOptional("hot", call.hot) ||
      !mapNumber(value, path, "tokens", kTokens, call.tokens, 0))
    return false;
  if (!selects.empty() &&
      (grouped || (selects != "pages" && selects != "tokens"))) {
    path.field("selects").report("expects pages or tokens, and no groups");
    return false;
  }
  call.lists = grouped              ? Lists::Groups
               : selects == "pages" ? Lists::Pages
               : selects.empty()    ? Lists::None
                                    : Lists::Tokens;
  const json::Object &object = *value.getAsObject();
  if (bool(object.get("batch")) != bool(object.get("tokens")))
    return true;
  path.report("expects one of batch (attention) and tokens (kv_write)");
  return false;
}

static bool fromJSON(const json::Value &value, Suite &suite, json::Path path) {
  if (!checkMembers(value, path, {"models", "calls"}))
    return false;
  json::ObjectMapper map(value, path);
  return map.map("models", suite.models) && map.map("calls", suite.calls);
}

} // namespace mlir::fp8attn

llvm::Expected<Suite> Suite::read(llvm::StringRef path) {
  return readJsonFile<Suite>(path);
}

/// Keeps what has one of the names, or else begins with it.
template <class List>
static llvm::Error keep(llvm::StringRef what, List &list,
                        llvm::ArrayRef<std::string> prefixes) {
  if (prefixes.empty())
    return llvm::Error::success();
  std::vector<bool> kept(list.size());
  for (llvm::StringRef prefix : prefixes) {
    auto isNamed = [&](const auto &one) { return one.name == prefix; };
    auto begins = [&](const auto &one) {
      return llvm::StringRef(one.name).starts_with(prefix);
    };
    if (llvm::none_of(list, begins)) {
      auto names =
          llvm::map_range(list, [](const auto &one) { return one.name; });
      return llvm::createStringError(
          "no " + what + " begins with \"" + prefix +
          "\"; expects one of: " + llvm::join(names, ", "));
    }
    const bool byName = llvm::any_of(list, isNamed);
    for (auto [one, keeps] : llvm::zip(list, kept))
      keeps = keeps || (byName ? isNamed(one) : begins(one));
  }
  List rest;
  for (auto [one, keeps] : llvm::zip(list, kept))
    if (keeps)
      rest.push_back(one);
  list = std::move(rest);
  return llvm::Error::success();
}

llvm::Error Suite::keepModels(llvm::ArrayRef<std::string> prefixes) {
  return keep("model", models, prefixes);
}

llvm::Error Suite::keepCalls(llvm::ArrayRef<std::string> prefixes) {
  return keep("call", calls, prefixes);
}
