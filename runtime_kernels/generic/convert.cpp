//===- convert.cpp - dense FP8 tensors ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The portable quantize and dequantize rows of kernels.def.
//
//===----------------------------------------------------------------------===//

#include "common/fp8_format.h"
#include "common/kernel_declarations.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// float as an element type, beside Bf16.
struct F32 {
  using Storage = float;
  static float encode(float value) { return value; }
};

/// bf16 to FP8, see fp8attn_uk_convert_fn.
template <typename Format>
static void quantize(const uint16_t *source, int64_t count, float scale,
                     uint8_t *codes) {
  for (int64_t i = 0; i < count; ++i)
    codes[i] = Format::encode(Bf16::decode(source[i]) / scale);
}

/// FP8 to Element, see fp8attn_uk_convert_fn.
template <typename Format, typename Element>
static void dequantize(const uint8_t *codes, int64_t count, float scale,
                       typename Element::Storage *values) {
  for (int64_t i = 0; i < count; ++i)
    values[i] = Element::encode(Format::decode(codes[i]) * scale);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#define FP8ATTN_QUANTIZE(Format, cache)                                        \
  extern "C" void FP8ATTN_KERNEL_NAME(quantize, bf16, cache, f32, 1, 1, 1,     \
                                      generic)(                                \
      const void *source, int64_t count, float scale, void *destination) {     \
    fp8attn::quantize<fp8attn::Format>(static_cast<const uint16_t *>(source),  \
                                       count, scale,                           \
                                       static_cast<uint8_t *>(destination));   \
  }

#define FP8ATTN_DEQUANTIZE(Element, in, Format, cache)                         \
  extern "C" void FP8ATTN_KERNEL_NAME(dequantize, in, cache, f32, 1, 1, 1,     \
                                      generic)(                                \
      const void *source, int64_t count, float scale, void *destination) {     \
    fp8attn::dequantize<fp8attn::Format, fp8attn::Element>(                    \
        static_cast<const uint8_t *>(source), count, scale,                    \
        static_cast<fp8attn::Element::Storage *>(destination));                \
  }

FP8ATTN_QUANTIZE(E4M3, e4m3)
FP8ATTN_QUANTIZE(E5M2, e5m2)
FP8ATTN_DEQUANTIZE(Bf16, bf16, E4M3, e4m3)
FP8ATTN_DEQUANTIZE(Bf16, bf16, E5M2, e5m2)
FP8ATTN_DEQUANTIZE(F32, f32, E4M3, e4m3)
FP8ATTN_DEQUANTIZE(F32, f32, E5M2, e5m2)
