#===- dlpack.py - memory of other libraries -------------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Tensors that come through DLPack, without a copy.

numpy's own `from_dlpack` refuses bf16 and FP8. The capsule is read and not consumed: it
is kept with the array, and its owner frees it when the array is gone.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from .element_types import DLPACK_TAGGED
from .errors import DataError

# DLDeviceType of memory that a CPU may touch.
_DEVICES = {1: "CPU", 3: "pinned by CUDA", 11: "pinned by ROCm"}
_FLAG_READ_ONLY = 1
# As many as numpy can have.
_MOST_DIMENSIONS = 32
# numpy's kinds of DLDataTypeCode, and their bytes; those of DLPACK_TAGGED are words
# without a sign.
_KINDS = {0: "i", 1: "u", 2: "f", 5: "c", 6: "b"}
_SIZES = {0: (1, 2, 4, 8), 1: (1, 2, 4, 8), 2: (2, 4, 8), 5: (8, 16), 6: (1,)}


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class _Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("manager", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", _Tensor),
    ]


# Prototypes of our own: those of ctypes.pythonapi belong to everybody.
_is_capsule = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_IsValid", ctypes.pythonapi))
_get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_GetPointer", ctypes.pythonapi))


class _Memory:
    """What numpy makes an array of, which keeps this, and this the capsule."""

    def __init__(self, capsule: Any, interface: dict):
        self.capsule, self.__array_interface__ = capsule, interface


def _get_capsule(value: Any) -> Any:
    """Returns the capsule of an exporter on the CPU, with a version if it has one."""
    try:
        device = int(value.__dlpack_device__()[0])
        if device not in _DEVICES:
            raise DataError(f"expects memory of the CPU, got a tensor on a device of DLPack's type {device}")
        try:
            return value.__dlpack__(max_version=(1, 0))
        except TypeError:
            return value.__dlpack__()
    except DataError:
        raise
    except Exception as error:  # Exporters raise what they like.
        raise DataError(f"is not given away by its owner: {type(error).__name__}: {error}") from error


def from_dlpack(value: Any) -> tuple[np.ndarray, str | None]:
    """Returns an array over the memory of `value`, and the name of its element type if
    numpy has no dtype of it. DataError if it is not the CPU's, or of no type of ours."""
    capsule = _get_capsule(value)
    read_only = False
    if _is_capsule(capsule, b"dltensor_versioned"):
        managed = _Versioned.from_address(_get_pointer(capsule, b"dltensor_versioned"))
        if managed.major != 1:
            raise DataError(f"expects DLPack of version 1, got {managed.major}.{managed.minor}")
        tensor, read_only = managed.tensor, bool(managed.flags & _FLAG_READ_ONLY)
    elif _is_capsule(capsule, b"dltensor"):
        tensor = _Tensor.from_address(_get_pointer(capsule, b"dltensor"))
    else:
        raise DataError(f"expects __dlpack__ to return a capsule, got {type(capsule).__name__}")

    tag = DLPACK_TAGGED.get((tensor.code, tensor.bits))
    size = tensor.bits // 8
    sizes = (size,) if tag else _SIZES.get(tensor.code, ())
    if size not in sizes or tensor.lanes != 1 or tensor.bits % 8:
        raise DataError(f"has DLPack's type {tensor.code} with {tensor.bits} bits and {tensor.lanes} lanes, which is none of ours")
    if not 0 <= tensor.ndim <= _MOST_DIMENSIONS or (tensor.ndim and not tensor.shape):
        raise DataError(f"has {tensor.ndim} dimensions{'' if tensor.shape else ' without sizes'}")
    shape = tuple(tensor.shape[i] for i in range(tensor.ndim))
    if min(shape, default=0) < 0:
        raise DataError(f"has sizes {list(shape)}")
    dtype = np.dtype(f"{'u' if tag else _KINDS[tensor.code]}{size}")
    if not tensor.data or 0 in shape:
        return np.empty(shape, dtype), tag
    # None is row-major.
    strides = tuple(tensor.strides[i] * size for i in range(tensor.ndim)) if tensor.strides else None
    address = tensor.data + tensor.byte_offset
    interface = {"version": 3, "shape": shape, "strides": strides, "typestr": dtype.str, "data": (address, read_only)}
    return np.asarray(_Memory(capsule, interface)), tag
