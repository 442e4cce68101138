//===- PairBlocks.cpp - blocks of the layout `pairs` ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Works on chunks of 16 bytes, in which every ISA can permute. A line of a tile
// has four, of four lanes each; a row has one (FP8) or two (bf16).
// docs/Layout.md has the places of elements in a line.
//
//===----------------------------------------------------------------------===//

#include "DecomposeRepack/PairBlocks.h"
#include "DecomposeRepack/RepackSide.h"
#include "Support/Constants.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp8attn;

static constexpr int64_t kChunkBytes = 16;
/// Words of 32 bits in a chunk, chunks in a line, and tokens.
static constexpr int64_t kWords = 4;

namespace {
/// Operations on chunks.
class Chunks {
public:
  Chunks(OpBuilder &builder, Location loc, Value part, Value index)
      : builder(builder), loc(loc), part(part), index(index),
        elementBytes(cast<MemRefType>(part.getType()).getElementTypeBitWidth() /
                     8) {}

  /// Returns how many a row has.
  int64_t halves() const { return elementBytes; }

  int64_t elements() const { return kChunkBytes / elementBytes; }
  VectorType type(int64_t bytes = 1) const {
    return VectorType::get({kChunkBytes / bytes},
                           builder.getIntegerType(8 * bytes));
  }
  Value as(Value chunk, int64_t bytes) {
    return vector::BitCastOp::create(builder, loc, type(bytes), chunk);
  }
  Value shuffle(Value a, Value b, ArrayRef<int64_t> mask) {
    return vector::ShuffleOp::create(builder, loc, a, b, mask);
  }
  Value permute(Value bytes, ArrayRef<int64_t> mask) {
    return shuffle(bytes, bytes, mask);
  }

  /// Loads one so many chunks further.
  Value load(int64_t chunk) {
    Value loaded = vector::LoadOp::create(builder, loc, type(elementBytes),
                                          part, place(chunk));
    return as(loaded, 1);
  }
  void store(int64_t chunk, Value bytes, bool streams) {
    vector::StoreOp::create(builder, loc, as(bytes, elementBytes), part,
                            place(chunk), streams, llvm::Align(kChunkBytes));
  }

  /// Returns a row's chunk `half`.
  Value ofRow(Value row, int64_t half) {
    if (elementBytes == 1)
      return row;
    SmallVector<int64_t> mask =
        llvm::to_vector(llvm::seq(half * elements(), (half + 1) * elements()));
    return as(shuffle(row, row, mask), 1);
  }
  /// Returns the row of these chunks.
  Value toRow(ArrayRef<Value> chunks) {
    if (elementBytes == 1)
      return chunks.front();
    return shuffle(as(chunks[0], 2), as(chunks[1], 2),
                   llvm::to_vector(llvm::seq<int64_t>(0, kRowChannels)));
  }

  /// Returns chunk j of words j of the four chunks.
  SmallVector<Value> transpose(ArrayRef<Value> chunks) {
    SmallVector<Value> words;
    for (Value chunk : chunks)
      words.push_back(as(chunk, 4));
    const int64_t low[] = {0, 4, 1, 5}, high[] = {2, 6, 3, 7};
    const int64_t first[] = {0, 1, 4, 5}, second[] = {2, 3, 6, 7};
    Value low01 = shuffle(words[0], words[1], low);
    Value low23 = shuffle(words[2], words[3], low);
    Value high01 = shuffle(words[0], words[1], high);
    Value high23 = shuffle(words[2], words[3], high);
    return {as(shuffle(low01, low23, first), 1),
            as(shuffle(low01, low23, second), 1),
            as(shuffle(high01, high23, first), 1),
            as(shuffle(high01, high23, second), 1)};
  }

  /// Returns the elements of `bytes` of both chunks in turns, two chunks.
  std::pair<Value, Value> interleave(Value a, Value b, int64_t bytes) {
    const int64_t count = kChunkBytes / bytes;
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < count / 2; ++i) {
      low.append({i, count + i});
      high.append({count / 2 + i, count + count / 2 + i});
    }
    a = as(a, bytes);
    b = as(b, bytes);
    return {as(shuffle(a, b, low), 1), as(shuffle(a, b, high), 1)};
  }

private:
  Value place(int64_t chunk) {
    return arith::AddIOp::create(
        builder, loc, index, constantIndex(builder, loc, chunk * elements()));
  }

  OpBuilder &builder;
  Location loc;
  Value part, index;
  int64_t elementBytes;
};
} // namespace

/// Exchanges the middle bytes of each word: elements 0, 1, 2, 3 of a lane are
/// stored as 0, 2, 1, 3.
static constexpr int64_t kMiddle[] = {0, 2,  1, 3,  4,  6,  5,  7,
                                      8, 10, 9, 11, 12, 14, 13, 15};

/// Tokens are in the lanes: a chunk has one channel group of all four. Lines of
/// a half of the channels are neighbours.
static SmallVector<Value> loadKeys(Chunks &chunks) {
  SmallVector<SmallVector<Value>> ofHalf;
  for (int64_t half = 0; half < chunks.halves(); ++half) {
    SmallVector<Value> words;
    for (int64_t line = 0; line < kWords; ++line)
      words.push_back(chunks.load((half * kWords + line) * kWords));
    ofHalf.push_back(chunks.transpose(words));
    if (chunks.halves() == 1)
      for (Value &chunk : ofHalf.back())
        chunk = chunks.permute(chunk, kMiddle);
  }
  SmallVector<Value> rows;
  for (int64_t token = 0; token < kWords; ++token)
    rows.push_back(chunks.toRow(
        llvm::map_to_vector(ofHalf, [&](auto &half) { return half[token]; })));
  return rows;
}

/// Stores line by line: processors put together what is written past the caches
/// to few lines at a time.
static void storeKeys(Chunks &chunks, ArrayRef<Value> rows, bool streams) {
  for (int64_t half = 0; half < chunks.halves(); ++half) {
    SmallVector<SmallVector<Value>> lanes;
    for (size_t first = 0; first < rows.size(); first += kWords) {
      SmallVector<Value> tokens;
      for (Value row : rows.slice(first, kWords)) {
        tokens.push_back(chunks.ofRow(row, half));
        if (chunks.halves() == 1)
          tokens.back() = chunks.permute(tokens.back(), kMiddle);
      }
      lanes.push_back(chunks.transpose(tokens));
    }
    for (int64_t line = 0; line < kWords; ++line)
      for (auto [lane, words] : llvm::enumerate(lanes))
        chunks.store((half * kWords + line) * kWords + lane, words[line],
                     streams);
  }
}

/// Channels are in the lanes. A line has four tokens of FP8, or two of bf16:
/// each chunk is put in the order of tokens, without what code generators take
/// for a truncation, which they store as such, and not past the caches.
static SmallVector<Value> loadValues(Chunks &chunks) {
  static constexpr int64_t kByToken[] = {0, 4, 8, 12, 2, 6, 10, 14,
                                         1, 5, 9, 13, 3, 7, 11, 15};
  static constexpr int64_t kPairsByToken[] = {0, 2, 4, 6, 1, 3, 5, 7};
  auto loadLine = [&](int64_t line) {
    SmallVector<Value> loaded;
    for (int64_t lanes = 0; lanes < kWords; ++lanes)
      loaded.push_back(chunks.load(line * kWords + lanes));
    return loaded;
  };
  if (chunks.halves() == 1) {
    SmallVector<Value> ofTokens = loadLine(0);
    for (Value &chunk : ofTokens)
      chunk = chunks.permute(chunk, kByToken);
    return chunks.transpose(ofTokens);
  }
  SmallVector<Value> rows;
  for (int64_t line = 0; line < chunks.halves(); ++line) {
    SmallVector<Value> ofTokens = loadLine(line);
    for (Value &chunk : ofTokens) {
      Value words = chunks.as(chunk, 2);
      chunk = chunks.as(chunks.shuffle(words, words, kPairsByToken), 1);
    }
    auto [first, second] = chunks.interleave(ofTokens[0], ofTokens[1], 8);
    auto [firstHigh, secondHigh] =
        chunks.interleave(ofTokens[2], ofTokens[3], 8);
    rows.push_back(chunks.toRow({first, firstHigh}));
    rows.push_back(chunks.toRow({second, secondHigh}));
  }
  return rows;
}

/// Returns the chunks of a line of these tokens, two of bf16 or four of FP8.
static SmallVector<Value> makeLine(Chunks &chunks, ArrayRef<Value> tokens) {
  if (chunks.halves() == 1) {
    auto [low01, high01] = chunks.interleave(tokens[0], tokens[1], 1);
    auto [low23, high23] = chunks.interleave(tokens[2], tokens[3], 1);
    auto [first, second] = chunks.interleave(low01, low23, 1);
    auto [third, fourth] = chunks.interleave(high01, high23, 1);
    return {first, second, third, fourth};
  }
  SmallVector<Value> line;
  for (int64_t half = 0; half < chunks.halves(); ++half) {
    auto [low, high] = chunks.interleave(chunks.ofRow(tokens[0], half),
                                         chunks.ofRow(tokens[1], half), 2);
    line.append({low, high});
  }
  return line;
}

static void storeValues(Chunks &chunks, ArrayRef<Value> rows, bool streams) {
  const int64_t tokens = kWords / chunks.halves();
  for (int64_t line = 0; line < chunks.halves(); ++line)
    for (auto [lanes, chunk] :
         llvm::enumerate(makeLine(chunks, rows.slice(line * tokens, tokens))))
      chunks.store(line * kWords + lanes, chunk, streams);
}

SmallVector<Value> mlir::fp8attn::loadPairs(OpBuilder &builder, Location loc,
                                            bool isKey, Value part,
                                            Value index) {
  Chunks chunks(builder, loc, part, index);
  return isKey ? loadKeys(chunks) : loadValues(chunks);
}

void mlir::fp8attn::storePairs(OpBuilder &builder, Location loc, bool isKey,
                               Value part, Value index, ArrayRef<Value> rows,
                               bool streams) {
  Chunks chunks(builder, loc, part, index);
  if (isKey)
    storeKeys(chunks, rows, streams);
  else
    storeValues(chunks, rows, streams);
}
