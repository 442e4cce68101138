//===- CompiledModel.cpp - a model, compiled and loaded -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Temporary files live until the library is loaded.
//
//===----------------------------------------------------------------------===//

#include "CompiledModel.h"

#include "TextFile.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <algorithm>
#include <dlfcn.h>

using namespace mlir::fp8attn;
using llvm::createStringError;

/// What is taken out of the archive of the runtime beside what the object
/// calls.
static constexpr llvm::StringLiteral kRuntimeSymbols[] = {
    "fp8attn_context_init", "fp8attn_pool_create", "fp8attn_pool_destroy",
    "fp8attn_pool_parallel_for"};

namespace {
/// A temporary file, removed with the object.
struct TemporaryFile {
  explicit TemporaryFile(llvm::StringRef suffix)
      : error(
            llvm::sys::fs::createTemporaryFile("fp8attn-bench", suffix, path)),
        remover(path) {}

  llvm::SmallString<128> path;
  std::error_code error;
  llvm::FileRemover remover;
};
} // namespace

static llvm::Error run(llvm::ArrayRef<llvm::StringRef> command) {
  std::string message;
  if (llvm::sys::ExecuteAndWait(command[0], command, /*Env=*/std::nullopt,
                                /*Redirects=*/{}, /*SecondsToWait=*/0,
                                /*MemoryLimit=*/0, &message) == 0)
    return llvm::Error::success();
  return createStringError("\"" + command[0] + "\" failed" +
                           (message.empty() ? "" : ": " + message));
}

static llvm::Expected<std::string> findLinker() {
  const std::string versioned = "ld.lld-" + std::to_string(LLVM_VERSION_MAJOR);
  for (llvm::StringRef name :
       {llvm::StringRef(versioned), llvm::StringRef("ld.lld")})
    if (auto path = llvm::sys::findProgramByName(name))
      return *path;
  return createStringError("expects " + versioned + " or ld.lld in the PATH");
}

/// Links the object with the archives of a build.
static llvm::Error link(llvm::StringRef build, llvm::StringRef object,
                        llvm::StringRef library) {
  llvm::Expected<std::string> linker = findLinker();
  if (!linker)
    return linker.takeError();
  llvm::SmallVector<llvm::StringRef> command = {
      *linker, "-shared", "-Bsymbolic", "--gc-sections", "-o", library, object};
  for (llvm::StringRef symbol : kRuntimeSymbols)
    command.append({"-u", symbol});
  const std::string folder = (build + "/lib").str();
  const std::string runtime = folder + "/libFp8AttnRuntime.a";
  const std::string kernels = folder + "/libFp8AttnKernels.a";
  command.append({kernels, runtime});
  return run(command);
}

llvm::Expected<CompiledModel>
CompiledModel::create(llvm::StringRef build, const Model &model,
                      const Format &format, llvm::ArrayRef<Lists> lists) {
  TemporaryFile text("mlir"), object("o"), library("so");
  for (const TemporaryFile *file : {&text, &object, &library})
    if (file->error)
      return createStringError("cannot make a temporary file: " +
                               file->error.message());
  if (llvm::Error error =
          writeTextFile(text.path, writeModel(model, format, lists)))
    return std::move(error);
  const std::string compiler = (build + "/bin/fp8attn-compile").str();
  if (!llvm::sys::fs::can_execute(compiler))
    return createStringError(
        "\"" + build +
        "\" is no folder of a build: expects bin/fp8attn-compile in it");
  if (llvm::Error error = run({compiler, text.path, "-o", object.path}))
    return createStringError("model \"" + model.name + "\" of " + format.name +
                             ": " + llvm::toString(std::move(error)));
  if (llvm::Error error = link(build, object.path, library.path))
    return std::move(error);
  CompiledModel result;
  result.isScaled = format.scales != ScaleKind::None;
  result.values = model.values;
  if (llvm::Error error = result.load(library.path, lists))
    return std::move(error);
  return result;
}

llvm::Error CompiledModel::load(llvm::StringRef path,
                                llvm::ArrayRef<Lists> lists) {
  // Neither library sees the symbols of the other, or of this program.
  library.reset(dlopen(path.str().c_str(), RTLD_NOW | RTLD_LOCAL),
                [](void *handle) {
                  if (handle)
                    dlclose(handle);
                });
  if (!library)
    return createStringError(llvm::Twine("cannot load a compiled model: ") +
                             dlerror());
  auto find = [&](const char *name, auto &symbol) {
    symbol = reinterpret_cast<std::decay_t<decltype(symbol)>>(
        dlsym(library.get(), name));
    return symbol != nullptr;
  };
  auto findEntry = [&](const std::string &name, Entry &entry) {
    return find(name.c_str(), entry.function) &&
           find((name + "_workspace_bytes").c_str(), entry.workspace);
  };
  const bool hasLists = llvm::all_of(lists, [&](Lists kind) {
    return findEntry(getEntryName(kind), attendEntries[size_t(kind)]);
  });
  if (hasLists && findEntry("attend", attendEntries[0]) &&
      findEntry("kv_write", writeEntry) &&
      find("fp8attn_context_init", initContext) &&
      find("fp8attn_pool_create", createPool) &&
      find("fp8attn_pool_destroy", destroyPool) &&
      find("fp8attn_pool_parallel_for", poolLoop))
    return llvm::Error::success();
  return createStringError(llvm::Twine("a compiled model lacks a symbol: ") +
                           dlerror());
}

/// Most arguments of an entry point.
static constexpr size_t kMostArguments = 12;

/// Calls an entry point, which takes tensors and caches by their addresses:
/// those in `passed`, then those in `rest`.
template <typename... Passed>
static fp8attn_status call(void *entry, fp8attn_context &context,
                           llvm::ArrayRef<const void *> rest,
                           Passed... passed) {
  if constexpr (sizeof...(Passed) < kMostArguments)
    if (!rest.empty())
      return call(entry, context, rest.drop_front(), passed..., rest.front());
  return reinterpret_cast<fp8attn_status (*)(fp8attn_context *, Passed...)>(
      entry)(&context, passed...);
}

void CompiledModel::addCaches(const CallArguments &a,
                              llvm::SmallVectorImpl<const void *> &to) const {
  to.push_back(&a.cache);
  if (values == Model::Values::Apart)
    to.push_back(&a.valueCache);
}

void CompiledModel::addScales(const CallArguments &a,
                              llvm::SmallVectorImpl<const void *> &to) const {
  if (!isScaled)
    return;
  to.push_back(&a.keyScale);
  if (values != Model::Values::Latent)
    to.push_back(&a.valueScale);
}

fp8attn_status CompiledModel::attend(fp8attn_context &context,
                                     const CallArguments &a,
                                     Lists lists) const {
  llvm::SmallVector<const void *> arguments = {&a.query};
  addCaches(a, arguments);
  addScales(a, arguments);
  arguments.append({&a.queryStart, &a.seqLens, &a.blockTable});
  if (lists == Lists::Groups)
    arguments.append({&a.groupStart, &a.prefixLens, &a.prefixTable});
  else if (lists != Lists::None)
    arguments.push_back(&a.selected);
  arguments.push_back(&a.out);
  return call(attendEntries[size_t(lists)].function, context, arguments);
}

fp8attn_status CompiledModel::write(fp8attn_context &context,
                                    const CallArguments &a) const {
  llvm::SmallVector<const void *> arguments = {&a.key};
  if (values != Model::Values::Latent)
    arguments.push_back(&a.value);
  arguments.push_back(&a.slots);
  addScales(a, arguments);
  addCaches(a, arguments);
  return call(writeEntry.function, context, arguments);
}

int64_t CompiledModel::workspaceBytes(int32_t workers) const {
  int64_t bytes = writeEntry.workspace(workers);
  for (const Entry &entry : attendEntries)
    if (entry.workspace)
      bytes = std::max(bytes, entry.workspace(workers));
  return bytes;
}

std::shared_ptr<fp8attn_pool> CompiledModel::makePool(int32_t workers) const {
  // The code that ends the threads is in the library.
  return {createPool(workers), [destroy = destroyPool, keep = library](
                                   fp8attn_pool *pool) { destroy(pool); }};
}

fp8attn_context CompiledModel::makeContext(fp8attn_pool *pool, int32_t workers,
                                           fp8attn_isa isa) const {
  fp8attn_context context;
  initContext(&context);
  if (pool) {
    context.parallel_for = poolLoop;
    context.pool = pool;
  }
  context.num_workers = workers;
  context.isa_cap = isa;
  return context;
}
