//===- DescribeEntryPoints.cpp - signatures for readers of objects ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes down, while the model level is there to tell it, what entry points
// take and compute. What is known later, such as the bodies that there are, is
// added by those who know (fp8attn/Target/Description.h).
//
//===----------------------------------------------------------------------===//

#include "DescribeEntryPoints/OperationText.h"
#include "InsertChecks/MemoryWrites.h"
#include "InsertChecks/RuntimeChecks.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Runtime/fp8attn.h"
#include "fp8attn/Target/Description.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_DESCRIBEENTRYPOINTS
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;
namespace json = llvm::json;

namespace {
/// Which arguments functions of a module may write.
class WrittenArguments {
public:
  explicit WrittenArguments(ModuleOp module) : symbols(module) {}

  /// Returns a bit for each argument of a function with a body; null if memory
  /// may be written that is not known.
  const llvm::BitVector *get(func::FuncOp function) {
    auto [place, isNew] = known.try_emplace(function);
    if (isNew) {
      // A function that calls itself, which is refused later, is unknown.
      std::optional<llvm::BitVector> found = find(function);
      place = known.find(function);
      place->second = std::move(found);
    }
    return place->second ? &*place->second : nullptr;
  }

  func::FuncOp getCallee(func::CallOp call) {
    auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
    return callee && !callee.isExternal() ? callee : func::FuncOp();
  }

private:
  std::optional<llvm::BitVector> find(func::FuncOp function) {
    MemoryWrites writes;
    function.walk([&](Operation *op) {
      if (op == function)
        return;
      if (auto call = dyn_cast<func::CallOp>(op))
        addCall(call, writes);
      else
        writes.addEffectsOf(op);
    });
    if (writes.isUnknown())
      return std::nullopt;
    llvm::BitVector written(function.getNumArguments());
    for (const auto &[argument, name] : writes.getArguments())
      written.set(argument.getArgNumber());
    return written;
  }

  void addCall(func::CallOp call, MemoryWrites &writes) {
    func::FuncOp callee = getCallee(call);
    const llvm::BitVector *written = callee ? get(callee) : nullptr;
    if (!written || written->size() != call.getNumOperands())
      return writes.addUnknown();
    for (unsigned index : written->set_bits())
      writes.add(call.getOperand(index), /*role=*/"");
  }

  SymbolTable symbols;
  DenseMap<Operation *, std::optional<llvm::BitVector>> known;
};

/// How operations of a function use one of its arguments.
struct Use {
  /// In the first of them; empty if it is another value's.
  StringRef role;
  /// Whether kernels read its elements side by side.
  bool isContiguous = false;
};
} // namespace

/// Returns the functions that `function` calls, itself included, in order.
static llvm::SetVector<Operation *> getFunctions(func::FuncOp function,
                                                 WrittenArguments &arguments) {
  llvm::SetVector<Operation *> functions;
  functions.insert(function);
  for (size_t i = 0; i < functions.size(); ++i)
    functions[i]->walk([&](func::CallOp call) {
      if (func::FuncOp callee = arguments.getCallee(call))
        functions.insert(callee);
    });
  return functions;
}

/// Returns the argument of `function` that `value` is or is a view of.
static BlockArgument getArgumentOf(func::FuncOp function, Value value) {
  Value root = getMemoryRoot(value);
  BlockArgument argument = root ? getFunctionArgument(root) : BlockArgument();
  return argument && argument.getOwner()->getParentOp() == function
             ? argument
             : BlockArgument();
}

static SmallVector<Use> getUses(func::FuncOp function) {
  SmallVector<Use> uses(function.getNumArguments());
  function.walk<WalkOrder::PreOrder>([&](ModelOpInterface op) {
    for (const OperandRole &role : op.getOperandRoles()) {
      BlockArgument argument = getArgumentOf(function, role.get());
      if (!argument)
        continue;
      Use &use = uses[argument.getArgNumber()];
      if (use.role.empty())
        use.role = role.name;
      // The stride of a view is its own.
      use.isContiguous |= role.isContiguous && role.get() == argument;
    }
  });
  return uses;
}

static void writeExtents(json::OStream &json, StringRef key,
                         ArrayRef<int64_t> extents) {
  json.attributeArray(key, [&] {
    for (int64_t extent : extents)
      json.value(ShapedType::isDynamic(extent) ? json::Value(nullptr)
                                               : json::Value(extent));
  });
}

static void writeElementType(json::OStream &json, Type type) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (type.isInteger(1))
    os << "bool";
  else
    os << type;
  // Types of other dialects, which are refused later, may have any text.
  json.attribute("element_type", json::fixUTF8(text));
}

static void writeTensor(json::OStream &json, MemRefType type, const Use &use) {
  constexpr unsigned kByteBits = 8;
  writeElementType(json, type.getElementType());
  writeExtents(json, "shape", type.getShape());
  SmallVector<int64_t> strides;
  int64_t offset;
  // Without strides it is refused later.
  if (succeeded(type.getStridesAndOffset(strides, offset))) {
    if (use.isContiguous && !strides.empty())
      strides.back() = 1;
    writeExtents(json, "strides", strides);
  }
  // So has each element its address: a bool is a byte.
  if (type.getElementType().isIntOrFloat())
    json.attribute("alignment", int64_t(llvm::divideCeil(
                                    type.getElementTypeBitWidth(), kByteBits)));
}

static void writeCache(json::OStream &json, CacheType type) {
  writeElementType(json, type.getElementType());
  json.attribute("content", stringifyCacheContent(type.getContent()));
  json.attribute("heads", type.getNumHeads());
  json.attribute("head_dim", type.getHeadDim());
  if (type.isLatent())
    json.attribute("value_head_dim", type.getValueHeadDim());
  if (type.isMixed())
    json.attribute("rope_head_dim", type.getRopeHeadDim());
  json.attribute("page_tokens", type.getPageTokens());
  // Without a layout it is refused later.
  if (LayoutAttr layout = type.getLayout()) {
    json.attribute("layout", stringifyLayoutKind(layout.getKind()));
    json.attribute("page_bytes", type.getPageBytes());
    json.attribute("head_bytes", type.getHeadBytes());
    json.attribute("value_offset", type.getValueOffset());
  }
  json.attribute("alignment", FP8ATTN_ALIGNMENT);
}

/// Writes an argument; `isWritten` says whether a call may write its memory.
static void writeArgument(json::OStream &json, StringRef name, Type type,
                          const Use &use, bool isWritten) {
  json.objectBegin();
  json.attribute("name", name);
  json.attribute("role", use.role.empty() ? json::Value(nullptr)
                                          : json::Value(use.role));
  auto writeMemory = [&](StringRef kind) {
    json.attribute("kind", kind);
    json.attribute("written", isWritten);
  };
  if (auto memref = dyn_cast<MemRefType>(type)) {
    writeMemory("tensor");
    writeTensor(json, memref, use);
  } else if (auto cache = dyn_cast<CacheType>(type)) {
    writeMemory("cache");
    writeCache(json, cache);
  } else {
    json.attribute("kind", "scalar");
    // As C passes it.
    writeElementType(json, type.isIndex() ? IntegerType::get(type.getContext(),
                                                             /*width=*/64)
                                          : type);
  }
  json.objectEnd();
}

static std::string writeArguments(func::FuncOp function,
                                  WrittenArguments &arguments) {
  const llvm::BitVector *written = arguments.get(function);
  SmallVector<Use> uses = getUses(function);
  std::string text;
  llvm::raw_string_ostream os(text);
  json::OStream json(os);
  json.arrayBegin();
  for (BlockArgument argument : function.getArguments()) {
    const unsigned index = argument.getArgNumber();
    StringAttr name = getArgumentName(argument);
    writeArgument(json, name ? name.getValue() : StringRef(),
                  argument.getType(), uses[index],
                  !written || written->test(index));
  }
  json.arrayEnd();
  return text;
}

static std::string writeOperations(func::FuncOp function,
                                   WrittenArguments &arguments) {
  auto getName = [&](Value value) {
    BlockArgument argument = getArgumentOf(function, value);
    return argument ? getArgumentName(argument) : StringAttr();
  };
  std::string text;
  llvm::raw_string_ostream os(text);
  json::OStream json(os);
  json.arrayBegin();
  for (Operation *callee : getFunctions(function, arguments))
    callee->walk<WalkOrder::PreOrder>(
        [&](ModelOpInterface op) { writeOperation(json, op, getName); });
  json.arrayEnd();
  return text;
}

namespace {
struct DescribeEntryPointsPass
    : public fp8attn::impl::DescribeEntryPointsBase<DescribeEntryPointsPass> {
  void runOnOperation() override {
    WrittenArguments arguments(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal())
        function->setAttr(
            Fp8AttnDialect::kDescriptionAttrName,
            makeDescription(&getContext(), writeArguments(function, arguments),
                            writeOperations(function, arguments)));
  }
};
} // namespace
