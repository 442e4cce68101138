//===- PrepareFunctions.cpp - what functions must be to be converted ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Checks the functions of a module, describes its entry points, and gives all
// functions the context as an argument.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "fp8attn/Target/Description.h"
#include "fp8attn/Target/ElementTypes.h"
#include "fp8attn/Target/SymbolNames.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Calls `visit` with each function that `function` calls or runs in a loop,
/// until it returns false. Returns whether it never did.
static bool forEachCallee(func::FuncOp function, ModuleOp module,
                          function_ref<bool(func::FuncOp)> visit) {
  return !function
              .walk([&](Operation *op) {
                StringRef name;
                if (auto call = dyn_cast<func::CallOp>(op))
                  name = call.getCallee();
                else if (auto loop = dyn_cast<ParallelForOp>(op))
                  name = loop.getBody();
                else
                  return WalkResult::advance();
                auto callee = module.lookupSymbol<func::FuncOp>(name);
                return !callee || visit(callee) ? WalkResult::advance()
                                                : WalkResult::interrupt();
              })
              .wasInterrupted();
}

/// Returns whether `function` calls itself, directly or not: its scratch could
/// not be bounded. `active` holds the functions that are being looked at, and
/// `done` those that are known not to: they may be called along many paths.
static bool isRecursive(func::FuncOp function, ModuleOp module,
                        SmallPtrSetImpl<Operation *> &active,
                        SmallPtrSetImpl<Operation *> &done) {
  if (done.contains(function))
    return false;
  if (!active.insert(function).second)
    return true;
  bool ends = forEachCallee(function, module, [&](func::FuncOp callee) {
    return !isRecursive(callee, module, active, done);
  });
  active.erase(function);
  if (ends)
    done.insert(function);
  return !ends;
}

/// Returns the largest scratch that `function`, which is not recursive, or what
/// it runs asks for. `known` holds what was found before: a function may be
/// called along many paths.
static int64_t getScratchBytes(func::FuncOp function, ModuleOp module,
                               DenseMap<Operation *, int64_t> &known) {
  if (auto it = known.find(function); it != known.end())
    return it->second;
  int64_t bytes = 0;
  function.walk([&](WorkerScratchOp scratch) {
    bytes = std::max(bytes, scratch.getScratch().getType().getDimSize(0));
  });
  forEachCallee(function, module, [&](func::FuncOp callee) {
    bytes = std::max(bytes, getScratchBytes(callee, module, known));
    return true;
  });
  known[function] = bytes;
  return bytes;
}

/// Adds the ISAs among which `function`, which is not recursive, or what it
/// calls chooses. `seen` holds the functions that were looked at.
static void addIsas(func::FuncOp function, ModuleOp module,
                    SmallPtrSetImpl<Operation *> &seen,
                    llvm::SetVector<StringRef> &isas) {
  if (!seen.insert(function).second)
    return;
  auto add = [&](Attribute isa) {
    isas.insert(stringifyIsa(cast<IsaAttr>(isa).getValue()));
  };
  if (Attribute only = function->getAttr(Fp8AttnDialect::kIsaAttrName))
    add(only);
  function.walk([&](SelectIsaOp op) { llvm::for_each(op.getIsas(), add); });
  forEachCallee(function, module, [&](func::FuncOp callee) {
    addIsas(callee, module, seen, isas);
    return true;
  });
}

/// Checks that all scratch of a function has one size, which is the distance
/// between workers.
static LogicalResult checkScratch(func::FuncOp function) {
  WorkerScratchOp first;
  WalkResult result = function.walk([&](WorkerScratchOp op) {
    if (!first)
      first = op;
    if (op.getScratch().getType() == first.getScratch().getType())
      return WalkResult::advance();
    InFlightDiagnostic diagnostic =
        op.emitOpError("expects the type of the other scratch of its function, "
                       "because workers are that far apart, got ")
        << op.getScratch().getType();
    diagnostic.attachNote(first.getLoc())
        << "the other is of type " << first.getScratch().getType();
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

/// Returns whether the C ABI has a form for an argument.
static bool isExpressible(Type type) {
  if (isa<CacheType, IndexType, Float32Type>(type))
    return true;
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.isSignless() &&
           (integer.getWidth() == 32 || integer.getWidth() == 64);
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref || memref.getRank() > FP8ATTN_MAX_RANK || memref.getMemorySpace())
    return false;
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(memref.getStridesAndOffset(strides, offset)))
    return false;
  // A host passes a pointer to the first element, whatever the offset is.
  return (offset == 0 || ShapedType::isDynamic(offset)) &&
         isAbiType(memref.getElementType());
}

/// Returns whether `function` is not of the model, which declares it
/// (fp8attn-split-module). It is called as its own conversion will have it.
static bool isOfOthers(func::FuncOp function, ModuleOp module) {
  return function.isExternal() &&
         module.getSymName() == StringRef(Fp8AttnDialect::kModelName);
}

/// Tells who has a module of more than a model how to say so.
static LogicalResult noteMark(InFlightDiagnostic diagnostic, ModuleOp module) {
  if (module.getSymName() != StringRef(Fp8AttnDialect::kModelName))
    diagnostic.attachNote()
        << "in a module of which no function has '"
        << Fp8AttnDialect::kEntryAttrName
        << "', every function is of the model and every public one an entry "
           "point";
  return diagnostic;
}

/// Demands that the name of a function that is made for `user` is free.
static LogicalResult checkName(Operation *user, ModuleOp module, StringRef name,
                               StringRef purpose, StringRef symbol) {
  Operation *other = module.lookupSymbol(name);
  if (!other)
    return success();
  InFlightDiagnostic diagnostic = user->emitOpError("expects no other symbol '")
                                  << name << "', which is made for the "
                                  << purpose << " '" << symbol << "'";
  diagnostic.attachNote(other->getLoc()) << "the other symbol is here";
  return diagnostic;
}

/// Demands it of the functions that are made for an entry point.
static LogicalResult checkEntryNames(func::FuncOp function, ModuleOp module) {
  StringRef symbol = function.getName();
  for (const std::string &name :
       {getBodyName(symbol), getWorkspaceName(symbol), getDescribeName(symbol)})
    if (failed(checkName(function, module, name, "entry point", symbol)))
      return failure();
  return success();
}

/// Demands it of those that are made for the loops of a function.
static LogicalResult checkLoopNames(func::FuncOp function, ModuleOp module) {
  WalkResult result = function.walk([&](ParallelForOp loop) -> WalkResult {
    return checkName(loop, module, getRangeName(loop.getBody()), "loop body",
                     loop.getBody());
  });
  return failure(result.wasInterrupted());
}

/// Demands that there are only functions and constants beside them, which
/// become local: objects define entry points and nothing else.
static LogicalResult checkOtherSymbols(ModuleOp module) {
  for (Operation &op : *module.getBody()) {
    if (isa<func::FuncOp>(op))
      continue;
    auto global = dyn_cast<memref::GlobalOp>(op);
    if (!global)
      return noteMark(op.emitError("expects a func.func or a memref.global in "
                                   "a module, got ")
                          << op.getName(),
                      module);
    if (failed(checkSymbolName(global)))
      return failure();
    if (!global.getInitialValue() || global.isUninitialized())
      return global.emitOpError("expects a value, because no other object has "
                                "one");
    if (!global.getConstant())
      return global.emitOpError("expects a constant, because calls at the same "
                                "time would share it");
  }
  return success();
}

static FailureOr<EntryPoint>
describe(func::FuncOp function, ModuleOp module,
         DenseMap<Operation *, int64_t> &knownScratch) {
  EntryPoint entry{function.getName().str(), function.getLoc(), {}, {}, {}, {}};
  if (function.getNumResults() != 0) {
    InFlightDiagnostic diagnostic =
        function.emitOpError("expects an entry point without results, "
                             "because it returns a status, got ")
        << function.getResultTypes();
    // Bufferization leaves them behind.
    if (llvm::all_of(function.getResultTypes(), llvm::IsaPred<MemRefType>))
      diagnostic.attachNote() << "fp8attn-drop-returned-arguments drops those "
                                 "that are arguments (docs/Tensors.md)";
    return noteMark(std::move(diagnostic), module);
  }
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes())) {
    if (!isExpressible(type))
      return function.emitOpError("cannot be an entry point: the C ABI has no "
                                  "form for argument ")
             << index << " of type " << type
             << "; expects a cache, an index, i32, i64 or f32, or a memref of "
                "rank 0 to 4 and offset 0 or ? in the default memory space";
    entry.types.push_back(type);
    auto name = function.getArgAttrOfType<StringAttr>(
        index, Fp8AttnDialect::kNameAttrName);
    entry.argumentNames.push_back(name ? name.str()
                                       : "argument " + std::to_string(index));
  }
  entry.description = function->getAttrOfType<DictionaryAttr>(
      Fp8AttnDialect::kDescriptionAttrName);
  SmallPtrSet<Operation *, 16> seen;
  llvm::SetVector<StringRef> isas;
  addIsas(function, module, seen, isas);
  entry.isas = isas.takeVector();
  entry.scratchBytes = getScratchBytes(function, module, knownScratch);
  return entry;
}

FailureOr<SmallVector<EntryPoint>>
mlir::fp8attn::prepareFunctions(ModuleOp module) {
  SmallVector<EntryPoint> entries;
  for (auto inner : module.getOps<ModuleOp>())
    return noteMark(
        inner.emitOpError("expects functions to stand in the outermost "
                          "module, got a module within it"),
        module);
  if (failed(checkOtherSymbols(module)))
    return failure();
  SmallVector<func::FuncOp> functions(module.getOps<func::FuncOp>());
  llvm::erase_if(functions, [&](func::FuncOp function) {
    return isOfOthers(function, module);
  });
  SmallPtrSet<Operation *, 16> notRecursive;
  for (func::FuncOp function : functions) {
    if (function.isExternal())
      return noteMark(function.emitOpError("expects a function with a body"),
                      module);
    if (failed(function.isPublic() ? checkEntryPointName(function)
                                   : checkSymbolName(function)) ||
        failed(checkScratch(function)))
      return failure();
    SmallPtrSet<Operation *, 4> active;
    if (isRecursive(function, module, active, notRecursive))
      return function.emitOpError("expects a function that is not recursive, "
                                  "because its scratch must have a bound");
  }
  DenseMap<Operation *, int64_t> knownScratch;
  for (func::FuncOp function : functions) {
    if (failed(checkLoopNames(function, module)))
      return failure();
    if (!function.isPublic())
      continue;
    if (failed(checkEntryNames(function, module)))
      return failure();
    FailureOr<EntryPoint> entry = describe(function, module, knownScratch);
    if (failed(entry))
      return failure();
    entries.push_back(std::move(*entry));
  }
  // Callers know renamed functions by their new name.
  auto pointer = LLVM::LLVMPointerType::get(module.getContext());
  module.walk([&](func::CallOp call) {
    auto callee = module.lookupSymbol<func::FuncOp>(call.getCallee());
    if (callee && callee.isPublic())
      call.setCallee(getBodyName(callee.getName()));
  });
  for (func::FuncOp function : functions) {
    if (function.isPublic())
      function.setName(getBodyName(function.getName()));
    function.setPrivate();
    if (failed(function.insertArgument(0, pointer, {}, function.getLoc())))
      return failure();
  }
  for (auto global : module.getOps<memref::GlobalOp>())
    global.setPrivate();
  addMemoryArguments(module);
  for (EntryPoint &entry : entries)
    entry.allocates =
        module.lookupSymbol(getBodyName(entry.name))->hasAttr(kMemoryAttrName);
  return entries;
}
