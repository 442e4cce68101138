//===- exp2_coefficients.h - the polynomial of vector kernels ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// 2^x for x in [0, 1). Probabilities that are rounded to bf16 need no more than
// a cubic; those that stay f32 take one whose error is a fifth of a float's
// rounding, so that what an evaluation in f32 rounds is all that counts.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_EXP2_COEFFICIENTS_H
#define FP8ATTN_COMMON_EXP2_COEFFICIENTS_H

#include "common/kernel_namespace.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Those of x^0, x^1 and so on. With f32 products, the relative error is below
/// 1.2e-8, and 2.5e-7 with what the evaluation rounds; with bf16, 8e-5 (a
/// fiftieth of a bf16 ulp).
#ifdef FP8ATTN_F32_PRODUCTS
constexpr float kExp2Coefficients[] = {1,
                                       0.693147182f,
                                       0.240227208f,
                                       0.0554960221f,
                                       0.0096521955f,
                                       0.00126921665f,
                                       0.000208179146f};
#else
constexpr float kExp2Coefficients[] = {0.999925219f, 0.695833539f, 0.226067159f,
                                       0.07802452f};
#endif
constexpr int kExp2Degree =
    sizeof(kExp2Coefficients) / sizeof(kExp2Coefficients[0]) - 1;

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_COMMON_EXP2_COEFFICIENTS_H
