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

using namespace mlir;
using namespace mlir::fp8attn;

/// Follows views back to the value that they are views of.
static Value getViewedValue(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value;
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
  function.walk<WalkOrder::PreOrder>([&](ModelOpInterface op) {
    for (const OperandRole &role : op.getOperandRoles())
      roles.try_emplace(getViewedValue(role.get()), role.name);
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
