//===- ArgumentNames.cpp - what entry points call their arguments ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Derives argument names from the roles of operands at the model level.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Target/ArgumentNames.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Called with an operand and its role.
using RoleCallback = function_ref<void(Value, StringRef)>;

/// Follows views back to the value that they are views of.
static Value getViewedValue(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value;
}

/// Roles of one cache or a pair of them.
static void forEachCache(OperandRange caches, RoleCallback callback) {
  if (caches.size() == 1)
    return callback(caches.front(), "cache");
  callback(caches.front(), "key_cache");
  callback(caches.back(), "value_cache");
}

/// Calls back for each operand of an operation of the model level.
static void forEachRole(Operation *op, RoleCallback callback) {
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](PagedAttentionOp attention) {
        callback(attention.getQuery(), "query");
        forEachCache(attention.getCaches(), callback);
        callback(attention.getKeyScale(), "key_scale");
        callback(attention.getValueScale(), "value_scale");
        callback(attention.getQueryStart(), "query_start");
        callback(attention.getSeqLens(), "seq_lens");
        callback(attention.getBlockTable(), "block_table");
        callback(attention.getSink(), "sink");
        callback(attention.getOut(), "out");
        callback(attention.getLse(), "lse");
        callback(attention.getAlibi(), "alibi");
        callback(attention.getMask(), "mask");
      })
      .Case([&](AttentionOp attention) {
        callback(attention.getQuery(), "query");
        callback(attention.getKey(), "key");
        callback(attention.getValue(), "value");
        callback(attention.getKeyScale(), "key_scale");
        callback(attention.getValueScale(), "value_scale");
        callback(attention.getSink(), "sink");
        callback(attention.getOut(), "out");
        callback(attention.getLse(), "lse");
        callback(attention.getAlibi(), "alibi");
        callback(attention.getMask(), "mask");
      })
      .Case([&](MergeOp merge) {
        // An operand that is read and written is named after its part.
        callback(merge.getFirstOut(), "first_out");
        callback(merge.getFirstLse(), "first_lse");
        callback(merge.getSecondOut(), "second_out");
        callback(merge.getSecondLse(), "second_lse");
        callback(merge.getOut(), "out");
        callback(merge.getLse(), "lse");
      })
      .Case([&](KvWriteOp write) {
        callback(write.getKey(), "key");
        callback(write.getValue(), "value");
        callback(write.getSlots(), "slots");
        callback(write.getKeyScale(), "key_scale");
        callback(write.getValueScale(), "value_scale");
        forEachCache(write.getCaches(), callback);
      })
      .Case([&](RepackOp repack) {
        callback(repack.getSource(), "source");
        callback(repack.getDestination(), "destination");
        if (repack.getPages())
          callback(repack.getPages(), "pages");
      })
      .Case<QuantizeOp, DequantizeOp>([&](auto convert) {
        callback(convert.getSource(), "source");
        callback(convert.getScale(), "scale");
        callback(convert.getDestination(), "destination");
      });
}

/// Returns `name`, with the smallest suffix that makes it unique, and takes it.
static std::string takeUnique(StringRef name, llvm::StringSet<> &taken) {
  std::string unique = name.str();
  for (unsigned suffix = 1; !taken.insert(unique).second; ++suffix)
    unique = (name + "_" + Twine(suffix)).str();
  return unique;
}

SmallVector<std::string>
mlir::fp8attn::getArgumentNames(func::FuncOp function) {
  llvm::SmallDenseMap<Value, StringRef> roles;
  function.walk<WalkOrder::PreOrder>([&](Operation *op) {
    forEachRole(op, [&](Value operand, StringRef role) {
      // An absent optional operand is a null value.
      if (operand)
        roles.try_emplace(getViewedValue(operand), role);
    });
  });

  auto getGivenName = [&](unsigned index) {
    return function.getArgAttrOfType<StringAttr>(index,
                                                 Fp8AttnDialect::kNameAttrName);
  };
  SmallVector<std::string> names(function.getNumArguments());
  // The first parameter of every entry point. Names that were given come
  // before those that were derived, wherever they stand.
  llvm::StringSet<> taken = {"context"};
  for (unsigned index = 0; index < names.size(); ++index)
    if (StringAttr given = getGivenName(index))
      names[index] = takeUnique(given.getValue(), taken);
  for (unsigned index = 0; index < names.size(); ++index) {
    if (getGivenName(index))
      continue;
    StringRef role = function.isExternal()
                         ? StringRef()
                         : roles.lookup(function.getArgument(index));
    names[index] = role.empty()
                       ? takeUnique(("arg" + Twine(index)).str(), taken)
                       : takeUnique(role, taken);
  }
  return names;
}
