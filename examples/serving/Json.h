//===- Json.h - as much of JSON as headers of weights have ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_JSON_H
#define FP8ATTN_EXAMPLES_SERVING_JSON_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace serving {

/// A string, an integer of at least 0, a list, or an object.
struct Json {
  std::string text;
  int64_t number = 0;
  std::vector<Json> items;
  std::map<std::string, Json> members;
  bool isObject = false;

  /// Returns a member, or null.
  const Json *find(const std::string &name) const {
    const auto place = members.find(name);
    return place == members.end() ? nullptr : &place->second;
  }
};

/// Returns the value that is all of a text, or nothing if it is not such a
/// value, a string has an escape other than of \ and ", or lists and objects
/// are more than eight deep.
std::optional<Json> parseJson(const std::string &text);

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_JSON_H
