//===- Checkpoint.cpp - the tensors of a weights file ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Checkpoint.h"

#include "Json.h"
#include "Model.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

using namespace serving;

void Checkpoint::fail(const std::string &reason) const {
  throw std::runtime_error(path + ": " + reason);
}

Checkpoint::Checkpoint(const std::string &path) : path(path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    fail("cannot open it");
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  constexpr size_t kSizeBytes = 8;
  if (content.size() < kSizeBytes)
    fail("expects at least 8 bytes, got " + std::to_string(content.size()));
  uint64_t size = 0;
  for (size_t i = kSizeBytes; i-- > 0;)
    size = size << 8 | uint8_t(content[i]);
  if (size > content.size() - kSizeBytes)
    fail("expects a header of at most " +
         std::to_string(content.size() - kSizeBytes) + " bytes, got one of " +
         std::to_string(size));
  readHeader(content.substr(kSizeBytes, size),
             content.substr(kSizeBytes + size));
}

/// Returns the bytes of a tensor; -1 if there are more than memory can have.
static int64_t countBytes(const std::string &type,
                          const std::vector<int64_t> &shape) {
  int64_t bytes = type == "U8" ? 1 : 2;
  for (int64_t size : shape)
    if (__builtin_mul_overflow(bytes, size, &bytes))
      return -1;
  return bytes;
}

void Checkpoint::readHeader(const std::string &header,
                            const std::string &data) {
  const std::optional<Json> parsed = parseJson(header);
  if (!parsed || !parsed->isObject)
    fail("expects a header that is a JSON object of strings, integers that are "
         "not negative, lists and objects");
  for (const auto &[name, entry] : parsed->members) {
    if (name == "__metadata__")
      continue;
    const Json *type = entry.find("dtype"), *shape = entry.find("shape"),
               *place = entry.find("data_offsets");
    if (!type || !shape || !place || place->items.size() != 2)
      fail("expects dtype, shape and two data_offsets of " + name);
    Tensor &tensor = tensors[name];
    tensor.type = type->text;
    if (tensor.type != "BF16" && tensor.type != "U8")
      fail("expects " + name + " to be of BF16 or U8, got " + tensor.type);
    for (const Json &size : shape->items)
      tensor.shape.push_back(size.number);
    const int64_t begin = place->items[0].number, end = place->items[1].number;
    if (begin > end || end > int64_t(data.size()))
      fail("expects " + name + " within the " + std::to_string(data.size()) +
           " bytes of data, got " + std::to_string(begin) + " to " +
           std::to_string(end));
    const int64_t bytes = countBytes(tensor.type, tensor.shape);
    if (end - begin != bytes)
      fail("expects as many bytes of " + name + " as its shape has (" +
           std::to_string(bytes) + "), got " + std::to_string(end - begin));
    tensor.bytes = data.substr(size_t(begin), size_t(end - begin));
  }
}

static std::string listSizes(const std::vector<int64_t> &shape) {
  std::string text;
  for (int64_t size : shape)
    text += (text.empty() ? "[" : ", ") + std::to_string(size);
  return text + "]";
}

const Checkpoint::Tensor &
Checkpoint::find(const std::string &name, const std::string &type,
                 const std::vector<int64_t> &shape) const {
  const auto place = tensors.find(name);
  const std::string expected =
      "expects " + name + ", " + type + " " + listSizes(shape) + ", got ";
  if (place == tensors.end())
    fail(expected + "none");
  const Tensor &tensor = place->second;
  if (tensor.type != type || tensor.shape != shape)
    fail(expected + tensor.type + " " + listSizes(tensor.shape));
  return tensor;
}

/// Returns element i of a tensor of BF16.
static float elementBf16(const std::string &bytes, size_t i) {
  return fromBf16(
      uint16_t(uint8_t(bytes[2 * i]) | uint8_t(bytes[2 * i + 1]) << 8));
}

static std::vector<float> readBf16(const std::string &bytes) {
  std::vector<float> values(bytes.size() / 2);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = elementBf16(bytes, i);
  return values;
}

std::vector<float> Checkpoint::readVector(const std::string &name,
                                          int64_t columns) const {
  return readBf16(find(name, "BF16", {columns}).bytes);
}

std::vector<float> Checkpoint::readMatrix(const std::string &name, int64_t rows,
                                          int64_t columns) const {
  const auto scales = tensors.find(name + ".scales");
  if (scales == tensors.end())
    return readBf16(find(name, "BF16", {rows, columns}).bytes);
  const std::string &codes =
      find(name + ".codes", "U8", {rows, columns / 2}).bytes;
  const std::vector<int64_t> &shape = scales->second.shape;
  const int64_t numGroups = shape.size() == 2 ? shape[1] : 0;
  if (numGroups <= 0 || columns % numGroups != 0)
    fail("expects " + name + ".scales to divide " + std::to_string(columns) +
         " columns, got " + listSizes(shape));
  find(name + ".scales", "BF16", {rows, numGroups});
  const int64_t group = columns / numGroups;
  std::vector<float> values(size_t(rows * columns));
  for (size_t i = 0; i < values.size(); ++i) {
    const int code = uint8_t(codes[i / 2]) >> (i % 2 * 4) & 15;
    values[i] =
        float(code - 8) * elementBf16(scales->second.bytes, i / size_t(group));
  }
  return values;
}
