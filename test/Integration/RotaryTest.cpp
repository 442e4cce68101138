//===- RotaryTest.cpp - keys and queries rotated when they are written ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls the models of rotary_models.py on each ISA with random batches: caches,
// queries and scales have the bytes of the reference, whatever the workers; so
// have those of a model and a batch that each of some seeds draws.
// Rows are also 0, tiny, huge, infinite or NaN; tables have any numbers. No
// page of memory beyond an argument can be touched.
//
//===----------------------------------------------------------------------===//

#include "DirectCall.h"
#include "Loops.h"
#include "RotaryModels.h"
#include "ScaleKinds.h"
#include "SeedBatches.h"
#include "fp8attn/Reference/Fp8.h"
#include "fp8attn/Reference/Rotation.h"
#include "test/guarded_buffer.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <numeric>
#include <tuple>

using namespace fp8attn::reference;

static constexpr int64_t kPage = 32, kPages = 6;
static constexpr float kEps = 1e-5f;

/// Returns the cache that a model writes.
static PairsCache makeCache(const RotaryModel &m, void *data) {
  if (m.ropeDim > 0)
    return makeMixedCache(data, m.cache, m.dim, m.valueDim, m.ropeDim, kPage);
  return makePairsCache(data, m.valueDim > 0 ? Content::Key : Content::KeyValue,
                        m.cache, m.kvHeads, m.dim, kPage);
}

/// Returns how many channels of a key a norm is of.
static int64_t normDim(const RotaryModel &m) {
  return m.valueDim > 0 ? m.valueDim : m.dim;
}

namespace {
/// A tensor in memory that ends where no other memory is.
struct Guarded {
  Guarded() = default;
  /// Elements are `number` of their index, rounded to `type`.
  template <typename Function>
  Guarded(fp8attn_type type, std::vector<int64_t> sizes, Function number)
      : type(type), bytes(count(sizes) * elementBytes(type)) {
    const auto rank = static_cast<int32_t>(sizes.size());
    for (int64_t i = 0; i < count(sizes); ++i)
      encodeElement(number(i), bytes.data() + i * elementBytes(type), type);
    sizes.resize(FP8ATTN_MAX_RANK);
    tensor = fp8attn_tensor_make(bytes.data(), type, rank, sizes[0], sizes[1],
                                 sizes[2], sizes[3]);
  }

  static int64_t count(const std::vector<int64_t> &sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), int64_t(1),
                           std::multiplies<>());
  }
  int64_t size() const { return int64_t(bytes.size()) / elementBytes(type); }
  float at(int64_t i) const {
    return static_cast<float>(
        decodeElement(bytes.data() + i * elementBytes(type), type));
  }
  std::vector<float> floats() const {
    std::vector<float> numbers(size());
    for (int64_t i = 0; i < size(); ++i)
      numbers[i] = at(i);
    return numbers;
  }
  HeadTensor heads() const {
    return {bytes.data(), tensor.sizes[0], tensor.strides[0], tensor.strides[1],
            type};
  }

  fp8attn_type type = FP8ATTN_TYPE_F32;
  fp8attn::test::GuardedBuffer<uint8_t> bytes{0};
  fp8attn_tensor tensor = {};
};

/// Integers, likewise.
template <typename T> struct GuardedIntegers {
  explicit GuardedIntegers(const std::vector<T> &numbers)
      : buffer(fp8attn::test::GuardedBuffer<T>::copyOf(numbers)),
        tensor(fp8attn_tensor_make(
            buffer.data(), sizeof(T) == 4 ? FP8ATTN_TYPE_I32 : FP8ATTN_TYPE_I64,
            1, int64_t(numbers.size()), 0, 0, 0)) {}
  fp8attn::test::GuardedBuffer<T> buffer;
  fp8attn_tensor tensor;
};

/// Calls a model with random batches, on the ISA of its context.
class RotaryCaller : protected Caller {
protected:
  const RotaryModel &model() const { return *called; }

  float normal() { return std::normal_distribution<float>()(random); }
  /// A row of ordinary numbers, or of those where something overflows or is 0.
  Guarded drawRows(fp8attn_type type, int64_t tokens, int64_t heads) {
    const int64_t dim = model().dim;
    float factor = 1;
    return Guarded(type, {tokens, heads, dim}, [&](int64_t i) {
      if (i % dim == 0) {
        const float factors[] = {0, 1e-30f, 1e25f, 1e-4f};
        factor = random() % 8 == 0 ? factors[random() % 4] : 1.0f;
      }
      if (random() % 1500 == 0)
        return random() % 2 ? NAN : -INFINITY;
      return normal() * factor;
    });
  }
  void runOn(int64_t tokens);
  Rotation getRotation(const Guarded &norm, bool hasNorm, const Guarded &cos,
                       const Guarded &sin, const int32_t *positions) const;
  void expectCall(const RotaryArguments &arguments);

  const RotaryModel *called = nullptr;
};

class RotaryTest
    : public testing::TestWithParam<std::tuple<RotaryModel, fp8attn_isa>>,
      protected RotaryCaller {
protected:
  void SetUp() override {
    const auto &[model, isa] = GetParam();
    FP8ATTN_REQUIRE_ISA(isa);
    called = &model;
    context.isa_cap = isa;
  }
};

/// A model and a batch for each seed.
class RandomRotaryTest : public testing::TestWithParam<uint32_t>,
                         protected RotaryCaller {
protected:
  void tryOn(uint32_t seed);
};
} // namespace

/// Returns whether elements are the same number, or NaN both.
static bool areSame(const uint8_t *one, const uint8_t *other,
                    fp8attn_type type) {
  return std::memcmp(one, other, elementBytes(type)) == 0 ||
         (std::isnan(decodeElement(one, type)) &&
          std::isnan(decodeElement(other, type)));
}

static void expectSame(const uint8_t *got, const uint8_t *expected,
                       int64_t count, fp8attn_type type, const char *what) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t at = i * elementBytes(type);
    ASSERT_TRUE(areSame(got + at, expected + at, type))
        << what << ", element " << i << ": got "
        << decodeElement(got + at, type) << ", expected "
        << decodeElement(expected + at, type);
  }
}

Rotation RotaryCaller::getRotation(const Guarded &norm, bool hasNorm,
                                   const Guarded &cos, const Guarded &sin,
                                   const int32_t *positions) const {
  Rotation rotation;
  if (hasNorm)
    rotation.norm = norm.floats();
  rotation.eps = kEps;
  rotation.columns = model().columns;
  rotation.firstRotated = model().valueDim;
  rotation.interleaved = model().interleaved;
  rotation.cos = cos.floats();
  rotation.sin = sin.floats();
  rotation.positions = positions;
  return rotation;
}

void RotaryCaller::expectCall(const RotaryArguments &arguments) {
  EXPECT_EQ(model().call(with(model().workspaceBytes(kLoopWorkers)), arguments),
            FP8ATTN_OK)
      << context.message;
  EXPECT_EQ(context.isa, context.isa_cap);
}

void RotaryCaller::runOn(int64_t tokens) {
  const RotaryModel &m = model();
  const int64_t rows = 1 + random() % 50;
  std::vector<int64_t> slots(kPages * kPage);
  std::iota(slots.begin(), slots.end(), 0);
  std::shuffle(slots.begin(), slots.end(), random);
  slots.resize(tokens);
  std::vector<int32_t> positions(tokens);
  for (int64_t t = 0; t < tokens; ++t) {
    positions[t] = random() % 4 == 0 ? rows - 1 : random() % rows;
    if (random() % 9 == 0)
      slots[t] = -1;
  }
  const auto anything = [&](int64_t) { return normal(); };
  const Guarded key = drawRows(m.key, tokens, m.kvHeads),
                value = drawRows(m.key, tokens, m.kvHeads),
                cos(m.table, {rows, m.columns}, anything),
                sin(m.table, {rows, m.columns}, anything),
                keyNorm(m.table, {normDim(m)}, anything),
                queryNorm(m.table, {m.dim}, anything);
  Guarded query = drawRows(m.query, tokens, std::max<int64_t>(m.heads, 1));
  Guarded out(m.out, {tokens, std::max<int64_t>(m.heads, 1), m.dim},
              [](int64_t) { return NAN; });
  const GuardedIntegers<int64_t> slotsInMemory(slots);
  const GuardedIntegers<int32_t> positionsInMemory(positions);

  // Caches and scales that were written before.
  std::vector<uint8_t> words(makeCache(m, nullptr).pageBytes * kPages, 0x11);
  fp8attn::test::GuardedBuffer<uint8_t> cacheBytes =
      fp8attn::test::GuardedBuffer<uint8_t>::copyOf(words);
  RotaryArguments arguments = {};
  arguments.cache = {cacheBytes.data(), kPages, int64_t(words.size()) / kPages};
  const ScaleShape shape{&findScaleKind(m.scale ? m.scale : "tensor"), kPages,
                         m.kvHeads, kPage, m.dim - m.ropeDim};
  const auto scale = [&](int64_t) { return 0.25f * (1 << random() % 3); };
  std::vector<int64_t> scaleSizes = {shape.count()};
  Guarded scales[2] = {Guarded(shape.kind->type, scaleSizes, scale),
                       Guarded(shape.kind->type, scaleSizes, scale)};

  // The reference.
  PairsCache expected = makeCache(m, words.data());
  const std::vector<float> rotated =
      rotate(getRotation(keyNorm, m.keyNorm, cos, sin, positions.data()),
             key.heads(), m.kvHeads, m.dim);
  const HeadTensor sources[2] = {
      m.keyNorm || m.columns ? asHeadTensor(rotated, tokens, m.kvHeads, m.dim)
                             : key.heads(),
      value.heads()};
  std::vector<uint8_t> expectedScales[2];
  // Values of a latent cache are part of the keys.
  const int parts = m.valueDim > 0 ? 1 : 2;
  for (int part = 0; part < parts; ++part) {
    const CachePart &to = part == 0 ? expected.keys : expected.values;
    Scales wanted;
    if (m.scale)
      wanted = shape.reference(scales[part].floats());
    if (m.dynamic)
      computeScales(to, sources[part], slots.data(), shape.kind->type,
                    m.microscaling, wanted);
    writeCache(to, sources[part], slots.data(), wanted);
    for (float number : wanted.values) {
      uint8_t bytes[4];
      encodeElement(number, bytes, shape.kind->type);
      expectedScales[part].insert(expectedScales[part].end(), bytes,
                                  bytes + elementBytes(shape.kind->type));
    }
  }
  const std::vector<float> queries =
      rotate(getRotation(queryNorm, m.queryNorm, cos, sin, positions.data()),
             query.heads(), std::max<int64_t>(m.heads, 1), m.dim);

  // The call.
  arguments.key = key.tensor;
  arguments.value = value.tensor;
  arguments.query = query.tensor;
  arguments.slots = slotsInMemory.tensor;
  arguments.key_norm = keyNorm.tensor;
  arguments.query_norm = queryNorm.tensor;
  arguments.positions = positionsInMemory.tensor;
  arguments.cos = cos.tensor;
  arguments.sin = sin.tensor;
  arguments.query_out = out.tensor;
  arguments.key_scale = shape.describe(scales[0].bytes.data());
  arguments.value_scale = shape.describe(scales[1].bytes.data());
  expectCall(arguments);

  expectSame(cacheBytes.data(), words.data(),
             int64_t(words.size()) / elementBytes(m.cache), m.cache, "cache");
  for (int part = 0; part < parts && m.scale; ++part)
    expectSame(scales[part].bytes.data(), expectedScales[part].data(),
               shape.count(), shape.kind->type, "scale");
  if (m.heads == 0)
    return;
  const Guarded wanted(m.out, {int64_t(queries.size())},
                       [&](int64_t i) { return queries[i]; });
  expectSame((m.inPlace ? query : out).bytes.data(), wanted.bytes.data(),
             int64_t(queries.size()), m.out, "query_out");
}

TEST_P(RotaryTest, HasTheBytesOfTheReference) {
  for (int64_t tokens : {0, 1, 15, 16, 17, 63, 64, 65, 130})
    ASSERT_NO_FATAL_FAILURE(runOn(tokens)) << tokens << " tokens";
}

TEST_P(RotaryTest, AnyOrderOfBodies) {
  context.num_workers = kLoopWorkers;
  for (const auto loop : {runBackwards, runOnOtherWorkers, runShuffled}) {
    context.parallel_for = loop;
    ASSERT_NO_FATAL_FAILURE(runOn(150));
  }
}

void RandomRotaryTest::tryOn(uint32_t seed) {
  random.seed(seed);
  called = &kRotaryModels[random() % kRotaryModels.size()];
  const auto tokens =
      static_cast<int64_t>(random() % 4 ? random() % 20 : random() % 150);
  for (fp8attn_isa isa : testedIsas()) {
    if (!whyNot(isa).empty())
      continue;
    context.isa_cap = isa;
    SCOPED_TRACE(std::string(called->name) + ", " + std::to_string(tokens) +
                 " tokens, " + fp8attn_isa_string(context.isa_cap));
    random.seed(~seed);
    ASSERT_NO_FATAL_FAILURE(runOn(tokens));
  }
}

/// Problems of this program, and the first of them.
static constexpr uint32_t kProblems = 100, kFirst = 1;

TEST_P(RandomRotaryTest, HasTheBytesOfTheReference) {
  trySeeds(GetParam(), firstSeedsFrom(kFirst, kProblems).front(), kProblems,
           [&](uint32_t seed) { tryOn(seed); });
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomRotaryTest,
                         testing::ValuesIn(firstSeedsFrom(kFirst, kProblems)),
                         seedTestName);

/// A call of a model that writes the query elsewhere, which is refused before
/// anything is written if an argument is wrong.
class RotaryCheckTest : public testing::Test, protected Caller {
protected:
  static constexpr int64_t kTokens = 4, kRows = 7;

  RotaryCheckTest()
      : m(*std::find_if(kRotaryModels.begin(), kRotaryModels.end(),
                        [](const RotaryModel &model) {
                          return model.heads > 0 && !model.inPlace &&
                                 model.valueDim == 0 && model.columns > 0 &&
                                 !model.dynamic && model.query == model.out &&
                                 (!model.scale ||
                                  !findScaleKind(model.scale).byToken());
                        })),
        key(m.key, {kTokens, m.kvHeads, m.dim}, one),
        query(m.query, {kTokens + 1, m.heads, m.dim}, one),
        out(m.out, {kTokens, m.heads, m.dim}, one),
        table(m.table, {kRows, m.columns}, one), norm(m.table, {m.dim}, one),
        scales(findScaleKind(m.scale ? m.scale : "tensor").type, {kScales},
               one),
        cache(kPages * pageBytes()) {
    query.tensor.sizes[0] = kTokens;
    const ScaleShape shape{&findScaleKind(m.scale ? m.scale : "tensor"), kPages,
                           m.kvHeads, kPage, m.dim};
    arguments.key = arguments.value = key.tensor;
    arguments.query = query.tensor;
    arguments.slots = slots.tensor;
    arguments.key_norm = arguments.query_norm = norm.tensor;
    arguments.positions = positions.tensor;
    arguments.cos = arguments.sin = table.tensor;
    arguments.query_out = out.tensor;
    arguments.key_scale = arguments.value_scale =
        shape.describe(scales.bytes.data());
    arguments.cache = {cache.data(), kPages, pageBytes()};
  }

  static float one(int64_t) { return 1; }
  int64_t pageBytes() const { return makeCache(m, nullptr).pageBytes; }
  fp8attn_status call() { return m.call(with(m.workspaceBytes(1)), arguments); }
  void expectRefused(fp8attn_status status, const std::string &text) {
    const std::vector<float> before = out.floats();
    EXPECT_EQ(call(), status);
    EXPECT_EQ(std::string(context.message).substr(0, text.size()), text);
    EXPECT_EQ(out.floats(), before);
    EXPECT_EQ(std::count(cache.begin(), cache.end(), 0), int64_t(cache.size()));
  }

  static constexpr int64_t kScales = 512;
  const RotaryModel &m;
  Guarded key, query, out, table, norm, scales;
  fp8attn::test::GuardedBuffer<uint8_t> cache;
  GuardedIntegers<int64_t> slots{{0, -1, 2, 3}};
  GuardedIntegers<int32_t> positions{{0, 6, 2, 3}};
  RotaryArguments arguments = {};
};

TEST_F(RotaryCheckTest, PositionsAreRowsOfTheTables) {
  EXPECT_EQ(call(), FP8ATTN_OK) << context.message;
  std::fill(cache.begin(), cache.end(), 0);
  // That of a token which is skipped, too.
  positions.buffer[1] = 7;
  expectRefused(FP8ATTN_BAD_SEQ_LEN, "positions[1] is 7, expected 0 to 6");
  positions.buffer[1] = -1;
  expectRefused(FP8ATTN_BAD_SEQ_LEN, "positions[1] is -1, expected 0 to 6");
  // No tokens need no tables.
  positions.buffer[1] = 0;
  arguments.cos.sizes[0] = arguments.sin.sizes[0] = 0;
  expectRefused(FP8ATTN_BAD_SEQ_LEN, "positions[0] is 0, expected 0 to -1");
  for (fp8attn_tensor *tensor :
       {&arguments.key, &arguments.value, &arguments.query, &arguments.slots,
        &arguments.positions, &arguments.query_out})
    tensor->sizes[0] = 0;
  EXPECT_EQ(call(), FP8ATTN_OK) << context.message;
}

TEST_F(RotaryCheckTest, TheQueryAloneMayBeInPlace) {
  arguments.query_out = arguments.query;
  EXPECT_EQ(call(), FP8ATTN_OK) << context.message;
  std::fill(cache.begin(), cache.end(), 0);
  // A token further.
  const int64_t bytes = m.heads * m.dim * elementBytes(m.query);
  arguments.query_out.data = query.bytes.data() + bytes;
  expectRefused(FP8ATTN_OVERLAP, "query_out overlaps query");
  // The keys, which other heads read.
  arguments.query_out = out.tensor;
  arguments.key.data = out.tensor.data;
  if (m.key == m.out)
    expectRefused(FP8ATTN_OVERLAP, "query_out overlaps key");
  arguments.key = key.tensor;
  arguments.query_out.data = cache.data();
  arguments.query_out.sizes[0] = kTokens;
  expectRefused(FP8ATTN_OVERLAP, "cache overlaps query_out");
}

INSTANTIATE_TEST_SUITE_P(
    Models, RotaryTest,
    testing::Combine(testing::ValuesIn(kRotaryModels),
                     testing::ValuesIn(testedIsas())),
    [](const testing::TestParamInfo<RotaryTest::ParamType> &info) {
      return std::string(std::get<0>(info.param).name) + "_" +
             fp8attn_isa_string(std::get<1>(info.param));
    });
