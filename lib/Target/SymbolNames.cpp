//===- SymbolNames.cpp - names that functions may have --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An entry point is a global symbol: one with the name of a function of the C
// library takes its place in the whole process. A private function is local,
// but code generators call the library by name, and find what the module has.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Target/SymbolNames.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns whether emitted headers cannot use the word: a keyword of C or C++,
/// a type of theirs, or what C libraries and compilers have as a macro.
static bool isTaken(StringRef name) {
  static constexpr StringRef kWords =
      "alignas alignof and and_eq asm auto bitand bitor bool break case "
      "catch char char16_t char32_t char8_t class co_await co_return "
      "co_yield compl concept const const_cast consteval constexpr "
      "constinit continue decltype default delete do double dynamic_cast "
      "else enum explicit export extern false float for friend goto if "
      "inline int long mutable namespace new noexcept not not_eq nullptr "
      "operator or or_eq private protected public register reinterpret_cast "
      "requires restrict return short signed sizeof static static_assert "
      "static_cast struct switch template this thread_local throw true try "
      "typedef typeid typename typeof typeof_unqual union unsigned using "
      "virtual void volatile wchar_t while xor xor_eq "
      "fp8attn_cache fp8attn_context fp8attn_status fp8attn_tensor "
      "int32_t int64_t "
      "errno linux stderr stdin stdout unix";
  SmallVector<StringRef> words;
  llvm::SplitString(kWords, words);
  return llvm::is_contained(words, name);
}

bool mlir::fp8attn::isIdentifier(StringRef name) {
  auto isWordCharacter = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  return !name.empty() && !llvm::isDigit(name.front()) &&
         llvm::all_of(name, isWordCharacter) && !isTaken(name);
}

bool mlir::fp8attn::isImport(StringRef name) {
  static const llvm::StringSet<> kImports = {
#define FP8ATTN_IMPORT(name) #name,
#include "imports.def"
#undef FP8ATTN_IMPORT
  };
  return kImports.contains(name);
}

/// Returns whether the C library has the name: what objects import of it, what
/// LLVM knows of it, which passes may call and which hosts call, and threads,
/// which the pool of the runtime is made of.
static bool isOfTheLibrary(StringRef name) {
  static const llvm::TargetLibraryInfoImpl kLibrary(
      llvm::Triple("x86_64-pc-linux-gnu"));
  llvm::LibFunc function;
  return isImport(name) || name.starts_with("pthread_") ||
         kLibrary.getLibFunc(name, function);
}

/// Returns whether programs, linkers or C headers have the name, which is no
/// function of the library's. Those that begin with an underscore belong to the
/// implementation (C17 7.1.3): _init and _fini run when a library is loaded.
static bool isReserved(StringRef name) {
  static const llvm::StringSet<> kNames = {
      // Programs begin at the first; linkers define the next three.
      "main", "edata", "end", "etext",
      // A variable of the C library.
      "environ"};
  return name.starts_with("_") || kNames.contains(name);
}

LogicalResult mlir::fp8attn::checkSymbolName(Operation *symbol) {
  StringRef name = SymbolTable::getSymbolName(symbol).getValue();
  // A call of the runtime would find such a function in its place.
  if (name.starts_with("fp8attn_"))
    return symbol->emitOpError("expects a name that does not begin with "
                               "'fp8attn_', as those of the runtime do, "
                               "got '")
           << name << "'";
  if (isOfTheLibrary(name))
    return symbol->emitOpError("expects a name that the C library does not "
                               "have, because calls of its function would "
                               "come here, got '")
           << name << "'";
  return success();
}

LogicalResult mlir::fp8attn::checkEntryPointName(func::FuncOp function) {
  StringRef name = function.getName();
  if (!isIdentifier(name))
    return function.emitError("expects the name of an entry point to be a C "
                              "identifier, got \"")
           << name << "\"";
  if (isReserved(name))
    return function.emitOpError(
               "expects a name that is not reserved for C compilers, libraries "
               "and linkers, as those with '_' in front are, got '")
           << name << "'";
  return checkSymbolName(function);
}
