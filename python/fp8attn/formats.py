#===- formats.py - bf16, FP8 and i8 numbers -------------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Conversions to and from bf16, FP8 and i8, vectorised, bit for bit those of compiled code
and of GPUs (docs/Numerics.md).

Sources are float32, float16 or bf16, all of which float32 holds exactly. float64 is
refused: rounding it first to float32 and then again would give other codes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .errors import DataError
from .tensors import Tensor, as_tensor


class _Format(NamedTuple):
    exponent_bits: int
    mantissa_bits: int
    # Code of the largest finite number.
    largest: int
    has_infinity: bool

    @property
    def bias(self) -> int:
        return (1 << (self.exponent_bits - 1)) - 1


_FORMATS = {"f8E4M3FN": _Format(4, 3, 0x7E, False), "f8E5M2": _Format(5, 2, 0x7B, True)}
_NAN = 0x7F
# What an i8 saturates to, of either sign: -128 is read, but not made.
_LARGEST_I8 = 127


def _make_values(name: str) -> np.ndarray:
    """Returns the value of each of the 256 codes, float32."""
    codes = np.arange(256)
    if name == "f8E8M0FNU":
        return np.append(np.ldexp(np.float64(1), codes[:255] - 127), np.nan).astype(np.float32)
    form = _FORMATS[name]
    exponent = (codes & 0x7F) >> form.mantissa_bits
    mantissa = codes & ((1 << form.mantissa_bits) - 1)
    is_normal = exponent > 0
    significand = mantissa + (is_normal << form.mantissa_bits)
    values = np.ldexp(significand.astype(np.float64), np.maximum(exponent, 1) - form.bias - form.mantissa_bits)
    beyond = (codes & 0x7F) > form.largest
    values[beyond] = np.nan
    if form.has_infinity:
        values[(codes & 0x7F) == form.largest + 1] = np.inf
    return np.where(codes & 0x80, -values, values).astype(np.float32)


_VALUES = {name: _make_values(name) for name in (*_FORMATS, "f8E8M0FNU")}


def to_float32(source: Any) -> np.ndarray:
    """Returns the numbers of a Tensor, or of an array of float32, float16 or int8, as float32:
    exact for bf16, f16, f32, i8 and every code of FP8. Numbers that are float32 already are
    not copied. DataError for other types."""
    tensor = as_tensor(source)
    if tensor.element_type in _VALUES:
        return _VALUES[tensor.element_type][tensor.array]
    if tensor.element_type == "bf16":
        return (tensor.array.astype(np.uint32) << np.uint32(16)).view(np.float32)
    if tensor.element_type not in ("f32", "f16", "i8"):
        raise DataError(f"expects floating-point numbers, got {tensor.element_type}")
    return tensor.array.astype(np.float32, copy=False)


def to_bf16(source: Any) -> Tensor:
    """Returns the numbers of a Tensor or an array of float32 or float16 as bf16, rounded to
    the nearest and of two equally near to the even one. A NaN stays one, quiet, with its
    sign."""
    numbers = to_float32(source)
    bits = numbers.view(np.uint32)
    rounded = (bits + (((bits >> np.uint32(16)) & np.uint32(1)) + np.uint32(0x7FFF))) >> np.uint32(16)
    quiet = (bits >> np.uint32(16)) | np.uint32(0x40)
    return Tensor(np.asarray(np.where(np.isnan(numbers), quiet, rounded).astype(np.uint16)), "bf16")


def quantize(source: Any, element_type: str, scale: Any = 1.0) -> Tensor:
    """Returns codes of `source / scale`, of its shape.

    `element_type` is f8E4M3FN, f8E5M2 or i8. `scale` is a number or an array that numpy
    broadcasts to the shape of `source`, finite and greater than 0, in float32. The quotient
    is one of float32, rounded to the nearest code and of two equally near to the even one;
    from the largest finite number (448; 57,344) on, and for infinity, it is that number with
    the sign, and 0x7F for NaN; i8 is at most 127, of either sign, and 0 for NaN. DataError for
    other types and scales.
    """
    form = _FORMATS.get(element_type)
    if form is None and element_type != "i8":
        raise DataError(f"expects one of {', '.join(_FORMATS)}, i8, got {element_type!r}")
    numbers = to_float32(source)
    with np.errstate(all="ignore"):
        quotient = np.asarray(numbers / _check_scale(scale, numbers.shape))
    if form is None:
        rounded = np.rint(np.clip(quotient, -_LARGEST_I8, _LARGEST_I8))
        return Tensor(np.asarray(np.where(np.isnan(quotient), 0, rounded).astype(np.int8)), element_type)
    with np.errstate(all="ignore"):
        size = np.asarray(np.abs(quotient))
        # Subnormal codes are multiples of a power of two, so that the product is exact.
        step = np.float32(2.0 ** (form.bias + form.mantissa_bits - 1))
        is_subnormal = size < np.float32(2.0 ** (1 - form.bias))
        subnormal = np.rint(np.where(is_subnormal, size, 0) * step).astype(np.uint32)
    shift = np.uint32(23 - form.mantissa_bits)
    bits = size.view(np.uint32)
    rounded = (bits + (((bits >> shift) & np.uint32(1)) + np.uint32((1 << (int(shift) - 1)) - 1))) >> shift
    rebias = np.uint32((127 - form.bias) << form.mantissa_bits)
    # Those below are subnormal and wrap around; what is beyond the largest saturates.
    normal = np.minimum(rounded - rebias, np.uint32(form.largest))
    codes = np.where(is_subnormal, subnormal, normal) | (np.signbit(quotient).astype(np.uint32) << np.uint32(7))
    codes = np.where(np.isnan(quotient), np.uint32(_NAN), codes)
    return Tensor(np.asarray(codes.astype(np.uint8)), element_type)


def dequantize(source: Tensor, scale: Any = 1.0) -> np.ndarray:
    """Returns `source * scale` in float32, of the shape of `source`: each code's exact value,
    and one product. `scale` is as in `quantize`."""
    numbers = to_float32(source)
    with np.errstate(all="ignore"):
        return numbers * _check_scale(scale, numbers.shape)


def _check_scale(scale: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Returns a scale as float32 that broadcasts to a shape."""
    factors = np.asarray(scale)
    if isinstance(scale, (int, float)) and not isinstance(scale, bool):
        factors = factors.astype(np.float32)
    if factors.dtype != np.float32:
        raise DataError(f"expects scales of float32, got {factors.dtype}")
    if not np.all(np.isfinite(factors) & (factors > 0)):
        raise DataError("expects scales that are finite and greater than 0")
    try:
        return np.broadcast_to(factors, shape)
    except ValueError as error:
        raise DataError(f"expects a scale that broadcasts to {list(shape)}, got {list(factors.shape)}") from error
