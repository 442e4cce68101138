//===- kernel_under_test.h - rows of the table to test ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each row is a test parameter twice, with guard pages after and before all
// operands; an AMX row also with its tile instructions emulated. A row that the
// host cannot run is skipped by name.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_KERNEL_UNDER_TEST_H
#define FP8ATTN_TEST_KERNEL_UNDER_TEST_H

#include "common/kernel_table.h"
#include "fp8attn/Runtime/kernels.h"
#include "guarded_buffer.h"

#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <vector>

namespace fp8attn::test {

/// A row of the table, native or emulated.
struct KernelUnderTest {
  const KernelRow *row;
  bool emulated;
  /// Where its operands have guard pages.
  GuardSide guardSide = GuardSide::After;

  /// Returns the function under the signature of its operation.
  template <typename Signature> Signature as() const {
    return kernelAs<Signature>(emulated ? row->emulated : row->function);
  }
  std::string name() const;
  /// Returns why this host cannot run the kernel; empty if it can.
  std::string missingFeature() const;
};

void PrintTo(const KernelUnderTest &kernel, std::ostream *stream);

/// Returns all parameters of an operation, those with guard pages after the
/// operands first.
std::vector<KernelUnderTest> kernelsOf(const std::string &op);

/// Returns the kernel of the best ISA not above `isa` for an operation around
/// the GEMMs, as a compiled object would combine it with kernels of `isa`.
KernelUnderTest companionOf(const std::string &op, fp8attn_isa isa);

/// Configures tiles for AMX kernels, native or emulated, while it lives.
class TileScope {
public:
  explicit TileScope(const KernelUnderTest &kernel);
  ~TileScope();

private:
  fp8attn_uk_tile_fn end = nullptr;
};

/// Names a test by its kernel.
inline std::string
kernelTestName(const testing::TestParamInfo<KernelUnderTest> &info) {
  return info.param.name();
}

/// A test of one kernel.
class KernelTest : public testing::TestWithParam<KernelUnderTest> {
protected:
  void SetUp() override {
    const std::string missing = GetParam().missingFeature();
    if (!missing.empty())
      GTEST_SKIP() << "the CPU lacks " << missing;
    guardSide = GetParam().guardSide;
  }
};

} // namespace fp8attn::test

#endif // FP8ATTN_TEST_KERNEL_UNDER_TEST_H
