#===- abi.py - the structs of fp8attn.h -----------------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""What `fp8attn/Runtime/fp8attn.h` declares, for ctypes.

Members have the names and the order of the header; `test_abi.py` compares the two.
"""

from __future__ import annotations

import ctypes

# FP8ATTN_ABI_VERSION, FP8ATTN_ALIGNMENT (bytes) and FP8ATTN_MAX_RANK.
ABI_VERSION = 11
ALIGNMENT = 64
MAX_RANK = 4

# fp8attn_isa, in order of its numbers.
ISAS = ("generic", "avx2", "avx512", "avx512_bf16", "amx_bf16")


# Sizes or strides of a tensor.
Extents = ctypes.c_int64 * MAX_RANK


class TensorStruct(ctypes.Structure):
    """fp8attn_tensor; strides count elements."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("type", ctypes.c_int32),
        ("rank", ctypes.c_int32),
        ("sizes", Extents),
        ("strides", Extents),
    ]


class CacheStruct(ctypes.Structure):
    """fp8attn_cache."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("num_pages", ctypes.c_int64),
        ("page_bytes", ctypes.c_int64),
    ]


class ContextStruct(ctypes.Structure):
    """fp8attn_context."""

    _fields_ = [
        ("struct_bytes", ctypes.c_uint32),
        ("abi_version", ctypes.c_uint32),
        ("parallel_for", ctypes.c_void_p),
        ("pool", ctypes.c_void_p),
        ("num_workers", ctypes.c_int32),
        ("isa_cap", ctypes.c_int32),
        ("workspace", ctypes.c_void_p),
        ("workspace_bytes", ctypes.c_int64),
        ("isa", ctypes.c_int32),
        ("message", ctypes.c_char * 244),
    ]
