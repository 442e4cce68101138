//===- instructions.h - how the ISA looks up and multiplies -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Beyond vectors.h, the traits in which ISAs with the same registers
// differ:
//   WordLookup<Format>  bytes of bf16 words of FP8 codes
//   IntegerLookup       bf16 words of i8
//   NibbleLookup<Format>
//                       bf16 words of codes of 4 bits
//   RowDot              products of rows with decoded words, as bf16 pairs or
//                       as floats, and probabilities rounded for it. It depends
//                       on what products are of, too (common/products.h)
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_INSTRUCTIONS_H
#define FP8ATTN_X86_VECTOR_INSTRUCTIONS_H

#include "x86_vector/vectors.h"

#ifdef __AVX512VBMI__
#include "x86_avx512_bf16/integer_lookup.h"
#include "x86_avx512_bf16/word_lookup.h"
#else
#include "x86_vector/integer_lookup.h"
#include "x86_vector/word_lookup.h"
#endif

#ifdef __AVX512BW__
#include "x86_avx512/nibble_lookup.h"
#else
#include "x86_avx2/nibble_lookup.h"
#endif

#if defined(FP8ATTN_F32_PRODUCTS)
#include "x86_vector/f32_row_dot.h"
#elif defined(__AVX512BF16__)
#include "x86_avx512_bf16/row_dot.h"
#else
#include "x86_vector/row_dot.h"
#endif

#endif // FP8ATTN_X86_VECTOR_INSTRUCTIONS_H
