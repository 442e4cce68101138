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
// positions of batch entries. They were added at the end.
//
//===----------------------------------------------------------------------===//

#include "BytecodeInterface.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Bytecode/BytecodeImplementation.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Version of the dialect in bytecode, counted from 1.
static constexpr uint64_t kVersion = 1;

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

void fp8attn::detail::addBytecodeInterface(Fp8AttnDialect &dialect) {
  dialect.addInterfaces<BytecodeInterface>();
}
