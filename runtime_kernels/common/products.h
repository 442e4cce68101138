//===- products.h - what the products of attention are of -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Queries and probabilities are bf16, or f32 where a library is compiled with
// FP8ATTN_F32_PRODUCTS (CMake's add_fp8attn_f32_kernels): the same sources then
// give the rows of the table for attention that asks for precision = f32.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_PRODUCTS_H
#define FP8ATTN_COMMON_PRODUCTS_H

#include "common/element_types.h"

/// What the table calls them.
#ifdef FP8ATTN_F32_PRODUCTS
#define FP8ATTN_KERNEL_PRODUCTS f32
#else
#define FP8ATTN_KERNEL_PRODUCTS bf16
#endif

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// An element of queries and of probabilities.
#ifdef FP8ATTN_F32_PRODUCTS
using ProductElement = F32;
#else
using ProductElement = Bf16;
#endif

/// Returns the product nearest to an element, ties to even.
template <typename Element>
constexpr ProductElement::Storage
productFromElement(typename Element::Storage element) {
  if constexpr (sizeof(ProductElement::Storage) == sizeof(float))
    return Element::decode(element);
  else
    return bf16FromElement<Element>(element);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_COMMON_PRODUCTS_H
