//===- PairBlocks.cpp - blocks of the layout `pairs` ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Works on vectors of chunks of 16 bytes, in which every ISA can permute. A
// line of a tile has four, of four lanes each; 16 channels of a row have one
// (FP8) or two (bf16). docs/Layout.md has the places of elements in a line.
//
//===----------------------------------------------------------------------===//

#include "PairBlocks.h"
#include "Constants.h"
#include "PackedCodes.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp8attn;

static constexpr int64_t kChunkBytes = 16;
/// Words of 32 bits in a chunk, chunks in a line, and tokens.
static constexpr int64_t kWords = 4;

namespace {
/// Operations on vectors of bytes, which do the same in each of their chunks.
class Chunks {
public:
  Chunks(OpBuilder &builder, Location loc, const PairPlace &place)
      : builder(builder), loc(loc), part(place.part),
        elementBytes(cast<MemRefType>(part.getType()).getElementTypeBitWidth() /
                     8),
        arePacked(place.arePacked) {}

  /// Returns how many chunks 16 channels of a row have.
  int64_t halves() const { return elementBytes; }

  /// Returns how many a vector has.
  static int64_t count(Value vector) {
    auto type = cast<VectorType>(vector.getType());
    return type.getNumElements() * type.getElementTypeBitWidth() /
           (8 * kChunkBytes);
  }

  /// Returns a row as bytes, and bytes as a row of elements.
  Value toBytes(Value row) { return as(row, 1); }
  Value toRow(Value bytes) { return as(bytes, elementBytes); }

  /// Returns the vector of these chunks, each of a vector.
  Value gather(ArrayRef<std::pair<Value, int64_t>> chunks) {
    SmallVector<Value> parts;
    for (auto [vector, chunk] : chunks)
      parts.push_back(
          count(vector) == 1
              ? vector
              : shuffle(vector, vector,
                        llvm::to_vector(llvm::seq(chunk * kChunkBytes,
                                                  (chunk + 1) * kChunkBytes))));
    // Twice as wide until they are one.
    while (parts.size() > 1) {
      SmallVector<Value> pairs;
      const int64_t bytes = count(parts.front()) * kChunkBytes;
      for (size_t i = 0; i < parts.size(); i += 2)
        pairs.push_back(shuffle(parts[i], parts[i + 1],
                                llvm::to_vector(llvm::seq(2 * bytes))));
      parts = std::move(pairs);
    }
    return parts.front();
  }

  /// Permutes the bytes of each chunk.
  Value permute(Value bytes, ArrayRef<int64_t> mask) {
    return inChunks(bytes, bytes, 1, mask);
  }

  /// Loads a chunk from an index in elements and so many chunks further.
  Value load(Value index, int64_t chunk) {
    if (arePacked)
      return loadPackedCodes(builder, loc, part, place(index, chunk),
                             kChunkBytes);
    auto type = VectorType::get({kChunkBytes / elementBytes},
                                builder.getIntegerType(8 * elementBytes));
    return as(
        vector::LoadOp::create(builder, loc, type, part, place(index, chunk)),
        1);
  }
  void store(Value index, int64_t chunk, Value bytes, bool streams) {
    if (arePacked)
      return storePackedCodes(builder, loc, bytes, part, place(index, chunk));
    const llvm::Align alignment(count(bytes) * kChunkBytes);
    vector::StoreOp::create(builder, loc, as(bytes, elementBytes), part,
                            place(index, chunk), streams, alignment);
  }

  /// Returns word j of the four vectors' chunks as vector j.
  SmallVector<Value> transpose(ArrayRef<Value> rows, int64_t wordBytes = 4) {
    const int64_t low[] = {0, 4, 1, 5}, high[] = {2, 6, 3, 7};
    const int64_t first[] = {0, 1, 4, 5}, second[] = {2, 3, 6, 7};
    auto take = [&](Value a, Value b, ArrayRef<int64_t> words) {
      return wordBytes == kChunkBytes ? ofChunks(a, b, words)
                                      : inChunks(a, b, wordBytes, words);
    };
    Value low01 = take(rows[0], rows[1], low);
    Value low23 = take(rows[2], rows[3], low);
    Value high01 = take(rows[0], rows[1], high);
    Value high23 = take(rows[2], rows[3], high);
    return {take(low01, low23, first), take(low01, low23, second),
            take(high01, high23, first), take(high01, high23, second)};
  }

  /// Returns the elements of `bytes` of both chunks in turns, two vectors: the
  /// first halves of chunks, and the second ones.
  std::pair<Value, Value> interleave(Value a, Value b, int64_t bytes) {
    const int64_t count = kChunkBytes / bytes;
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < count / 2; ++i) {
      low.append({i, count + i});
      high.append({count / 2 + i, count + count / 2 + i});
    }
    return {inChunks(a, b, bytes, low), inChunks(a, b, bytes, high)};
  }

  /// Returns the chunks of both that `mask` names, those of `b` after those of
  /// `a`.
  Value ofChunks(Value a, Value b, ArrayRef<int64_t> mask) {
    SmallVector<int64_t> bytes;
    for (int64_t chunk : mask)
      llvm::append_range(
          bytes, llvm::seq(chunk * kChunkBytes, (chunk + 1) * kChunkBytes));
    return shuffle(a, b, bytes);
  }

private:
  /// Returns the vector as elements of so many bytes.
  Value as(Value vector, int64_t bytes) {
    auto type = VectorType::get({count(vector) * kChunkBytes / bytes},
                                builder.getIntegerType(8 * bytes));
    return vector::BitCastOp::create(builder, loc, type, vector);
  }
  Value shuffle(Value a, Value b, ArrayRef<int64_t> mask) {
    return vector::ShuffleOp::create(builder, loc, a, b, mask);
  }

  /// In each chunk, takes the words of two that `mask` names.
  Value inChunks(Value a, Value b, int64_t wordBytes, ArrayRef<int64_t> mask) {
    const int64_t words = kChunkBytes / wordBytes, all = count(a) * words;
    SmallVector<int64_t> whole;
    for (int64_t begin = 0; begin < all; begin += words)
      for (int64_t word : mask)
        whole.push_back(begin + (word < words ? word : all + word - words));
    return as(shuffle(as(a, wordBytes), as(b, wordBytes), whole), 1);
  }

  Value place(Value index, int64_t chunk) {
    return arith::AddIOp::create(
        builder, loc, index,
        constantIndex(builder, loc, chunk * kChunkBytes / elementBytes));
  }

  OpBuilder &builder;
  Location loc;
  Value part;
  int64_t elementBytes;
  bool arePacked;
};
} // namespace

/// Exchanges the middle bytes of each word: elements 0, 1, 2, 3 of a lane are
/// stored as 0, 2, 1, 3.
static constexpr int64_t kMiddle[] = {0, 2,  1, 3,  4,  6,  5,  7,
                                      8, 10, 9, 11, 12, 14, 13, 15};

/// Loads chunks that become neighbours in rows, one for each half of each
/// group: from `chunk` on, and for the second half `halfChunks` further.
static Value loadChunks(Chunks &chunks, const PairPlace &place, int64_t chunk,
                        int64_t halfChunks) {
  SmallVector<std::pair<Value, int64_t>> loaded;
  for (Value group : place.groups)
    for (int64_t half = 0; half < chunks.halves(); ++half)
      loaded.emplace_back(chunks.load(group, chunk + half * halfChunks), 0);
  return chunks.gather(loaded);
}

/// Tokens are in the lanes: a chunk has one channel group of all four. Lines of
/// a half of the channels are neighbours.
static SmallVector<Value> loadKeys(Chunks &chunks, const PairPlace &place) {
  SmallVector<Value> words;
  for (int64_t line = 0; line < kWords; ++line)
    words.push_back(loadChunks(chunks, place, line * kWords, kWords * kWords));
  SmallVector<Value> rows = chunks.transpose(words);
  for (Value &row : rows)
    if (chunks.halves() == 1)
      row = chunks.permute(row, kMiddle);
  return rows;
}

/// Stores lines, each of a vector with a chunk for every four tokens.
static void storeKeys(Chunks &chunks, const PairPlace &place,
                      ArrayRef<Value> rows, bool streams) {
  for (int64_t half = 0; half < chunks.halves(); ++half) {
    SmallVector<Value> tokens;
    for (int64_t token = 0; token < kWords; ++token) {
      SmallVector<std::pair<Value, int64_t>> lanes;
      for (size_t row = token; row < rows.size(); row += kWords)
        lanes.emplace_back(rows[row], half);
      tokens.push_back(chunks.gather(lanes));
      if (chunks.halves() == 1)
        tokens.back() = chunks.permute(tokens.back(), kMiddle);
    }
    for (auto [line, words] : llvm::enumerate(chunks.transpose(tokens)))
      chunks.store(place.groups.front(), (half * kWords + line) * kWords, words,
                   streams);
  }
}

/// Channels are in the lanes. A line has four tokens of FP8, or two of bf16:
/// each chunk is put in the order of tokens, without what code generators take
/// for a truncation, which they store as such, and not past the caches.
static SmallVector<Value> loadValues(Chunks &chunks, const PairPlace &place) {
  static constexpr int64_t kByToken[] = {0, 4, 8, 12, 2, 6, 10, 14,
                                         1, 5, 9, 13, 3, 7, 11, 15};
  static constexpr int64_t kPairsByToken[] = {0, 1, 4, 5, 8,  9,  12, 13,
                                              2, 3, 6, 7, 10, 11, 14, 15};
  if (chunks.halves() == 1) {
    SmallVector<Value> ofTokens;
    for (int64_t lanes = 0; lanes < kWords; ++lanes)
      ofTokens.push_back(
          chunks.permute(loadChunks(chunks, place, lanes, 0), kByToken));
    return chunks.transpose(ofTokens);
  }
  SmallVector<Value> rows;
  for (int64_t line = 0; line < chunks.halves(); ++line) {
    auto loadLanes = [&](int64_t lanes) {
      constexpr int64_t kHalf = kWords / 2;
      return chunks.permute(
          loadChunks(chunks, place, line * kWords + lanes, kHalf),
          kPairsByToken);
    };
    auto [first, second] = chunks.interleave(loadLanes(0), loadLanes(1), 8);
    rows.append({first, second});
  }
  return rows;
}

/// Returns lines of FP8, one for each chunk of four rows.
static SmallVector<Value> makeCodeLines(Chunks &chunks,
                                        ArrayRef<Value> tokens) {
  auto [low01, high01] = chunks.interleave(tokens[0], tokens[1], 1);
  auto [low23, high23] = chunks.interleave(tokens[2], tokens[3], 1);
  auto [first, second] = chunks.interleave(low01, low23, 1);
  auto [third, fourth] = chunks.interleave(high01, high23, 1);
  SmallVector<Value> lanes = {first, second, third, fourth};
  if (Chunks::count(first) == kWords)
    return chunks.transpose(lanes, kChunkBytes);
  SmallVector<Value> lines;
  for (int64_t line = 0; line < Chunks::count(first); ++line)
    lines.push_back(chunks.gather(
        {{first, line}, {second, line}, {third, line}, {fourth, line}}));
  return lines;
}

/// Returns lines of bf16, one for each two chunks of two rows.
static SmallVector<Value> makeWordLines(Chunks &chunks,
                                        ArrayRef<Value> tokens) {
  auto [low, high] = chunks.interleave(tokens[0], tokens[1], 2);
  const int64_t count = Chunks::count(low);
  SmallVector<Value> lines;
  for (int64_t half = 0; half < count; half += 2)
    lines.push_back(chunks.ofChunks(
        low, high, {half, count + half, half + 1, count + half + 1}));
  return lines;
}

static void storeValues(Chunks &chunks, const PairPlace &place,
                        ArrayRef<Value> rows, bool streams) {
  const int64_t tokens = kWords / chunks.halves();
  SmallVector<SmallVector<Value>> lines;
  for (; !rows.empty(); rows = rows.drop_front(tokens)) {
    ArrayRef<Value> ofLine = rows.take_front(tokens);
    lines.push_back(chunks.halves() == 1 ? makeCodeLines(chunks, ofLine)
                                         : makeWordLines(chunks, ofLine));
  }
  for (auto [index, group] : llvm::enumerate(place.groups))
    for (auto [line, ofGroups] : llvm::enumerate(lines))
      chunks.store(group, line * kWords, ofGroups[index], streams);
}

SmallVector<Value> mlir::fp8attn::loadPairs(OpBuilder &builder, Location loc,
                                            bool isKey,
                                            const PairPlace &place) {
  Chunks chunks(builder, loc, place);
  SmallVector<Value> rows =
      isKey ? loadKeys(chunks, place) : loadValues(chunks, place);
  for (Value &row : rows)
    row = chunks.toRow(row);
  return rows;
}

void mlir::fp8attn::storePairs(OpBuilder &builder, Location loc, bool isKey,
                               const PairPlace &place, ArrayRef<Value> rows,
                               bool streams) {
  Chunks chunks(builder, loc, place);
  SmallVector<Value> bytes =
      llvm::map_to_vector(rows, [&](Value row) { return chunks.toBytes(row); });
  if (isKey)
    storeKeys(chunks, place, bytes, streams);
  else
    storeValues(chunks, place, bytes, streams);
}
