//===- BytecodeInterface.cpp - versions of bytecode -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Properties are encoded as ODS says: by their place, and counts of operands as
// a list of which a reader takes a shorter one. So an attribute that is added
// to an operation, or an operand that is not added at the end, is a new
// version, which upgradeFromVersion or readProperties has to know; an operand
// added at the end is not there in older bytecode, and nothing has to be done.
// Types and attributes are written as text.
//
// Version 1 is the first that is written. Bytecode without one is older: it has
// no softmax_scale as a value and is read as it is, as is version 1 without the
// lists of a prefix, masks of drafts, lists of selected keys, the keys and
// positions of batch entries, or outer scales. They were added at the end. Up
// to version 1, kv_write had no norms, rotary embedding or query, up to version
// 3 no microscaling, and up to version 4 no zero points; its properties are
// read and written here.
//
//===----------------------------------------------------------------------===//

#include "BytecodeInterface.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Bytecode/BytecodeImplementation.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Version of the dialect in bytecode, counted from 1.
static constexpr uint64_t kVersion = 5;

namespace {
struct Version : DialectVersion {
  explicit Version(uint64_t number) : number(number) {}
  uint64_t number;
};

class BytecodeInterface : public BytecodeDialectInterface {
public:
  explicit BytecodeInterface(Dialect *dialect)
      : BytecodeDialectInterface(dialect) {}

  void writeVersion(DialectBytecodeWriter &writer) const override {
    writer.writeVarInt(kVersion);
  }

  std::unique_ptr<DialectVersion>
  readVersion(DialectBytecodeReader &reader) const override {
    uint64_t number;
    if (failed(reader.readVarInt(number)))
      return nullptr;
    if (number >= 1 && number <= kVersion)
      return std::make_unique<Version>(number);
    reader.emitError("expects the version of the fp8attn dialect in bytecode "
                     "to be from 1 to ")
        << kVersion << ", got " << number;
    return nullptr;
  }
};
} // namespace

/// Versions from which bytecode has what kv_write does to keys and queries,
/// scales of queries and results of attention, both its precision and the rule
/// of computed scales, and zero points.
static constexpr uint64_t kFirstWithRotation = 2, kFirstWithRowScales = 3,
                          kFirstWithPrecision = 4, kFirstWithMicroscaling = 4,
                          kFirstWithZeroPoints = 5;

/// Returns whether bytecode is of version `first` or a later one.
static bool isFrom(uint64_t first, const DialectBytecodeReader &reader) {
  FailureOr<const DialectVersion *> version =
      reader.getDialectVersion<Fp8AttnDialect>();
  return succeeded(version) && *version &&
         static_cast<const Version *>(*version)->number >= first;
}

/// Version of MLIR's bytecode from which numbers of operands are no attribute,
/// and stand behind all that are.
static constexpr int64_t kNativeSegments = 6;

static LogicalResult readSegments(DialectBytecodeReader &reader, StringRef op,
                                  MutableArrayRef<int32_t> segments) {
  DenseI32ArrayAttr attribute;
  if (failed(reader.readAttribute(attribute)))
    return failure();
  if (attribute.size() > static_cast<int64_t>(segments.size()))
    return reader.emitError("expects at most ")
           << segments.size() << " groups of operands of " << op << ", got "
           << attribute.size();
  llvm::copy(attribute.asArrayRef(), segments.begin());
  return success();
}

/// Reads the maps of zero points, if there may be some.
template <typename Properties>
static LogicalResult readZeroPointMaps(DialectBytecodeReader &reader,
                                       Properties &properties) {
  if (!isFrom(kFirstWithZeroPoints, reader))
    return success();
  return failure(
      failed(reader.readOptionalAttribute(properties.keyZeroPointMap)) ||
      failed(reader.readOptionalAttribute(properties.valueZeroPointMap)));
}

template <typename Properties>
static void writeZeroPointMaps(const Properties &properties,
                               DialectBytecodeWriter &writer) {
  writer.writeOptionalAttribute(properties.keyZeroPointMap);
  writer.writeOptionalAttribute(properties.valueZeroPointMap);
}

LogicalResult KvWriteOp::readProperties(DialectBytecodeReader &reader,
                                        OperationState &state) {
  auto &properties = state.getOrAddProperties<Properties>();
  // key, value, slots, key_scale, value_scale and caches; later all but the
  // zero points.
  static constexpr unsigned kFirstPlaces[] = {0, 1, 3, 10, 11, 14};
  static constexpr unsigned kLaterPlaces[] = {0, 1, 2,  3,  4,  5,  6, 7,
                                              8, 9, 10, 11, 14, 15, 16};
  const bool isFirst = !isFrom(kFirstWithRotation, reader);
  const bool isBefore = !isFrom(kFirstWithZeroPoints, reader);
  ArrayRef<unsigned> places =
      isFirst ? ArrayRef(kFirstPlaces) : ArrayRef(kLaterPlaces);
  SmallVector<int32_t> before(places.size());
  const bool isNative =
      static_cast<int64_t>(reader.getBytecodeVersion()) >= kNativeSegments;
  MutableArrayRef<int32_t> segments = properties.operandSegmentSizes;
  if (isBefore)
    segments = before;
  if (failed(reader.readOptionalAttribute(properties.dynamic)) ||
      failed(reader.readOptionalAttribute(properties.keyScaleMap)) ||
      (!isNative && failed(readSegments(reader, "kv_write", segments))) ||
      failed(reader.readOptionalAttribute(properties.valueScaleMap)) ||
      (isNative && failed(reader.readSparseArray(segments))))
    return failure();
  if (isBefore)
    for (auto [place, size] : llvm::zip(places, before))
      properties.operandSegmentSizes[place] = size;
  if (isFirst)
    return success();
  return failure(
      failed(reader.readOptionalAttribute(properties.interleaved)) ||
      failed(reader.readOptionalAttribute(properties.norm_eps)) ||
      (isFrom(kFirstWithMicroscaling, reader) &&
       failed(reader.readOptionalAttribute(properties.microscaling))) ||
      failed(readZeroPointMaps(reader, properties)));
}

void KvWriteOp::writeProperties(DialectBytecodeWriter &writer) {
  auto &properties = getProperties();
  const bool isNative = writer.getBytecodeVersion() >= kNativeSegments;
  ArrayRef<int32_t> segments = properties.operandSegmentSizes;
  writer.writeOptionalAttribute(properties.dynamic);
  writer.writeOptionalAttribute(properties.keyScaleMap);
  if (!isNative)
    writer.writeAttribute(DenseI32ArrayAttr::get(getContext(), segments));
  writer.writeOptionalAttribute(properties.valueScaleMap);
  if (isNative)
    writer.writeSparseArray(segments);
  writer.writeOptionalAttribute(properties.interleaved);
  writer.writeOptionalAttribute(properties.norm_eps);
  writer.writeOptionalAttribute(properties.microscaling);
  writeZeroPointMaps(properties, writer);
}

/// Reads what attention has of either kind: attributes in the order of their
/// names, as they were read when there were no others, and then the others.
template <typename Op>
static LogicalResult readAttention(DialectBytecodeReader &reader,
                                   OperationState &state) {
  auto &properties = state.getOrAddProperties<typename Op::Properties>();
  const bool isNative =
      static_cast<int64_t>(reader.getBytecodeVersion()) >= kNativeSegments;
  MutableArrayRef<int32_t> segments = properties.operandSegmentSizes;
  if (failed(reader.readOptionalAttribute(properties.alignment)) ||
      failed(reader.readOptionalAttribute(properties.causal)) ||
      failed(reader.readOptionalAttribute(properties.keyScaleMap)) ||
      (!isNative &&
       failed(readSegments(reader, Op::getOperationName(), segments))) ||
      failed(reader.readOptionalAttribute(properties.softcap)) ||
      failed(reader.readOptionalAttribute(properties.softmax_scale)) ||
      failed(reader.readOptionalAttribute(properties.valueScaleMap)) ||
      failed(reader.readOptionalAttribute(properties.window_left)) ||
      failed(reader.readOptionalAttribute(properties.window_right)) ||
      (isNative && failed(reader.readSparseArray(segments))))
    return failure();
  if (!isFrom(kFirstWithRowScales, reader))
    return success();
  if (failed(reader.readOptionalAttribute(properties.queryScaleMap)) ||
      failed(reader.readOptionalAttribute(properties.outScaleMap)))
    return failure();
  return isFrom(kFirstWithPrecision, reader)
             ? reader.readOptionalAttribute(properties.precision)
             : success();
}

template <typename Op>
static void writeAttention(Op op, DialectBytecodeWriter &writer) {
  auto &properties = op.getProperties();
  const bool isNative = writer.getBytecodeVersion() >= kNativeSegments;
  ArrayRef<int32_t> segments = properties.operandSegmentSizes;
  writer.writeOptionalAttribute(properties.alignment);
  writer.writeOptionalAttribute(properties.causal);
  writer.writeOptionalAttribute(properties.keyScaleMap);
  if (!isNative)
    writer.writeAttribute(DenseI32ArrayAttr::get(op.getContext(), segments));
  writer.writeOptionalAttribute(properties.softcap);
  writer.writeOptionalAttribute(properties.softmax_scale);
  writer.writeOptionalAttribute(properties.valueScaleMap);
  writer.writeOptionalAttribute(properties.window_left);
  writer.writeOptionalAttribute(properties.window_right);
  if (isNative)
    writer.writeSparseArray(segments);
  writer.writeOptionalAttribute(properties.queryScaleMap);
  writer.writeOptionalAttribute(properties.outScaleMap);
  writer.writeOptionalAttribute(properties.precision);
}

LogicalResult PagedAttentionOp::readProperties(DialectBytecodeReader &reader,
                                               OperationState &state) {
  return failure(failed(readAttention<PagedAttentionOp>(reader, state)) ||
                 failed(readZeroPointMaps(
                     reader, state.getOrAddProperties<Properties>())));
}
void PagedAttentionOp::writeProperties(DialectBytecodeWriter &writer) {
  writeAttention(*this, writer);
  writeZeroPointMaps(getProperties(), writer);
}

LogicalResult AttentionOp::readProperties(DialectBytecodeReader &reader,
                                          OperationState &state) {
  return readAttention<AttentionOp>(reader, state);
}
void AttentionOp::writeProperties(DialectBytecodeWriter &writer) {
  writeAttention(*this, writer);
}

void fp8attn::detail::addBytecodeInterface(Fp8AttnDialect &dialect) {
  dialect.addInterfaces<BytecodeInterface>();
}
