//===- Arguments.cpp - arguments of an entry point ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Allocates arguments and shows them to the reference.
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"

#include "CommandLine.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"
#include "fp8attn/Reference/Fp8.h"
#include "fp8attn/Target/ArgumentNames.h"
#include "fp8attn/Target/ElementTypes.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

using namespace mlir;
using namespace mlir::fp8attn;

AlignedBuffer::AlignedBuffer(int64_t size) : numBytes(size) {
  // Never empty, so that even a tensor without elements has an address.
  const size_t rounded =
      llvm::alignTo(std::max<int64_t>(size, 1), FP8ATTN_ALIGNMENT);
  auto *memory = std::aligned_alloc(FP8ATTN_ALIGNMENT, rounded);
  if (!memory)
    llvm::report_fatal_error("cannot allocate an input of " + Twine(rounded) +
                                 " bytes",
                             /*gen_crash_diag=*/false);
  std::memset(memory, 0xFF, rounded);
  bytes.reset(static_cast<uint8_t *>(memory));
}

AlignedBuffer::AlignedBuffer(const AlignedBuffer &other) {
  if (!other.bytes)
    return;
  *this = AlignedBuffer(other.numBytes);
  std::memcpy(bytes.get(), other.bytes.get(), numBytes);
}

void AlignedBuffer::Free::operator()(uint8_t *bytes) const { std::free(bytes); }

int64_t Argument::getNumElements() const {
  int64_t count = 1;
  for (int32_t dim = 0; dim < tensor.rank; ++dim)
    count *= tensor.sizes[dim];
  return count;
}

void *Argument::getElement(int64_t index) const {
  int64_t offset = 0;
  for (int32_t dim = tensor.rank; dim-- > 0;) {
    offset += index % tensor.sizes[dim] * tensor.strides[dim];
    index /= tensor.sizes[dim];
  }
  return static_cast<uint8_t *>(tensor.data) +
         offset * reference::elementBytes(fp8attn_type(tensor.type));
}

void mlir::fp8attn::copyElements(const Argument &from, const Argument &to) {
  const int64_t bytes = reference::elementBytes(fp8attn_type(from.tensor.type));
  for (int64_t i = 0; i < from.getNumElements(); ++i)
    std::memcpy(to.getElement(i), from.getElement(i), bytes);
}

Arguments::Arguments(func::FuncOp function)
    : numArguments(function.getNumArguments()) {
  for (const std::string &name : getArgumentNames(function)) {
    list.emplace_back();
    list.back().name = name;
  }
  function.walk([&](Operation *op) {
    if (!isa<memref::AllocOp, memref::AllocaOp, memref::GetGlobalOp>(op))
      return;
    places[op->getResult(0)] = list.size();
    list.emplace_back();
    list.back().name = ("the result of " + op->getName().getStringRef()).str();
  });
}

size_t Arguments::getPlace(Value value) const {
  Value memory = fp8attn::getMemory(value);
  if (auto argument = dyn_cast<BlockArgument>(memory))
    return argument.getArgNumber();
  return places.at(memory);
}

Argument &Arguments::operator[](Value value) {
  value = skipCasts(value);
  if (!isKnownView(value.getDefiningOp()))
    return list[getPlace(value)];
  auto [entry, isNew] = views.try_emplace(value.getAsOpaquePointer());
  if (isNew)
    entry->second.name = list[getPlace(value)].name;
  return entry->second;
}

Arguments::Arguments(const Arguments &other)
    : list(other.list), numArguments(other.numArguments), places(other.places),
      views(other.views) {
  for (Argument &argument : list) {
    argument.tensor.data = argument.storage.data();
    argument.cache.data = argument.storage.data();
  }
  for (auto &[value, view] : views) {
    if (!view.isAllocated())
      continue;
    const size_t place = getPlace(Value::getFromOpaquePointer(value));
    view.tensor.data =
        list[place].storage.data() + (static_cast<uint8_t *>(view.tensor.data) -
                                      other.list[place].storage.data());
  }
}

std::vector<int64_t> Arguments::getStoredElements(Value value) const {
  const Argument &argument = (*this)[value];
  const uint8_t *begin = getMemory(value).storage.data();
  const int64_t bytes =
      reference::elementBytes(fp8attn_type(argument.tensor.type));
  std::vector<int64_t> elements(argument.getNumElements());
  for (size_t i = 0; i < elements.size(); ++i)
    elements[i] =
        (static_cast<uint8_t *>(argument.getElement(i)) - begin) / bytes;
  return elements;
}

int64_t Arguments::getNumStored(Value value) const {
  const Argument &memory = getMemory(value);
  return memory.storage.size() /
         reference::elementBytes(fp8attn_type(memory.tensor.type));
}

std::optional<int64_t> Arguments::evaluate(OpFoldResult number) const {
  if (std::optional<int64_t> constant = getConstantIntValue(number))
    return constant;
  auto dim = cast<Value>(number).getDefiningOp<memref::DimOp>();
  std::optional<int64_t> index = dim ? dim.getConstantIndex() : std::nullopt;
  if (!index)
    return std::nullopt;
  const Argument &source = (*this)[dim.getSource()];
  if (!source.isAllocated() || *index < 0 || *index >= source.tensor.rank)
    return std::nullopt;
  return source.tensor.sizes[*index];
}

/// Returns the strides of a tensor: those of the type, and where they are
/// dynamic the smallest ones, with a gap after each outermost row.
static SmallVector<int64_t> chooseStrides(MemRefType type,
                                          ArrayRef<int64_t> sizes) {
  constexpr int64_t kGap = 32;
  SmallVector<int64_t> strides;
  int64_t offset, next = 1;
  [[maybe_unused]] LogicalResult isStrided =
      type.getStridesAndOffset(strides, offset);
  for (size_t dim = sizes.size(); dim-- > 0;) {
    if (ShapedType::isDynamic(strides[dim]))
      strides[dim] =
          dim == 0 && !type.getLayout().isIdentity() ? next + kGap : next;
    // A dimension may have a larger stride than those before it.
    next = std::max(next, std::max<int64_t>(1, sizes[dim]) * strides[dim]);
  }
  return strides;
}

/// Reports a size of the type, or of memory that is there, that is not the one
/// that the operations of this batch want.
static LogicalResult checkSizes(const Argument &argument,
                                ArrayRef<int64_t> given,
                                ArrayRef<int64_t> wanted) {
  for (auto [dim, size] : llvm::enumerate(given))
    if (!ShapedType::isDynamic(size) && size != wanted[dim]) {
      reportError("expects dimension " + Twine(dim) + " of " + argument.name +
                  " to be " + Twine(wanted[dim]) +
                  " for this batch (--seqs, --context, --query-len), got " +
                  Twine(size));
      return failure();
    }
  return success();
}

LogicalResult Arguments::allocateView(Operation *view,
                                      ArrayRef<int64_t> sizes) {
  auto evaluateNumber = [&](OpFoldResult number) { return evaluate(number); };
  Value source = view->getOperand(0);
  if (!(*this)[source].isAllocated()) {
    FailureOr<SmallVector<int64_t>> sourceSizes =
        getSourceSizes(view, sizes, evaluateNumber);
    if (failed(sourceSizes) || failed(allocateTensor(source, *sourceSizes)))
      return failure();
  }
  FailureOr<fp8attn_tensor> tensor =
      describeView(view, (*this)[source].tensor, sizes, evaluateNumber);
  if (failed(tensor))
    return failure();
  (*this)[view->getResult(0)].tensor = *tensor;
  return success();
}

LogicalResult Arguments::allocateTensor(Value value, ArrayRef<int64_t> sizes) {
  // A cast may say more than what it casts, and the reverse.
  auto type = cast<MemRefType>(value.getType());
  value = skipCasts(value);
  auto uncast = cast<MemRefType>(value.getType());
  Argument &argument = (*this)[value];
  if (failed(checkSizes(argument, type.getShape(), sizes)) ||
      failed(checkSizes(argument, uncast.getShape(), sizes)))
    return failure();
  if (uncast.getLayout().isIdentity())
    type = uncast;
  if (argument.isAllocated())
    return checkSizes(argument, argument.getSizes(), sizes);
  if (Operation *op = value.getDefiningOp(); isKnownView(op))
    return allocateView(op, sizes);
  fp8attn_tensor &tensor = argument.tensor;
  tensor.type = getAbiType(type.getElementType());
  tensor.rank = sizes.size();
  int64_t numElements = 1;
  for (auto [dim, stride] : llvm::enumerate(chooseStrides(type, sizes))) {
    tensor.sizes[dim] = sizes[dim];
    tensor.strides[dim] = stride;
    numElements += std::max<int64_t>(0, sizes[dim] - 1) * stride;
  }
  argument.storage = AlignedBuffer(
      numElements * reference::elementBytes(fp8attn_type(tensor.type)));
  tensor.data = argument.storage.data();
  return success();
}

void Arguments::allocateCache(Value value, int64_t numPages) {
  Argument &argument = (*this)[value];
  auto type = cast<CacheType>(value.getType());
  argument.storage = AlignedBuffer(numPages * type.getPageBytes());
  argument.cache = {argument.storage.data(), numPages, type.getPageBytes()};
  auto memref = dyn_cast<MemRefType>(fp8attn::getMemory(value).getType());
  argument.isCache = !memref;
  if (!memref)
    return;
  // What is dynamic is as large as it takes; the entry point checks the rest.
  fp8attn_tensor &tensor = argument.tensor;
  tensor.type = getAbiType(memref.getElementType());
  tensor.rank = memref.getRank();
  tensor.data = argument.storage.data();
  int64_t elements = argument.storage.size() /
                     reference::elementBytes(fp8attn_type(tensor.type));
  for (int64_t size : memref.getShape())
    if (!ShapedType::isDynamic(size) && size > 0)
      elements /= size;
  SmallVector<int64_t> sizes(memref.getShape());
  for (int64_t &size : sizes)
    if (ShapedType::isDynamic(size))
      size = std::exchange(elements, 1);
  llvm::copy(sizes, tensor.sizes);
  llvm::copy(chooseStrides(memref, sizes), tensor.strides);
}

std::vector<const void *> Arguments::getAbiPointers() const {
  std::vector<const void *> pointers;
  for (const Argument &argument : ArrayRef(list).take_front(numArguments))
    pointers.push_back(argument.getAbiPointer());
  return pointers;
}

/// Returns the value of an affine expression, of which division and remainder
/// round down.
static int64_t evaluate(AffineExpr expr, ArrayRef<int64_t> dims) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  const int64_t left = evaluate(binary.getLHS(), dims);
  const int64_t right = evaluate(binary.getRHS(), dims);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return left + right;
  case AffineExprKind::Mul:
    return left * right;
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(left, right);
  case AffineExprKind::CeilDiv:
    return llvm::divideCeilSigned(left, right);
  default:
    return llvm::mod(left, right);
  }
}

/// Returns which element of a row-major argument the map gives for a place.
static std::function<int64_t(const reference::ElementPlace &)>
getIndex(const Argument &argument, AffineMap map) {
  SmallVector<int64_t> sizes(argument.getSizes());
  return [map, sizes](const reference::ElementPlace &place) {
    int64_t index = 0;
    for (auto [size, result] : llvm::zip(sizes, map.getResults()))
      index = index * size + evaluate(result, {place.page, place.head,
                                               place.token, place.channel});
    return index;
  };
}

reference::Scales mlir::fp8attn::getScales(const Arguments &arguments,
                                           const CodeOperands &operands) {
  reference::Scales scales;
  if (!operands.scale)
    return scales;
  auto toNumbers = [&](Value from, auto &to) {
    const Argument &argument = arguments[from];
    for (int64_t i = 0; i < argument.getNumElements(); ++i)
      to.push_back(reference::decodeElement(
          argument.getElement(i), fp8attn_type(argument.tensor.type)));
  };
  toNumbers(operands.scale, scales.values);
  if (operands.outer)
    toNumbers(operands.outer, scales.outer);
  const ScaleGranularity granularity = getGranularity(*operands.map);
  scales.byToken = granularity.byToken;
  scales.byChannel = granularity.byChannel;
  scales.index = getIndex(arguments[operands.scale], *operands.map);
  if (operands.zeroPoint) {
    toNumbers(operands.zeroPoint, scales.zeroPoints);
    scales.zeroIndex =
        getIndex(arguments[operands.zeroPoint], *operands.zeroPointMap);
  }
  return scales;
}

reference::DenseTensor mlir::fp8attn::getDenseTensor(const Argument &argument) {
  reference::DenseTensor tensor;
  tensor.data = argument.tensor.data;
  tensor.type = fp8attn_type(argument.tensor.type);
  std::copy_n(argument.tensor.sizes, 4, tensor.sizes);
  std::copy_n(argument.tensor.strides, 4, tensor.strides);
  return tensor;
}

reference::HeadTensor mlir::fp8attn::getHeadTensor(const Argument &argument) {
  return {argument.tensor.data, argument.tensor.sizes[0],
          argument.tensor.strides[0], argument.tensor.strides[1],
          fp8attn_type(argument.tensor.type)};
}

static reference::Layout getLayout(LayoutKind kind) {
  switch (kind) {
  case LayoutKind::Pairs:
    return reference::Layout::Pairs;
  case LayoutKind::RowMajor:
    return reference::Layout::RowMajor;
  case LayoutKind::VllmAmx:
    return reference::Layout::VllmAmx;
  case LayoutKind::VllmVector:
    return reference::Layout::VllmVector;
  case LayoutKind::Quads:
    return reference::Layout::Quads;
  case LayoutKind::VllmAmxFp8:
    return reference::Layout::VllmAmxFp8;
  case LayoutKind::Hnd:
    return reference::Layout::Hnd;
  case LayoutKind::Nhd:
    return reference::Layout::Nhd;
  case LayoutKind::HndPacked:
    return reference::Layout::HndPacked;
  case LayoutKind::FlashMla:
    break;
  }
  llvm_unreachable("all layouts of one element type are above");
}

static reference::PairsCache getCache(const Arguments &arguments, Value value) {
  auto type = cast<CacheType>(value.getType());
  if (type.isFlashMla())
    return reference::makeFlashMlaCache(
        arguments[value].cache.data, type.getHeadDim(), type.getValueHeadDim(),
        type.getRopeHeadDim(), type.getPageTokens());
  if (type.isMixed())
    return reference::makeMixedCache(
        arguments[value].cache.data, getAbiType(type.getElementType()),
        type.getHeadDim(), type.getValueHeadDim(), type.getRopeHeadDim(),
        type.getPageTokens());
  // A latent cache stores keys only.
  reference::Content content = !type.hasValues() ? reference::Content::Key
                               : type.hasKeys()  ? reference::Content::KeyValue
                                                 : reference::Content::Value;
  const bool isFnuz = isa<Float8E4M3FNUZType>(type.getElementType());
  reference::PairsCache cache = reference::makeCache(
      getLayout(type.getLayout().getKind()), arguments[value].cache.data,
      content,
      isFnuz ? FP8ATTN_TYPE_F8E4M3FN : getAbiType(type.getElementType()),
      type.getNumHeads(), type.getHeadDim(), type.getPageTokens());
  cache.keys.isFnuz = cache.values.isFnuz = isFnuz;
  if (type.isLatent())
    cache.values = reference::firstChannels(cache.keys, type.getValueHeadDim());
  return cache;
}

CacheParts mlir::fp8attn::getCacheParts(const Arguments &arguments,
                                        Value keyCache, Value valueCache) {
  return {getCache(arguments, keyCache).keys,
          getCache(arguments, valueCache).values};
}
