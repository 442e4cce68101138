//===- Microarchitecture.h - classes of CPUs --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// CPUs on which kernels cost about the same. TargetInfo says of which class a
// target is. Needs no other header, so that programs without MLIR can use it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TARGET_MICROARCHITECTURE_H
#define FP8ATTN_TARGET_MICROARCHITECTURE_H

namespace mlir::fp8attn {

/// A class of CPUs, in the order of the columns of costs.def.
enum class Microarchitecture {
  /// Of Intel before Sapphire Rapids: Haswell to Ice Lake, and clients. CPUs of
  /// which nothing is known are taken for such.
  Skylake,
  /// Of AMD without AVX-512: Zen 1 to 3.
  Zen3,
  /// Sapphire and Emerald Rapids; Cooper Lake, too.
  SapphireRapids,
  /// AMX with FP16: Granite Rapids and later.
  GraniteRapids,
  Zen4,
  Zen5
};

constexpr int kNumMicroarchitectures = 6;

/// Returns the name of the class, as costs.def has it.
constexpr const char *
getMicroarchitectureName(Microarchitecture microarchitecture) {
  constexpr const char *kNames[kNumMicroarchitectures] = {
      "skylake", "zen3", "sapphirerapids", "graniterapids", "zen4", "zen5"};
  return kNames[static_cast<int>(microarchitecture)];
}

} // namespace mlir::fp8attn

#endif // FP8ATTN_TARGET_MICROARCHITECTURE_H
