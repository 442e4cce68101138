//===- EmbeddedLibrary.cpp - objects that stand alone ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Links bitcode. The library is read lazily: of its hundreds of functions only
// those that the module needs are parsed.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Embedding/EmbeddedLibrary.h"

#include "fp8attn/Runtime/kernels.h"
#include "fp8attn/Runtime/lowering_abi.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/IPO/DeadArgumentElimination.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/IPO/Internalize.h"
#include "llvm/Transforms/IPO/SCCP.h"

#include <numeric>
#include <type_traits>

/// The bitcode (embedded_bitcode.c). A zero follows its end.
extern "C" const char fp8attn_embedded_bitcode[];
extern "C" const char fp8attn_embedded_bitcode_end[];

using namespace llvm;

/// Whether code for one triple may be linked with code for the other. Vendors
/// are only names.
static bool isSameTarget(const Triple &a, const Triple &b) {
  return a.getArch() == b.getArch() && a.getOS() == b.getOS() &&
         a.getEnvironment() == b.getEnvironment();
}

/// Returns a name without lists of arguments, such as those of the function
/// around a lambda: parentheses behind a name, but those of operator().
static std::string dropArguments(StringRef name) {
  std::string result;
  int depth = 0;
  for (auto [i, letter] : llvm::enumerate(name)) {
    const StringRef before = name.take_front(i);
    const bool opens = letter == '(';
    if (depth > 0)
      depth += opens ? 1 : letter == ')' ? -1 : 0;
    else if (opens && !before.empty() && !before.ends_with("operator") &&
             !StringRef(" <,(").contains(before.back()))
      depth = 1;
    else
      result += letter;
  }
  return result;
}

/// Names a local C++ function as a reader would, with the namespace of its ISA
/// once: avx2::qkFewRows<E4M3, 4>. That is a third of the mangled name, and
/// names are a good part of an object.
static void shortenName(Function &function) {
  // What is demangled refers to it.
  const std::string mangled = function.getName().str();
  ItaniumPartialDemangler demangler;
  if (demangler.partialDemangle(mangled.c_str()) || !demangler.isFunction())
    return;
  char *name = demangler.getFunctionName(/*Buf=*/nullptr, /*N=*/nullptr);
  if (!name)
    return;
  SmallVector<StringRef> parts;
  const std::string plain = dropArguments(name);
  std::free(name);
  // A function around a lambda has its result, too.
  StringRef unqualified = plain;
  unqualified.consume_front("void ");
  unqualified.split(parts, "fp8attn::");
  const std::string whole = llvm::join(parts, "");
  auto [isa, rest] = StringRef(whole).split("::");
  parts.clear();
  rest.split(parts, (isa + "::").str());
  function.setName(rest.empty() ? whole : isa + "::" + llvm::join(parts, ""));
}

/// Forgets which functions a pointer may be, which the compiler of the library
/// knew: metadata of a call would keep all of them.
static void forgetCallees(Module &module) {
  for (Function &function : module)
    for (Instruction &instruction : instructions(function))
      instruction.setMetadata(LLVMContext::MD_callees, nullptr);
}

/// How many operands a function has.
template <typename Function> static constexpr unsigned kNumOperands = 0;
template <typename... Operands>
static constexpr unsigned kNumOperands<void(Operands...)> = sizeof...(Operands);

// Below, operands are told by their numbers. Who adds one finds them here.
static_assert(kNumOperands<decltype(fp8attn_key_run_init)> == 14 &&
              kNumOperands<decltype(fp8attn_work_item_init)> == 15 &&
              kNumOperands<decltype(fp8attn_dense_item_init)> == 10 &&
              kNumOperands<std::remove_pointer_t<fp8attn_uk_store_fn>> == 11);

/// Sets a constant of the library (runtime_kernels/common/run_kinds.h).
static void setKind(Module &module, StringRef name, uint64_t value) {
  if (GlobalVariable *kind = module.getNamedGlobal(name))
    kind->setInitializer(ConstantInt::get(kind->getValueType(), value));
}

/// Calls body with each call of a function. Returns false if the function is
/// used in other ways too, so that there may be more calls.
static bool forCalls(Module &module, StringRef name,
                     function_ref<void(const CallInst &)> body) {
  if (Function *function = module.getFunction(name))
    for (User *user : function->users()) {
      auto *call = dyn_cast<CallInst>(user);
      if (!call || call->getCalledFunction() != function)
        return false;
      body(*call);
    }
  return true;
}

/// The same with each call of a kernel that stores tokens.
static bool forStores(Module &module,
                      function_ref<void(const CallInst &)> body) {
  return llvm::all_of(module.functions(), [&](const Function &function) {
    return !function.getName().starts_with("fp8attn_uk_store_") ||
           forCalls(module, function.getName(), body);
  });
}

/// Returns whether pages of so many tokens may be other than whole granules.
static bool maybeSmallPages(const Value *tokens) {
  auto *number = dyn_cast<ConstantInt>(tokens);
  return !number || number->getZExtValue() % FP8ATTN_GRANULE != 0;
}

/// Tells kernels which key runs there are: what fp8attn_key_run_init is called
/// with says it, and runs that are made without it have values, and whole
/// granules.
static void expectRuns(Module &module) {
  // Operands of fp8attn_key_run_init (Runtime/lowering_abi.h), and of
  // fp8attn_uk_store_fn (Runtime/kernels.h).
  constexpr unsigned kValues = 6, kPageTokens = 13, kStorePageTokens = 10;
  bool hasLatentRuns = false, hasSmallPages = false;
  if (!forCalls(module, "fp8attn_key_run_init", [&](const CallInst &call) {
        // Null in a latent cache, and read from the description of another.
        hasLatentRuns |=
            !isa<LoadInst, ExtractValueInst>(call.getArgOperand(kValues));
        hasSmallPages |= maybeSmallPages(call.getArgOperand(kPageTokens));
      }))
    return;
  setKind(module, "fp8attn_has_latent_runs", hasLatentRuns);
  if (forStores(module, [&](const CallInst &call) {
        hasSmallPages |= maybeSmallPages(call.getArgOperand(kStorePageTokens));
      }))
    setKind(module, "fp8attn_has_small_pages", hasSmallPages);
}

/// Tells kernels what numbers of rows are multiples of: of the query heads for
/// a KV head that items are made with, as far as blocks of rows are.
static void expectRows(Module &module) {
  // The largest number of rows that has a kernel of its own.
  uint64_t multiple = 8;
  // Where the makers of items have the operand (Runtime/lowering_abi.h).
  constexpr std::pair<const char *, unsigned> kMakers[] = {
      {"fp8attn_work_item_init", 9}, {"fp8attn_dense_item_init", 5}};
  for (const auto &maker : kMakers)
    if (!forCalls(module, maker.first, [&](const CallInst &call) {
          const Value *group = call.getArgOperand(maker.second);
          // The runtime hands on what it is given.
          if (isa<Argument>(group))
            return;
          auto *heads = dyn_cast<ConstantInt>(group);
          multiple = std::gcd(multiple, heads ? heads->getZExtValue() : 1);
        }))
      return;
  setKind(module, "fp8attn_row_multiple", multiple);
}

/// Tells kernels whether new tokens have a scale each.
static void expectScales(Module &module) {
  constexpr unsigned kScales = 6; // of fp8attn_uk_store_fn
  bool hasTokenScales = false;
  if (forStores(module, [&](const CallInst &call) {
        hasTokenScales |=
            !isa<ConstantPointerNull>(call.getArgOperand(kScales));
      }))
    setKind(module, "fp8attn_has_token_scales", hasTokenScales);
}

/// Makes the library that of the module: operands that are the same in all
/// calls, as numbers of channels are, become constants, and what is for others
/// goes. What is computed stays the same.
static void propagateConstants(Module &module) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  ModulePassManager passes;
  passes.addPass(IPSCCPPass());
  passes.addPass(DeadArgumentEliminationPass());
  passes.addPass(GlobalDCEPass());
  passes.run(module, modules);
}

Error mlir::fp8attn::linkEmbeddedLibrary(Module &module) {
  StringRef bytes(fp8attn_embedded_bitcode,
                  fp8attn_embedded_bitcode_end - fp8attn_embedded_bitcode);
  Expected<std::unique_ptr<Module>> library = getLazyBitcodeModule(
      MemoryBufferRef(bytes, "embedded kernels"), module.getContext());
  if (!library)
    return library.takeError();
  const Triple &target = module.getTargetTriple();
  const Triple &known = (*library)->getTargetTriple();
  if (!isSameTarget(target, known))
    return createStringError("cannot embed kernels for \"" + target.str() +
                             "\": this compiler has them for \"" + known.str() +
                             "\"");
  (*library)->setTargetTriple(target);
  (*library)->setDataLayout(module.getDataLayout());

  StringSet<> interface;
  for (const GlobalValue &value : module.global_values())
    if (!value.isDeclaration() && !value.hasLocalLinkage())
      interface.insert(value.getName());
  if (Linker::linkModules(module, std::move(*library),
                          Linker::Flags::LinkOnlyNeeded))
    return createStringError("cannot link the embedded kernels");
  for (const Function &function : module)
    if (function.isDeclaration() && function.getName().contains("fp8attn"))
      return createStringError("no embedded library has \"" +
                               function.getName() + "\"");
  internalizeModule(module, [&](const GlobalValue &value) {
    return interface.contains(value.getName());
  });
  forgetCallees(module);
  expectRuns(module);
  expectRows(module);
  expectScales(module);
  propagateConstants(module);
  for (Function &function : module)
    if (function.hasLocalLinkage())
      shortenName(function);
  return Error::success();
}
