//===- CompiledModel.h - a model, compiled and loaded --------- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a host does that compiles its models: fp8attn-compile writes an object,
// the linker joins it with the kernels and the runtime, and the loader loads
// it. All of them are those of one build of the project, so that two builds can
// be compared in one process: each brings its compiler, kernels and thread
// pool.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_CALLS_COMPILEDMODEL_H
#define FP8ATTN_BENCHMARKS_CALLS_COMPILEDMODEL_H

#include "Format.h"
#include "Suite.h"
#include "fp8attn/Runtime/fp8attn.h"

#include "llvm/Support/Error.h"

#include <array>
#include <memory>

namespace mlir::fp8attn {

/// Returns the name of the entry point of attention that takes `lists`.
std::string getEntryName(Lists lists);

/// Returns the MLIR of a model: the entry points attend, causal, and kv_write;
/// for each of `lists` also the one that takes these, which older compilers may
/// not know.
std::string writeModel(const Model &model, const Format &format,
                       llvm::ArrayRef<Lists> lists);

/// Arguments of a call; what an entry point does not take is not looked at.
struct CallArguments {
  fp8attn_tensor query, out, queryStart, seqLens, blockTable;
  fp8attn_tensor groupStart, prefixLens, prefixTable, selected;
  fp8attn_tensor key, value, slots;
  fp8attn_tensor keyScale, valueScale;
  /// Of keys, or of all there is, and of values that are apart.
  fp8attn_cache cache, valueCache;
};

/// A loaded library.
class CompiledModel {
public:
  /// Compiles with the tools and libraries of the build folder `build`.
  static llvm::Expected<CompiledModel> create(llvm::StringRef build,
                                              const Model &model,
                                              const Format &format,
                                              llvm::ArrayRef<Lists> lists);

  /// Calls the entry point that takes `lists`.
  fp8attn_status attend(fp8attn_context &context,
                        const CallArguments &arguments, Lists lists) const;
  fp8attn_status write(fp8attn_context &context,
                       const CallArguments &arguments) const;

  /// Bytes of workspace that all entry points can do with.
  int64_t workspaceBytes(int32_t workers) const;

  /// Starts a pool of the library's runtime; null if that is not possible. It
  /// keeps the library loaded.
  std::shared_ptr<fp8attn_pool> makePool(int32_t workers) const;

  /// Returns a context of the library's runtime over its pool, which is null
  /// for a single worker.
  fp8attn_context makeContext(fp8attn_pool *pool, int32_t workers,
                              fp8attn_isa isa) const;

private:
  llvm::Error load(llvm::StringRef path, llvm::ArrayRef<Lists> lists);
  /// Adds the caches, and the scales, that entry points take.
  void addCaches(const CallArguments &arguments,
                 llvm::SmallVectorImpl<const void *> &to) const;
  void addScales(const CallArguments &arguments,
                 llvm::SmallVectorImpl<const void *> &to) const;

  bool isScaled = true;
  Model::Values values = Model::Values::Beside;
  std::shared_ptr<void> library;
  /// An entry point, and what it wants for some workers.
  struct Entry {
    void *function = nullptr;
    int64_t (*workspace)(int32_t) = nullptr;
  };
  /// By the lists that they take; null if no call has them.
  std::array<Entry, 4> attendEntries;
  Entry writeEntry;
  decltype(&fp8attn_context_init) initContext = nullptr;
  decltype(&fp8attn_pool_create) createPool = nullptr;
  decltype(&fp8attn_pool_destroy) destroyPool = nullptr;
  decltype(&fp8attn_pool_parallel_for) poolLoop = nullptr;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_COMPILEDMODEL_H
