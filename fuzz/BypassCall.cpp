//===- BypassCall.cpp - a call that an input changes ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "BypassCall.h"
#include "SequentialModel.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>

static constexpr int64_t k31 = int64_t(1) << 31, k32 = int64_t(1) << 32,
                         k62 = int64_t(1) << 62;

void BypassCall::note(const char *format, ...) {
  char text[200];
  va_list list;
  va_start(list, format);
  std::vsnprintf(text, sizeof(text), format, list);
  va_end(list);
  notes += text;
}

BypassCall::BypassCall(const Function &function, Choices &choices, Image &image,
                       uint32_t seed)
    : function(function), arguments(function.arguments),
      isaCap(static_cast<int32_t>(FP8ATTN_ISA_AMX_BF16 -
                                  choices.below(FP8ATTN_ISA_AMX_BF16 + 1))),
      choices(choices), image(image) {
  place();
  if (function.numRepeated > 0)
    arguments.back().integer = choices.oneOf(
        {1, 0, function.numRepeated < function.steps.size() ? 1 : 2});
  const size_t numChanges = choices.below(4);
  for (size_t i = 0; i < numChanges; ++i)
    change();
  // What is told by elements must be right at first, wherever it stands.
  fill(seed);
  for (size_t i = choices.below(3); i > 0; --i)
    changeElement(chooseMemory());
}

/// Gives each argument memory of its own.
void BypassCall::place() {
  char *next = image.arena();
  for (Argument &argument : arguments) {
    if (argument.kind == Argument::kInteger)
      continue;
    argument.data() = next;
    int64_t bytes = 0;
    forElements(argument,
                [&](const char *) { bytes += bytesOfElement(argument); });
    next += (bytes + 2 * FP8ATTN_ALIGNMENT - 1) / FP8ATTN_ALIGNMENT *
            FP8ATTN_ALIGNMENT;
  }
}

/// Elements that do not change the control arrays they overlap are filled
/// first.
void BypassCall::fill(uint32_t seed) {
  std::mt19937 bits(seed);
  const auto highByte = [kind = seed % 4](uint8_t byte) {
    // Of words, floats and, every other, codes: denormals and zeros, all that
    // there are, or numbers of a usual size.
    return kind == 3 ? byte & 0x80 : kind == 2 ? byte : 0x3E | (byte & 0x81);
  };
  for (int64_t i = 0; i < Image::kArenaBytes; ++i) {
    const auto byte = static_cast<uint8_t>(bits());
    image.arena()[i] = static_cast<char>(i % 2 ? highByte(byte) : byte & 0x7E);
  }
  if (vast)
    forElements(*vast, [&](char *element) {
      std::memset(element, int(bits() & 0x3E), bytesOfElement(*vast));
    });
  for (Argument &argument : arguments)
    if (argument.kind == Argument::kTensor && argument.isControl())
      fillControl(argument, bits);
}

template <typename T>
void BypassCall::set(Argument &argument, int64_t index, T value) {
  const fp8attn_tensor &tensor = argument.tensor;
  const int64_t columns =
      tensor.rank == 2 ? std::max<int64_t>(tensor.sizes[1], 1) : 1;
  const __int128 offset =
      tensor.rank == 2 ? __int128(index / columns) * tensor.strides[0] +
                             __int128(index % columns) * tensor.strides[1]
                       : __int128(index) * tensor.strides[0];
  char *data = static_cast<char *>(tensor.data);
  if (offset < 0 || offset * sizeof(T) > Image::kVastBytes || !data ||
      !image.has(data, (offset + 1) * sizeof(T)))
    return;
  std::memcpy(data + int64_t(offset) * int64_t(sizeof(T)), &value, sizeof(T));
}

void BypassCall::fillControl(Argument &argument, std::mt19937 &bits) {
  static constexpr int32_t kLengths[][2] = {
      {70, 20}, {96, 1}, {33, 64}, {0, 5}};
  const size_t lengths = bits() % std::size(kLengths);
  const int64_t first = static_cast<int64_t>(bits() % 8);
  const int64_t count = argument.contents == Argument::kTable    ? 6
                        : argument.contents == Argument::kPages  ? 4
                        : argument.contents == Argument::kScales ? kTokens
                        : argument.contents == Argument::kSlots  ? kTokens
                        : argument.contents == Argument::kStarts ? 3
                                                                 : 2;
  const int64_t there = argument.tensor.rank == 2
                            ? count
                            : std::min(count, argument.tensor.sizes[0]);
  for (int64_t i = 0; i < there; ++i) {
    switch (argument.contents) {
    case Argument::kNumbers:
      break;
    case Argument::kSlots:
      set<int64_t>(argument, i, (first + i * 23) % (kNumPages * kPageTokens));
      break;
    case Argument::kScales:
      set<float>(argument, i, 0.5f + float(i));
      break;
    case Argument::kPowers:
      // 2^-127 first.
      set<uint8_t>(argument, i, static_cast<uint8_t>(120 * i));
      break;
    case Argument::kStarts:
      set<int32_t>(argument, i, i == 0 ? 0 : i == 1 ? 3 : int32_t(kTokens));
      break;
    case Argument::kLengths:
      set<int32_t>(argument, i, kLengths[lengths][i]);
      break;
    case Argument::kTable:
      set<int32_t>(argument, i, int32_t((first + i) % kNumPages));
      break;
    case Argument::kPages:
      // {0, 2}, {1, 3} or the other way round.
      set<int32_t>(argument, i,
                   int32_t((i / 2 + i % 2 * 2 + first / 4 * 2) % kNumPages));
      break;
    }
  }
}

Argument &BypassCall::chooseMemory() {
  for (;;) {
    Argument &argument = arguments[choices.below(arguments.size())];
    if (argument.kind != Argument::kInteger)
      return argument;
    return arguments.front();
  }
}

void BypassCall::change() {
  Argument &argument = chooseMemory();
  if (&argument == vast)
    return;
  switch (choices.below(8)) {
  default:
    return move(argument);
  case 4:
    return changeSize(argument);
  case 5:
    return changeStride(argument);
  case 6:
    return changeRest(argument);
  case 7:
    return makeVast(argument);
  }
}

/// Into the memory of another argument.
void BypassCall::move(Argument &argument) {
  const Argument &other = chooseMemory();
  if (&other == vast)
    return;
  const int64_t unit = argument.kind == Argument::kCache
                           ? FP8ATTN_ALIGNMENT
                           : bytesOfElement(argument);
  const int64_t distance = choices.oneOf<int64_t>(
      {0, 0, unit, -unit, 8 * unit, 64, kPageBytes, 2 * kPageBytes, -kPageBytes,
       int64_t(choices.below(256)) * unit});
  char *data = static_cast<char *>(other.data()) + distance;
  if (!image.has(data, 1))
    return;
  argument.data() = data;
  note(" %s at %s%+lld", argument.name, other.name, (long long)distance);
}

void BypassCall::changeSize(Argument &argument) {
  const size_t dim = argument.kind == Argument::kCache
                         ? 0
                         : choices.below(originalOf(argument).tensor.rank);
  int64_t &size = argument.kind == Argument::kCache
                      ? argument.cache.num_pages
                      : argument.tensor.sizes[dim];
  size = choices.oneOf<int64_t>(
      {size - 1, size + 1, 0, 1, k31 - 1, k31, k31 + size, k32, k32 + size, -1,
       INT64_MAX, INT64_MIN, -k32 + size, k62, k62 + size, 2 * size});
  note(" %s.sizes[%zu] = %lld", argument.name, dim, (long long)size);
}

void BypassCall::changeStride(Argument &argument) {
  const size_t dim = argument.kind == Argument::kCache
                         ? 0
                         : choices.below(originalOf(argument).tensor.rank);
  int64_t &stride = argument.kind == Argument::kCache
                        ? argument.cache.page_bytes
                        : argument.tensor.strides[dim];
  const auto padding = int64_t(choices.below(64));
  stride = choices.oneOf<int64_t>({stride + padding, 2 * stride, stride + 64, 0,
                                   1, stride - 1, -stride, k31, k32,
                                   k32 + stride, INT64_MAX, INT64_MIN, k62});
  note(" %s.strides[%zu] = %lld", argument.name, dim, (long long)stride);
}

/// Elements further apart than 31 or 32 bits can count, in memory that is
/// there.
void BypassCall::makeVast(Argument &argument) {
  const int64_t apart = (int64_t(1) << (31 + choices.below(2))) + 64;
  if (vast || !isDescribedAsAtFirst(argument))
    return;
  vast = &argument;
  argument.data() = image.vast();
  (argument.kind == Argument::kCache ? argument.cache.page_bytes
                                     : argument.tensor.strides[0]) = apart;
  note(" %s has strides of %lld", argument.name, (long long)apart);
}

void BypassCall::changeElement(Argument &argument) {
  if (argument.kind != Argument::kTensor || !argument.isControl() ||
      argument.tensor.rank > 2)
    return;
  const auto index = int64_t(choices.below(6));
  const auto value = choices.oneOf<int64_t>(
      {0, 1, 2, 3, 4, 5, -1, 32, 33, 64, 127, 128, INT32_MAX, INT32_MIN,
       INT64_MAX, INT64_MIN, int64_t(1) << 32});
  if (argument.contents == Argument::kSlots)
    set<int64_t>(argument, index, value);
  else if (argument.contents == Argument::kScales)
    set<float>(argument, index,
               choices.oneOf({1.0f, 0x1p-149f, 0.0f, -1.0f, INFINITY, NAN,
                              0x1p127f, 0x1p-126f}));
  else if (argument.contents == Argument::kPowers)
    set<uint8_t>(argument, index, static_cast<uint8_t>(value));
  else
    set<int32_t>(argument, index, int32_t(value));
  note(" %s[%lld] = %lld", argument.name, (long long)index, (long long)value);
}

void BypassCall::changeRest(Argument &argument) {
  switch (choices.below(argument.kind == Argument::kCache ? 3 : 5)) {
  case 0:
    argument.isNull = true;
    return note(" %s is null", argument.name);
  case 1:
    argument.data() = nullptr;
    return note(" %s.data is null", argument.name);
  case 2:
    argument.data() = static_cast<char *>(argument.data()) + 1;
    return note(" %s.data is one byte further", argument.name);
  case 3:
    argument.tensor.rank = int32_t(choices.below(6)) - 1;
    return note(" %s.rank = %d", argument.name, argument.tensor.rank);
  default:
    argument.tensor.type = int32_t(choices.below(10)) - 1;
    return note(" %s.type = %d", argument.name, argument.tensor.type);
  }
}

bool BypassCall::isDescribedAsAtFirst(const Argument &argument) const {
  const Argument &original = originalOf(argument);
  return !argument.isNull && argument.data() &&
         argument.cache.num_pages == original.cache.num_pages &&
         argument.cache.page_bytes == original.cache.page_bytes &&
         argument.tensor.rank == original.tensor.rank &&
         argument.tensor.type == original.tensor.type &&
         std::equal(argument.tensor.sizes,
                    argument.tensor.sizes + 2 * FP8ATTN_MAX_RANK,
                    original.tensor.sizes);
}

/// Returns the bytes that an argument says it has, or -1 for nonsense, which is
/// refused whatever memory is there.
__int128 BypassCall::claimedBytes(const Argument &argument) const {
  const Argument &original = originalOf(argument);
  if (argument.kind == Argument::kInteger)
    return 0;
  const fp8attn_tensor &tensor = argument.tensor;
  if (argument.isNull || tensor.rank != original.tensor.rank ||
      tensor.type != original.tensor.type)
    return -1;
  __int128 bytes;
  if (argument.kind == Argument::kCache) {
    if (argument.cache.num_pages < 0 || argument.cache.page_bytes < kPageBytes)
      return -1;
    bytes = __int128(argument.cache.num_pages) * argument.cache.page_bytes;
  } else {
    const auto *sizesEnd = tensor.sizes + tensor.rank;
    if (std::any_of(tensor.sizes, sizesEnd,
                    [](int64_t size) { return size < 0; }))
      return -1;
    if (std::count(tensor.sizes, sizesEnd, 0) > 0)
      return 0;
    if (std::any_of(tensor.strides, tensor.strides + tensor.rank,
                    [](int64_t stride) { return stride < 0; }))
      return -1;
    bytes = bytesOfElement(argument);
    for (int32_t dim = 0; dim < tensor.rank; ++dim)
      bytes += __int128(tensor.sizes[dim] - 1) * bytesOfElement(argument) *
               std::min(tensor.strides[dim], k62);
  }
  return bytes > 0 && !argument.data() ? -1 : bytes;
}

bool BypassCall::hasNonsense() const {
  return std::any_of(arguments.begin(), arguments.end(),
                     [&](const Argument &a) { return claimedBytes(a) < 0; });
}

BypassCall::Memory BypassCall::memory() const {
  const auto hasOtherSizes = [&](const Argument &argument) {
    return !std::equal(argument.tensor.sizes,
                       argument.tensor.sizes + FP8ATTN_MAX_RANK,
                       originalOf(argument).tensor.sizes);
  };
  // Any number of pages, of columns of a table and of entries of a list is
  // right.
  const auto mustAgree = [&](const Argument &argument) {
    const fp8attn_tensor &original = originalOf(argument).tensor;
    return argument.kind == Argument::kTensor &&
           argument.contents != Argument::kPages && hasOtherSizes(argument) &&
           (argument.contents != Argument::kTable ||
            argument.tensor.sizes[1] == original.sizes[1]) &&
           std::equal(original.strides, original.strides + FP8ATTN_MAX_RANK,
                      argument.tensor.strides);
  };
  Memory memory = Memory::There;
  for (const Argument &argument : arguments) {
    const __int128 bytes = claimedBytes(argument);
    if (bytes <= 0 || image.has(argument.data(), bytes))
      continue;
    if (memory != Memory::There || !mustAgree(argument))
      return Memory::Missing;
    memory = Memory::Disagrees;
  }
  if (memory == Memory::Disagrees &&
      std::count_if(arguments.begin(), arguments.end(), hasOtherSizes) > 1)
    return Memory::Missing;
  return memory;
}
