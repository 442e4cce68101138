//===- AccessOrder.cpp - what is written before what is read --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "InsertChecks/AccessOrder.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::fp8attn;

void AccessOrder::addWrite(Value memory, StringRef name) {
  lastWrite = accesses.size();
  accesses.push_back({memory, name.str(), /*isWrite=*/true});
}

void AccessOrder::addRead(Value memory, StringRef name) {
  if (accesses.empty())
    return;
  auto [place, isNew] = lastReads.try_emplace(memory, accesses.size());
  if (!isNew) {
    if (place->second > lastWrite)
      return;
    accesses[place->second].memory = {};
    place->second = accesses.size();
  }
  accesses.push_back({memory, name.str(), /*isWrite=*/false});
}

CheckLaterReadsOp AccessOrder::emit(OpBuilder &builder, Location loc,
                                    ArrayRef<Operation *> others) const {
  DenseSet<std::pair<Value, Value>> compared;
  for (Operation *op : others)
    if (auto check = dyn_cast<CheckOverlapOp>(op))
      for (Value written : check.getWritten())
        for (Value read : check.getRead())
          compared.insert({written, read});
  // Each pair that was compared is looked at once from either side, so that
  // this takes time in proportion to the operands of checks.
  auto isNeeded = [&](size_t index) {
    const Access &access = accesses[index];
    if (!access.memory)
      return false;
    auto isNew = [&](const Access &write, const Access &read) {
      return write.isWrite && !read.isWrite && write.memory && read.memory &&
             !compared.contains({write.memory, read.memory});
    };
    ArrayRef<Access> all = accesses;
    return access.isWrite
               ? llvm::any_of(
                     all.drop_front(index),
                     [&](const Access &other) { return isNew(access, other); })
               : llvm::any_of(all.take_front(index), [&](const Access &other) {
                   return isNew(other, access);
                 });
  };
  std::string order;
  SmallVector<StringRef> names;
  SmallVector<Value> operands;
  for (auto [index, access] : llvm::enumerate(accesses)) {
    if (!isNeeded(index))
      continue;
    order += access.isWrite ? 'w' : 'r';
    names.push_back(access.name);
    operands.push_back(access.memory);
  }
  if (operands.empty())
    return {};
  return CheckLaterReadsOp::create(builder, loc, order,
                                   builder.getStrArrayAttr(names), operands);
}
