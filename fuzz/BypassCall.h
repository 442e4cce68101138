//===- BypassCall.h - a call that an input changes --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A valid call of a function of bypass.mlir, of which an input changes where
// arguments stand, what sizes and strides they have, and what is in tables.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_FUZZ_BYPASSCALL_H
#define FP8ATTN_FUZZ_BYPASSCALL_H

#include "BypassFunctions.h"
#include "Image.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

/// The bytes of an input as decisions. Those that it does not have are 0, which
/// changes nothing.
class Choices {
public:
  Choices(const uint8_t *data, size_t size) : next(data), end(data + size) {}

  /// Returns a number below `count`, at most 256.
  size_t below(size_t count) { return (next < end ? *next++ : 0) % count; }
  template <typename T> T oneOf(std::initializer_list<T> values) {
    return values.begin()[below(values.size())];
  }

private:
  const uint8_t *next, *end;
};

/// A call of a function, in memory of an image.
class BypassCall {
public:
  /// `seed` is that of the numbers.
  BypassCall(const Function &function, Choices &choices, Image &image,
             uint32_t seed);

  /// Memory that is not there cannot be checked.
  enum class Memory {
    /// All arguments describe memory of the image, or nonsense.
    There,
    /// One has more of a size than the others of its operation, and more than
    /// there is memory for: it must be refused.
    Disagrees,
    /// A call that no check can refuse.
    Missing
  };
  Memory memory() const;

  /// Returns whether an argument describes no memory at all: a null pointer,
  /// another type, something negative.
  bool hasNonsense() const;

  const Function &function;
  std::vector<Argument> arguments;
  /// The argument in the vast region, if there is one; unchanged otherwise.
  const Argument *vast = nullptr;
  int32_t isaCap;
  /// What was changed; empty if nothing was.
  std::string notes;

private:
  void place();
  void fill(uint32_t seed);
  void fillControl(Argument &argument, std::mt19937 &bits);
  template <typename T> void set(Argument &argument, int64_t index, T value);

  void change();
  void move(Argument &argument);
  void changeSize(Argument &argument);
  void changeStride(Argument &argument);
  void changeElement(Argument &argument);
  void changeRest(Argument &argument);
  void makeVast(Argument &argument);

  Argument &chooseMemory();
  const Argument &originalOf(const Argument &argument) const {
    return function.arguments[&argument - arguments.data()];
  }
  bool isDescribedAsAtFirst(const Argument &argument) const;
  __int128 claimedBytes(const Argument &argument) const;
  void note(const char *format, ...) __attribute__((format(printf, 2, 3)));

  Choices &choices;
  Image &image;
};

#endif // FP8ATTN_FUZZ_BYPASSCALL_H
