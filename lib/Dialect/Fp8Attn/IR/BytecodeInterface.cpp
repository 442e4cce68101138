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
// lists of a prefix, masks of drafts, lists of selected keys, or the keys and
// positions of batch entries. They were added at the end. Up to version 1,
// kv_write had no norms, rotary embedding or query; its properties are read and
// written here.
//
//===----------------------------------------------------------------------===//

#include "BytecodeInterface.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Bytecode/BytecodeImplementation.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Version of the dialect in bytecode, counted from 1.
static constexpr uint64_t kVersion = 2;

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

/// Returns whether bytecode has what kv_write does to keys and queries.
static bool knowsRotation(const DialectBytecodeReader &reader) {
  constexpr uint64_t kFirst = 2;
  FailureOr<const DialectVersion *> version =
      reader.getDialectVersion<Fp8AttnDialect>();
  return succeeded(version) && *version &&
         static_cast<const Version *>(*version)->number >= kFirst;
}

/// Version of MLIR's bytecode from which numbers of operands are no attribute,
/// and stand behind all that are.
static constexpr int64_t kNativeSegments = 6;

static LogicalResult readSegments(DialectBytecodeReader &reader,
                                  MutableArrayRef<int32_t> segments) {
  DenseI32ArrayAttr attribute;
  if (failed(reader.readAttribute(attribute)))
    return failure();
  if (attribute.size() > static_cast<int64_t>(segments.size()))
    return reader.emitError("expects at most ")
           << segments.size() << " groups of operands of kv_write, got "
           << attribute.size();
  llvm::copy(attribute.asArrayRef(), segments.begin());
  return success();
}

LogicalResult KvWriteOp::readProperties(DialectBytecodeReader &reader,
                                        OperationState &state) {
  auto &properties = state.getOrAddProperties<Properties>();
  // key, value, slots, key_scale, value_scale and caches.
  constexpr unsigned kPlacesBefore[] = {0, 1, 3, 10, 11, 12};
  int32_t before[std::size(kPlacesBefore)] = {};
  const bool isBefore = !knowsRotation(reader);
  const bool isNative =
      static_cast<int64_t>(reader.getBytecodeVersion()) >= kNativeSegments;
  MutableArrayRef<int32_t> segments = properties.operandSegmentSizes;
  if (isBefore)
    segments = before;
  if (failed(reader.readOptionalAttribute(properties.dynamic)) ||
      failed(reader.readOptionalAttribute(properties.keyScaleMap)) ||
      (!isNative && failed(readSegments(reader, segments))) ||
      failed(reader.readOptionalAttribute(properties.valueScaleMap)) ||
      (isNative && failed(reader.readSparseArray(segments))))
    return failure();
  if (!isBefore)
    return failure(
        failed(reader.readOptionalAttribute(properties.interleaved)) ||
        failed(reader.readOptionalAttribute(properties.norm_eps)));
  for (auto [place, size] : llvm::zip(kPlacesBefore, before))
    properties.operandSegmentSizes[place] = size;
  return success();
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
}

void fp8attn::detail::addBytecodeInterface(Fp8AttnDialect &dialect) {
  dialect.addInterfaces<BytecodeInterface>();
}
