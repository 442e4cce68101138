//===- DenseProblem.cpp - dense tensors and their results -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Makes tensors, calls entry points and asks the reference.
//
//===----------------------------------------------------------------------===//

#include "DenseProblem.h"

#include "fp8attn/Reference/Compare.h"
#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace reference = fp8attn::reference;

/// NaN in each floating-point type.
static constexpr uint8_t kUnwritten = 0xFF;

static fp8attn_type typeOfMask(const std::string &mask) {
  if (mask == "f32")
    return FP8ATTN_TYPE_F32;
  if (mask == "bf16")
    return FP8ATTN_TYPE_BF16;
  if (mask == "f16")
    return FP8ATTN_TYPE_F16;
  return mask == "i1" ? FP8ATTN_TYPE_BOOL : FP8ATTN_TYPE_I8;
}

StridedTensor::StridedTensor(fp8attn_type type, std::vector<int64_t> sizes,
                             bool tokensFirst)
    : type(type), sizes(std::move(sizes)), strides(this->sizes.size()) {
  // Odd, so that rows are aligned to no more than their elements.
  constexpr int64_t kGap = 5;
  std::vector<size_t> order(this->sizes.size());
  for (size_t dim = 0; dim < order.size(); ++dim)
    order[dim] = dim;
  if (tokensFirst)
    std::swap(order[1], order[2]);
  int64_t next = 1;
  for (size_t i = order.size(); i-- > 0;) {
    strides[order[i]] = next;
    next = std::max<int64_t>(1, this->sizes[order[i]]) * next + kGap;
  }
  bytes = AlignedBytes(next * reference::elementBytes(type), kUnwritten);
}

void StridedTensor::clear() {
  std::memset(bytes.data(), kUnwritten, bytes.size());
}

fp8attn_tensor StridedTensor::describe() const {
  fp8attn_tensor tensor = {};
  tensor.data = bytes.data();
  tensor.type = type;
  tensor.rank = static_cast<int32_t>(sizes.size());
  std::copy(sizes.begin(), sizes.end(), tensor.sizes);
  std::copy(strides.begin(), strides.end(), tensor.strides);
  return tensor;
}

int64_t StridedTensor::numElements() const {
  int64_t count = 1;
  for (int64_t size : sizes)
    count *= size;
  return count;
}

uint8_t *StridedTensor::element(int64_t index) const {
  int64_t offset = 0;
  for (size_t dim = sizes.size(); dim-- > 0;) {
    offset += index % sizes[dim] * strides[dim];
    index /= sizes[dim];
  }
  return bytes.data() + offset * reference::elementBytes(type);
}

reference::DenseTensor StridedTensor::reference() const {
  reference::DenseTensor tensor;
  tensor.data = bytes.data();
  tensor.type = type;
  std::copy(sizes.begin(), sizes.end(), tensor.sizes);
  std::copy(strides.begin(), strides.end(), tensor.strides);
  return tensor;
}

std::vector<double> StridedTensor::values() const {
  std::vector<double> result(numElements());
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = reference::decodeElement(element(i), type);
  return result;
}

std::vector<uint8_t> StridedTensor::bits() const {
  const int64_t size = reference::elementBytes(type);
  std::vector<uint8_t> result(numElements() * size);
  for (int64_t i = 0; i < numElements(); ++i)
    std::memcpy(result.data() + i * size, element(i), size);
  return result;
}

bool StridedTensor::gapsAreIntact() const {
  std::vector<uint8_t> rest(bytes.data(), bytes.data() + bytes.size());
  for (int64_t i = 0; i < numElements(); ++i)
    std::memset(rest.data() + (element(i) - bytes.data()), kUnwritten,
                reference::elementBytes(type));
  return std::all_of(rest.begin(), rest.end(),
                     [](uint8_t byte) { return byte == kUnwritten; });
}

void StridedTensor::fill(const std::function<float()> &value,
                         const std::vector<float> &scales) {
  fillRows(value, [&](int64_t row) {
    if (scales.empty())
      return 1.0f;
    return scales[scales.size() == 1 ? 0 : row / sizes[2] % sizes[1]];
  });
}

void StridedTensor::fillRows(const std::function<float()> &value,
                             const std::function<float(int64_t)> &scaleOf) {
  for (int64_t i = 0; i < numElements(); ++i)
    reference::encodeElement(value() / scaleOf(i / sizes.back()), element(i),
                             type);
}

std::vector<double>
DenseProblem::rowScales(const std::vector<float> &scales) const {
  if (scales.empty())
    return {};
  const size_t heads = model.numHeads();
  std::vector<double> all(shape.batch * heads * shape.queries);
  for (size_t row = 0; row < all.size(); ++row)
    all[row] = scales[scales.size() == 1       ? 0
                      : scales.size() == heads ? row / shape.queries % heads
                                               : row];
  return all;
}

void DenseProblem::fillQuery(const std::function<float()> &value) {
  const std::vector<double> scales = rowScales(queryScale);
  query.fillRows(value, [&](int64_t row) {
    return scales.empty() ? 1 : float(scales[row]);
  });
}

/// Returns scales of which no two are alike, none for other types than FP8.
static std::vector<float> makeScales(fp8attn_type type, bool perHead,
                                     int64_t heads) {
  if (reference::elementBytes(type) != 1)
    return {};
  const float largest = type == FP8ATTN_TYPE_F8E4M3FN ? 448 : 57344;
  constexpr float kLargestValue = 4, kStep = 0.25;
  std::vector<float> scales;
  for (int64_t head = 0; head < (perHead ? heads : 1); ++head)
    scales.push_back(kLargestValue / largest *
                     (1 + kStep * static_cast<float>(head)));
  return scales;
}

DenseProblem::DenseProblem(const DenseModel &model, DenseShape shape,
                           uint32_t seed)
    : model(model), shape(shape) {
  const int64_t heads = model.numHeads(), kvHeads = model.numKvHeads;
  const auto make = [&](fp8attn_type type, int64_t heads, int64_t tokens,
                        int64_t channels) {
    return StridedTensor(type, {shape.batch, heads, tokens, channels},
                         shape.tokensFirst);
  };
  query = make(model.queryType, heads, shape.queries, model.headDim);
  keys = make(model.keyType, kvHeads, shape.keys, model.headDim);
  values =
      make(model.valueType, model.numValueHeads, shape.keys, model.valueDim);
  keyScale = makeScales(model.keyType, model.keyScalePerHead, kvHeads);
  valueScale =
      makeScales(model.valueType, model.valueScalePerHead, model.numValueHeads);
  std::mt19937 generator(seed);
  const auto next = [&] { return fastNormal(generator); };
  const int64_t rows = shape.batch * heads * shape.queries;
  queryScale = makeRowScales(model.queryScaleKind, kQueryScale, heads, rows);
  outScale = makeRowScales(model.outScaleKind, kOutScale, heads, rows);
  fillQuery(next);
  keys.fill(next, keyScale);
  values.fill(next, valueScale);
  std::normal_distribution<float> normal;
  // About the log-sum-exp of a few hundred keys, so that both sides count.
  constexpr float kMeanSink = 5, kMeanSlope = 0.05f;
  for (int64_t head = 0; head < heads; ++head) {
    sink.push_back(roundTo(kMeanSink + normal(generator), model.headType));
    alibi.push_back(roundTo(kMeanSlope * normal(generator), model.headType));
  }
  mask = StridedTensor(typeOfMask(model.mask),
                       {model.shared[0] == 'b' ? shape.batch : 1,
                        model.shared[1] == 'h' ? heads : 1,
                        model.shared[2] == 'q' ? shape.queries : 1, columns()});
  if (model.mask[0] == 'i')
    for (int64_t i = 0; i < mask.numElements(); ++i)
      *mask.element(i) = generator() % 2;
  else
    mask.fill(next);
  for (int64_t i = 0; i < shape.batch * shape.keys; ++i)
    documents.push_back(static_cast<int32_t>(generator() % 2));
  for (int64_t entry = 0; entry < shape.batch; ++entry) {
    keyLens.push_back(static_cast<int32_t>(generator() % (shape.keys + 1)));
    queryOffsets.push_back(
        static_cast<int32_t>(generator() % (shape.keys + 10)));
  }
  out = make(model.outType, heads, shape.queries, model.valueDim);
  lse = StridedTensor(FP8ATTN_TYPE_F32, {shape.batch, heads, shape.queries});
  fp8attn_context_init(&context);
}

void DenseProblem::forget() {
  out.clear();
  lse.clear();
}

int64_t DenseProblem::keysOf(int64_t entry) const {
  return model.keyLens ? keyLens[entry] : shape.keys;
}

int64_t DenseProblem::firstPosition(int64_t entry) const {
  if (model.queryOffsets)
    return queryOffsets[entry];
  return model.topLeft ? 0 : keysOf(entry) - shape.queries;
}

bool DenseProblem::sees(int64_t entry, int64_t query, int64_t key) const {
  const int64_t position = firstPosition(entry) + query;
  constexpr int64_t kAll = std::numeric_limits<int64_t>::max();
  return key < keysOf(entry) &&
         position - key <= model.windowLeft.value_or(kAll) &&
         key - position <= model.windowRight.value_or(kAll);
}

template <typename T>
static fp8attn_tensor vectorOf(const std::vector<T> &numbers, fp8attn_type type,
                               std::vector<int64_t> sizes) {
  fp8attn_tensor tensor = {};
  tensor.data = const_cast<T *>(numbers.data());
  tensor.type = type;
  tensor.rank = static_cast<int32_t>(sizes.size());
  int64_t next = 1;
  for (size_t dim = sizes.size(); dim-- > 0;) {
    tensor.sizes[dim] = sizes[dim];
    tensor.strides[dim] = next;
    next *= std::max<int64_t>(1, sizes[dim]);
  }
  return tensor;
}

DenseArguments DenseProblem::arguments() const {
  const auto scale = [](const std::vector<float> &scales, bool perHead) {
    std::vector<int64_t> sizes;
    if (perHead)
      sizes.push_back(static_cast<int64_t>(scales.size()));
    return vectorOf(scales, FP8ATTN_TYPE_F32, sizes);
  };
  DenseArguments arguments = {};
  arguments.query = query.describe();
  arguments.keys = keys.describe();
  arguments.values = values.describe();
  arguments.keyScale = scale(keyScale, model.keyScalePerHead);
  arguments.valueScale = scale(valueScale, model.valueScalePerHead);
  typedSink = encodeElements(sink, model.headType);
  typedAlibi = encodeElements(alibi, model.headType);
  arguments.sink = vectorOf(typedSink, model.headType, {model.numHeads()});
  arguments.out = out.describe();
  arguments.lse = lse.describe();
  arguments.alibi = vectorOf(typedAlibi, model.headType, {model.numHeads()});
  arguments.mask = mask.describe();
  arguments.documents =
      vectorOf(documents, FP8ATTN_TYPE_I32, {shape.batch, shape.keys});
  arguments.keyLens = vectorOf(keyLens, FP8ATTN_TYPE_I32, {shape.batch});
  arguments.queryOffsets =
      vectorOf(queryOffsets, FP8ATTN_TYPE_I32, {shape.batch});
  const auto rows = [&](const std::vector<float> &scales,
                        const std::string &kind) {
    std::vector<int64_t> sizes;
    if (kind == "head")
      sizes = {model.numHeads()};
    else if (kind == "row")
      sizes = {shape.batch, model.numHeads(), shape.queries};
    return vectorOf(scales, FP8ATTN_TYPE_F32, sizes);
  };
  arguments.queryScale = rows(queryScale, model.queryScaleKind);
  arguments.outScale = rows(outScale, model.outScaleKind);
  return arguments;
}

fp8attn_status DenseProblem::attend(const DenseArguments &arguments) {
  const AlignedBytes workspace(model.workspaceBytes(context.num_workers),
                               kUnwritten);
  context.workspace = workspace.data();
  context.workspace_bytes = workspace.size();
  return model.attend(&context, arguments);
}

void DenseProblem::setWorkers(int32_t count) {
  pool.reset(fp8attn_pool_create(count));
  context.parallel_for = fp8attn_pool_parallel_for;
  context.pool = pool.get();
  context.num_workers = count;
}

reference::DenseCall DenseProblem::referenceCall() const {
  reference::DenseCall call;
  call.query = query.reference();
  call.key = keys.reference();
  call.value = values.reference();
  call.keyScale = {keyScale};
  call.valueScale = {valueScale};
  if (!queryScale.empty())
    call.queryScale = [this, scales = rowScales(queryScale)](
                          int64_t entry, int64_t head, int64_t query) {
      return scales[(entry * model.numHeads() + head) * shape.queries + query];
    };
  call.softmaxScale = 1 / std::sqrt(double(model.headDim));
  call.windowLeft = model.windowLeft;
  call.windowRight = model.windowRight;
  call.topLeft = model.topLeft;
  call.keyLens = model.keyLens ? keyLens.data() : nullptr;
  call.queryOffsets = model.queryOffsets ? queryOffsets.data() : nullptr;
  call.sink = model.sink ? sink.data() : nullptr;
  call.modifyScore = [this](double score, const reference::ScorePlace &place) {
    if (model.softcap != 0)
      score = model.softcap * std::tanh(score / model.softcap);
    if (model.alibi)
      score += alibi[place.head] * double(place.key - place.query);
    const double masked = -std::numeric_limits<double>::infinity();
    const int32_t *own = documents.data() + place.sequence * shape.keys;
    if (model.documents && own[place.query] != own[place.key])
      score = masked;
    if (model.mask[0] == 'n')
      return score;
    if (place.key >= columns())
      return masked;
    const int64_t entry = model.shared[0] == 'b' ? place.sequence : 0;
    const int64_t heads = model.shared[1] == 'h' ? model.numHeads() : 1;
    const int64_t head = model.shared[1] == 'h' ? place.head : 0;
    const int64_t queries = model.shared[2] == 'q' ? shape.queries : 1;
    const int64_t query = model.shared[2] == 'q' ? place.token : 0;
    const int64_t row = (entry * heads + head) * queries + query;
    const uint8_t *element = mask.element(row * columns() + place.key);
    if (model.mask[0] == 'i')
      return *element ? score : masked;
    return score + reference::decodeElement(element, typeOfMask(model.mask));
  };
  return call;
}

reference::AttentionResult
DenseProblem::inOut(reference::AttentionResult result) const {
  return outScale.empty()
             ? result
             : reference::overScales(std::move(result), model.outType,
                                     rowScales(outScale));
}

testing::AssertionResult agrees(const DenseProblem &problem,
                                const reference::AttentionResult &exact,
                                bool roundsIndependently) {
  const fp8attn_type outType = problem.model.outType;
  const reference::AttentionResult expected = problem.inOut(exact);
  const reference::Comparison outs = reference::compare(
      problem.out.values(), expected.out,
      reference::allowedOutError(expected, outType),
      roundsIndependently ? reference::allowedRelativeL2(expected, outType)
                          : std::numeric_limits<double>::infinity());
  if (!outs.passed)
    return testing::AssertionFailure() << "out: " << outs.text;
  const reference::Comparison lses = reference::compare(
      problem.lse.values(), expected.lse, reference::allowedLseError(expected));
  if (!lses.passed)
    return testing::AssertionFailure() << "lse: " << lses.text;
  if (!problem.out.gapsAreIntact() || !problem.lse.gapsAreIntact())
    return testing::AssertionFailure() << "bytes between rows were written";
  return testing::AssertionSuccess();
}
