#===- element_types.py - element types of tensors -------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""The element types of the ABI, and how numpy and DLPack hold them.

numpy has neither bf16 nor FP8: their words are uint16 and uint8, and a plain array of
those is never taken for one of them. A `Tensor` says which it is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .errors import DataError, hint


class ElementType(NamedTuple):
    """An element type."""

    # As MLIR and descriptions of entry points write it.
    name: str
    # Its number in fp8attn_type.
    number: int
    # What numpy holds its words in.
    storage: np.dtype
    # Whether an array of that dtype can only be meant to have this type.
    is_plain: bool


def _make(*rows: tuple) -> dict[str, ElementType]:
    return {name: ElementType(name, number, np.dtype(storage), plain) for name, number, storage, plain in rows}


ELEMENT_TYPES = _make(
    ("f32", 0, np.float32, True),
    ("bf16", 1, np.uint16, False),
    ("f8E4M3FN", 2, np.uint8, False),
    ("f8E5M2", 3, np.uint8, False),
    ("i32", 4, np.int32, True),
    ("i64", 5, np.int64, True),
    ("f16", 6, np.float16, True),
    ("i8", 7, np.int8, True),
    ("bool", 8, np.bool_, True),
    ("f8E8M0FNU", 9, np.uint8, False),
)

PLAIN = {row.storage: row for row in ELEMENT_TYPES.values() if row.is_plain}

# DLPack's (code, bits) of types that numpy lacks.
DLPACK_TAGGED = {(4, 16): "bf16", (10, 8): "f8E4M3FN", (12, 8): "f8E5M2", (14, 8): "f8E8M0FNU"}


def get_element_type(name: str) -> ElementType:
    """Returns the element type of a name; DataError, with the nearest, if there is none."""
    found = ELEMENT_TYPES.get(name) if isinstance(name, str) else None
    if found is None:
        raise DataError(f"expects an element type of {', '.join(ELEMENT_TYPES)}, got {name!r}{hint(name, ELEMENT_TYPES)}")
    return found
