//===- convert.cpp - dense tensors of codes -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The portable quantize and dequantize rows of kernels.def.
//
//===----------------------------------------------------------------------===//

#include "common/element_types.h"
#include "common/kernel_declarations.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Element to code, see fp8attn_uk_convert_fn.
template <typename Format, typename Element>
static void quantize(const typename Element::Storage *source, int64_t count,
                     float scale, uint8_t *codes) {
  for (int64_t i = 0; i < count; ++i)
    codes[i] = Format::encode(Element::decode(source[i]) / scale);
}

/// Code to Element, see fp8attn_uk_convert_fn.
template <typename Format, typename Element>
static void dequantize(const uint8_t *codes, int64_t count, float scale,
                       typename Element::Storage *values) {
  for (int64_t i = 0; i < count; ++i)
    values[i] = Element::encode(Format::decode(codes[i]) * scale);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#define FP8ATTN_QUANTIZE(Element, in, Format, cache)                           \
  extern "C" void FP8ATTN_KERNEL_NAME(quantize, in, cache, f32, 1, 1, 1,       \
                                      generic)(                                \
      const void *source, int64_t count, float scale, void *destination) {     \
    fp8attn::quantize<fp8attn::Format, fp8attn::Element>(                      \
        static_cast<const fp8attn::Element::Storage *>(source), count, scale,  \
        static_cast<uint8_t *>(destination));                                  \
  }

#define FP8ATTN_DEQUANTIZE(Element, in, Format, cache)                         \
  extern "C" void FP8ATTN_KERNEL_NAME(dequantize, in, cache, f32, 1, 1, 1,     \
                                      generic)(                                \
      const void *source, int64_t count, float scale, void *destination) {     \
    fp8attn::dequantize<fp8attn::Format, fp8attn::Element>(                    \
        static_cast<const uint8_t *>(source), count, scale,                    \
        static_cast<fp8attn::Element::Storage *>(destination));                \
  }

/// Both directions between an element type and those of codes.
#define FP8ATTN_CONVERT(Element, in)                                           \
  FP8ATTN_QUANTIZE(Element, in, E4M3, e4m3)                                    \
  FP8ATTN_QUANTIZE(Element, in, E5M2, e5m2)                                    \
  FP8ATTN_QUANTIZE(Element, in, I8, i8)                                        \
  FP8ATTN_DEQUANTIZE(Element, in, E4M3, e4m3)                                  \
  FP8ATTN_DEQUANTIZE(Element, in, E5M2, e5m2)                                  \
  FP8ATTN_DEQUANTIZE(Element, in, I8, i8)

FP8ATTN_CONVERT(Bf16, bf16)
FP8ATTN_CONVERT(F16, f16)
FP8ATTN_CONVERT(F32, f32)
