//===- Json.cpp - as much of JSON as headers of weights have --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Json.h"

#include <charconv>

using namespace serving;

namespace {
/// Each parse function returns false if what it reads is not there.
class JsonParser {
public:
  explicit JsonParser(const std::string &text)
      : next(text.data()), end(next + text.size()) {}

  bool parseAll(Json &value) {
    return parseValue(value, /*depth=*/0) && (skipSpace(), next == end);
  }

private:
  void skipSpace() {
    while (next != end &&
           (*next == ' ' || *next == '\n' || *next == '\r' || *next == '\t'))
      ++next;
  }
  bool take(char expected) {
    skipSpace();
    const bool isThere = next != end && *next == expected;
    next += isThere;
    return isThere;
  }
  bool parseString(std::string &text) {
    if (!take('"'))
      return false;
    for (; next != end && *next != '"'; ++next) {
      if (*next == '\\' && (++next == end || (*next != '"' && *next != '\\')))
        return false;
      text += *next;
    }
    return take('"');
  }
  bool parseNumber(int64_t &number) {
    const auto [last, error] = std::from_chars(next, end, number);
    next = last;
    return error == std::errc() && number >= 0;
  }
  /// Parses what is between two brackets, element by element.
  template <typename Parse> bool parseList(char close, Parse parseElement) {
    if (take(close))
      return true;
    do
      if (!parseElement())
        return false;
    while (take(','));
    return take(close);
  }
  bool parseValue(Json &value, int depth) {
    constexpr int kMostDepth = 8;
    if (depth > kMostDepth)
      return false;
    if (take('['))
      return parseList(']', [&] {
        return parseValue(value.items.emplace_back(), depth + 1);
      });
    if (take('{')) {
      value.isObject = true;
      return parseList('}', [&] {
        std::string name;
        return parseString(name) && take(':') &&
               parseValue(value.members[name], depth + 1);
      });
    }
    return next != end && *next == '"' ? parseString(value.text)
                                       : parseNumber(value.number);
  }

  const char *next, *end;
};
} // namespace

std::optional<Json> serving::parseJson(const std::string &text) {
  Json value;
  if (!JsonParser(text).parseAll(value))
    return std::nullopt;
  return value;
}
