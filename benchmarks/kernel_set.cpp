//===- kernel_set.cpp - the kernels that one ISA would run ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Walks the kernel table.
//
//===----------------------------------------------------------------------===//

#include "kernel_set.h"

#include <cstdio>
#include <cstdlib>

namespace fp8attn {

/// Returns the best row of an operation that takes elements of type `in` and
/// reads or writes those of type `cache`. A missing row is an error in the
/// table.
static const KernelRow &findKernel(const std::string &op, const std::string &in,
                                   const std::string &cache, fp8attn_isa isa) {
  const KernelRow *best = nullptr;
  for (const KernelRow &row : kernelTable())
    if (op == row.op && in == row.in && cache == row.cache && row.isa <= isa &&
        (!best || row.isa > best->isa))
      best = &row;
  if (!best) {
    std::fprintf(stderr, "kernels.def has no %s of %s and %s up to %s\n",
                 op.c_str(), in.c_str(), cache.c_str(),
                 fp8attn_isa_string(isa));
    std::exit(1);
  }
  return *best;
}

KernelSet::KernelSet(fp8attn_isa isa, const std::string &cache)
    : isa(isa), cache(cache) {
  const auto find = [&](auto &function, const char *op, const char *in,
                        const std::string &type) -> const KernelRow & {
    const KernelRow &row = findKernel(op, in, type, isa);
    function =
        kernelAs<std::remove_reference_t<decltype(function)>>(row.function);
    return row;
  };
  find(query, "query", "bf16", "bf16");
  find(init, "init", "f32", "f32");
  keyExponent = find(qk, "qk", "bf16", cache).exponent;
  find(softmax, "softmax", "f32", "bf16");
  valueExponent = find(pv, "pv", "bf16", cache).exponent;
  find(attend, "attend", "bf16", cache);
  find(finish, "finish", "f32", "bf16");
  find(storeKey, "store_key", "bf16", cache);
  find(storeValue, "store_value", "bf16", cache);
}

std::string KernelSet::label() const {
  return cache + " " + fp8attn_isa_string(isa);
}

TileScope::TileScope(fp8attn_isa isa)
    : configured(isa == FP8ATTN_ISA_AMX_BF16) {
  if (configured)
    fp8attn_uk_tile_begin_amx_bf16();
}

TileScope::~TileScope() {
  if (configured)
    fp8attn_uk_tile_end_amx_bf16();
}

} // namespace fp8attn
