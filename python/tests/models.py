#===- models.py - what the tests have in common ---------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Models that several tests compile, attention in numpy, and an exporter of DLPack."""

import ctypes
import functools

import numpy as np

import fp8attn

# docs/Numerics.md demands this of attention with bf16 operands, in relative L2.
BOUND = 3e-3

QUERY_HEADS, KV_HEADS, HEAD_DIM = 8, 2, 64
SPEC = fp8attn.PagedAttention(QUERY_HEADS, KV_HEADS, HEAD_DIM, lse=True)


@functools.lru_cache(maxsize=None)
def compile_once(model):
    return fp8attn.compile(model)


def attend(query, key, value, causal=True):
    """Returns attention and log-sum-exp, [T, heads, channels] and [T, heads], in float64 of
    the last T tokens to all."""
    group = query.shape[1] // key.shape[1]
    query, key, value = (np.asarray(x, np.float64) for x in (query, key, value))
    key, value = np.repeat(key, group, 1), np.repeat(value, group, 1)
    scores = np.einsum("qhd,khd->hqk", query, key) / np.sqrt(query.shape[2])
    if causal:
        scores = np.where(np.tri(len(query), len(key), len(key) - len(query), dtype=bool), scores, -np.inf)
    largest = scores.max(-1, keepdims=True)
    probs = np.exp(scores - largest)
    total = probs.sum(-1, keepdims=True)
    out = np.einsum("hqk,khd->qhd", probs / total, value)
    return out, (largest + np.log(total))[..., 0].T


def relative_error(got, expected):
    return np.linalg.norm(np.asarray(got, np.float64) - expected) / np.linalg.norm(expected)


def round_trip(numbers, element_type, scale):
    """Returns numbers as a cache has them."""
    if element_type in ("i4", "f4E2M1FN"):
        quotient = fp8attn.to_float32(numbers) / scale
        if element_type == "i4":
            return np.clip(np.rint(quotient), -7, 7) * scale
        # Steps of 1/2 up to 2, of 1 up to 4, of 2 up to 6.
        step = np.select([np.abs(quotient) < 2, np.abs(quotient) < 4], [np.float32(0.5), np.float32(1)], np.float32(2))
        return np.clip(np.rint(quotient / step) * step, -6, 6) * scale
    return fp8attn.dequantize(fp8attn.quantize(numbers, element_type, scale), scale)


_DESTRUCTOR = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
_new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, _DESTRUCTOR)(("PyCapsule_New", ctypes.pythonapi))


class Exporter:
    """A tensor of another library, as torch's: it has `__dlpack__` alone. `array` holds the
    words, `dtype` is DLPack's (code, bits). `exported` has what capsules that live keep."""

    exported = {}

    class _Managed(ctypes.Structure):
        _fields_ = [
            ("major", ctypes.c_uint32), ("minor", ctypes.c_uint32), ("manager", ctypes.c_void_p),
            ("deleter", ctypes.c_void_p), ("flags", ctypes.c_uint64),
            ("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
            ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
            ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64)),
            ("byte_offset", ctypes.c_uint64),
        ]

    def __init__(self, array, dtype, read_only=False, device=1, versioned=True, lanes=1):
        self.array, self.dtype, self.read_only, self.device = array, dtype, read_only, device
        self.versioned, self.lanes = versioned, lanes

    def __dlpack_device__(self):
        return self.device, 0

    def __dlpack__(self, stream=None, **options):
        if options and not self.versioned:
            raise TypeError("an exporter of before version 1")
        array, rank = self.array, self.array.ndim
        shape = (ctypes.c_int64 * rank)(*array.shape)
        strides = (ctypes.c_int64 * rank)(*(stride // array.itemsize for stride in array.strides))
        managed = self._Managed(
            1, 0, None, None, int(self.read_only), array.ctypes.data, self.device, 0, rank, *self.dtype, self.lanes,
            shape, strides, 0)
        address = ctypes.addressof(managed) + (0 if self.versioned else self._Managed.data.offset)
        capsule = _new(address, b"dltensor_versioned" if self.versioned else b"dltensor", _forget)
        # The address of an object is its identity here.
        self.exported[id(capsule)] = array, shape, strides, managed
        return capsule


@_DESTRUCTOR
def _forget(capsule):
    del Exporter.exported[capsule]
