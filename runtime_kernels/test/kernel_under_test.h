//===- kernel_under_test.h - rows of the table to test ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each row is a test parameter twice, with guard pages after and before all
// operands; an AMX row also with its tile instructions emulated, and every row
// beyond AVX2 as code for AVX2. A row that the host cannot run is skipped by
// name.
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

/// How a row is run.
enum class Form {
  /// On the instructions.
  Native,
  /// AMX rows: with the tile instructions in plain C++, the others as they are.
  EmulatedTiles,
  /// Rows beyond AVX2: as code for AVX2.
  OnAvx2,
};

/// A row of the table, native or emulated.
struct KernelUnderTest {
  const KernelRow *row;
  Form form;
  /// Where its operands have guard pages.
  GuardSide guardSide = GuardSide::After;

  /// Returns the function under the signature of its operation.
  template <typename Signature> Signature as() const {
    return kernelAs<Signature>(function());
  }
  KernelFunction function() const;
  std::string name() const;
  /// Whether it is a `prefill` kernel: other kernels of attention take at most
  /// a block of rows.
  bool isPrefill() const;
  /// Returns the type of the queries and probabilities that it takes or makes.
  std::string products() const;
  /// Returns why this host cannot run the kernel; empty if it can.
  std::string missingFeature() const;
};

/// Returns the first feature of the vector kernels of an ISA that the CPU
/// lacks, or "".
std::string missingVectors(fp8attn_isa isa);

void PrintTo(const KernelUnderTest &kernel, std::ostream *stream);

/// Returns all parameters of an operation, those with guard pages after the
/// operands first.
std::vector<KernelUnderTest> kernelsOf(const std::string &op);

/// Returns the kernel of the best ISA not above that of `kernel` for an
/// operation around the GEMMs and its products, as a compiled object would
/// combine it, and run in its way.
KernelUnderTest companionOf(const std::string &op,
                            const KernelUnderTest &kernel);

/// Returns the generic kernel of an operation, of products of bf16.
KernelUnderTest genericKernel(const std::string &op);

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

/// The type of queries that are made from now on: that of the kernel under
/// test.
inline std::string queryType = "bf16";

/// A test of one kernel.
class KernelTest : public testing::TestWithParam<KernelUnderTest> {
protected:
  void SetUp() override {
    const std::string missing = GetParam().missingFeature();
    if (!missing.empty())
      GTEST_SKIP() << "the CPU lacks " << missing;
    guardSide = GetParam().guardSide;
    queryType = GetParam().products();
  }
};

} // namespace fp8attn::test

#endif // FP8ATTN_TEST_KERNEL_UNDER_TEST_H
