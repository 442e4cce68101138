//===- vectors.h - the vectors of the ISA being compiled --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The traits that the templates of this folder are written with, chosen by the
// flags of the kernel library (fp8attn_isa_flags in AddFp8Attn.cmake):
//   namespace simd      the rows of a tile, 64 bytes, and operations on them
//   ScaledExp2, floatFromBf16, bf16FromFloat, roundToBf16
//   Vectors<Element>    loads of tensor elements, masked at the end
//   kBlockRows, kWideTiles, kBroadcastsFromMemory, kPanelRows, kPanelTiles
//                       register blocks that fit the ISA's registers
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_VECTORS_H
#define FP8ATTN_X86_VECTOR_VECTORS_H

#ifdef __AVX512BW__
#include "x86_avx512/elements.h"
#else
#include "x86_avx2/elements.h"
#endif

#endif // FP8ATTN_X86_VECTOR_VECTORS_H
