#===- tensors.py - tensors and caches -------------------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Memory with an element type, and paged caches. Nothing here copies."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from .abi import ALIGNMENT
from .dlpack import from_dlpack
from .element_types import ELEMENT_TYPES, PLAIN, get_element_type
from .errors import DataError


def allocate(num_bytes: int) -> np.ndarray:
    """Returns `num_bytes` bytes of memory, uint8, aligned to 64 bytes; their contents
    are undefined. MemoryError if there is not as much."""
    memory = np.empty(num_bytes + ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % ALIGNMENT
    return memory[begin : begin + num_bytes]


def _view(value: Any) -> tuple[np.ndarray, str | None]:
    """Returns an array over the memory of an object, and its element type if the object
    says one that numpy lacks."""
    if isinstance(value, np.ma.MaskedArray):
        raise DataError("is a masked array, whose mask nobody would see; expects its data or a filled copy")
    if isinstance(value, np.ndarray):
        return value, None
    if isinstance(value, np.generic):
        return np.asarray(value), None
    if hasattr(value, "__dlpack__"):
        return from_dlpack(value)
    try:
        return np.asarray(memoryview(value)), None
    except (TypeError, ValueError, NotImplementedError) as error:
        expected = "a Tensor, a numpy array, or an object with __dlpack__ or the buffer protocol"
        raise DataError(f"is a {type(value).__name__}; expects {expected}") from error


class Tensor:
    """Memory of numbers of a known element type.

    `Tensor(array, element_type)` tags the words of `array`, a numpy array or what has
    `__dlpack__` or the buffer protocol, without a copy:

      element type                              words
      bf16                                      uint16
      f8E4M3FN, f8E5M2, f8E8M0FNU               uint8
      f32, f16, i64, i32, i8, bool              float32, float16, int64, int32, int8, bool

    It keeps the memory alive. Attributes: `array`, a numpy array of the words, and
    `element_type`, a name of the table. DataError if the words are of another dtype, or
    the object says that they are of another type.
    """

    __slots__ = ("array", "element_type")
    array: np.ndarray
    element_type: str

    def __init__(self, array: Any, element_type: str):
        get_element_type(element_type)
        if isinstance(array, Tensor):
            words, said = array.array, array.element_type
        else:
            words, said = _view(array)
        if said is not None and said != element_type:
            raise DataError(f"is {said}, and cannot be called {element_type}")
        self.array, self.element_type = words, element_type
        self.check()

    def check(self) -> None:
        """Raises DataError if `array` is not of the dtype of `element_type`. Calls check that,
        too: both can be changed."""
        if not isinstance(self.array, np.ndarray):
            raise DataError(f"expects an array of numpy, got a {type(self.array).__name__}")
        storage = get_element_type(self.element_type).storage
        if self.array.dtype != storage:
            raise DataError(f"has dtype {self.array.dtype}; expects {storage} for {self.element_type}")

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes in elements."""
        return self.array.shape

    def __getitem__(self, index: Any) -> Tensor:
        """Returns a part, as numpy selects it: slices are views."""
        return Tensor(np.asarray(self.array[index]), self.element_type)

    def __repr__(self) -> str:
        return f"Tensor({list(self.shape)}, {self.element_type})"


def as_tensor(value: Any) -> Tensor:
    """Returns a Tensor over the memory of an object that says its element type: a Tensor,
    a numpy array of a dtype that the ABI has, or another object with `__dlpack__` (torch's
    tensors, bf16 included) or the buffer protocol. DataError otherwise: words of uint8 or
    uint16 may be anything, and need Tensor(array, element_type)."""
    if isinstance(value, Tensor):
        return value
    array, element_type = _view(value)
    if element_type is None:
        row = PLAIN.get(array.dtype)
        if row is None:
            tags = [name for name, row in ELEMENT_TYPES.items() if row.storage == array.dtype]
            say = f"say which with fp8attn.Tensor(array, {tags[0]!r})" if tags else f"expects one of {', '.join(map(str, PLAIN))}"
            raise DataError(f"has dtype {array.dtype}, which is {'one of ' + ', '.join(tags) if tags else 'no element type'}: {say}")
        element_type = row.name
    return Tensor(array, element_type)


def zeros(shape: Any, element_type: str) -> Tensor:
    """Returns a row-major Tensor of zeros, aligned to 64 bytes. `shape` counts elements."""
    storage = get_element_type(element_type).storage
    shape = tuple(int(size) for size in np.atleast_1d(shape)) if shape != () else ()
    if any(size < 0 for size in shape):
        raise DataError(f"expects sizes of at least 0, got {list(shape)}")
    count = int(np.prod(shape, dtype=object)) if shape else 1
    memory = allocate(count * storage.itemsize)
    memory[:] = 0
    return Tensor(memory.view(storage).reshape(shape), element_type)


@dataclasses.dataclass(frozen=True)
class CacheType:
    """What a cache is compiled for: `!fp8attn.cache<...>`, as a description has it.

    `page_bytes` are the bytes of a page, the least distance between two; `head_bytes` and
    `value_offset`, in bytes, say where a head's part of it and the values in that begin. In a
    `latent` cache, the first `value_head_dim` channels of the keys are the values, and the
    last `rope_head_dim`, if there are some, are bf16.
    """

    content: str
    element_type: str
    heads: int
    head_dim: int
    page_tokens: int
    layout: str
    page_bytes: int
    head_bytes: int
    value_offset: int | None
    value_head_dim: int | None = None
    rope_head_dim: int | None = None

    def __str__(self) -> str:
        latent = "" if self.value_head_dim is None else f", of values {self.value_head_dim}"
        latent += "" if self.rope_head_dim is None else f", the last {self.rope_head_dim} channels bf16"
        return (f"{self.content} cache of {self.element_type}, {self.heads} heads of {self.head_dim}{latent}, "
                f"pages of {self.page_tokens} tokens, layout {self.layout}")


class Cache:
    """A paged cache in memory of the caller's, which it keeps alive.

    `memory` is contiguous, of any dtype, with 64-byte alignment, and holds `num_pages`
    pages at a distance of `page_bytes` bytes: a multiple of 64, at least that of the type,
    which is the default. What is between pages stays the caller's. DataError if the memory
    is too small, not contiguous or not aligned.
    """

    __slots__ = ("cache_type", "memory", "num_pages", "page_bytes")

    def __init__(self, cache_type: CacheType, memory: Any, num_pages: int, page_bytes: int | None = None):
        array = memory.array if isinstance(memory, Tensor) else _view(memory)[0]
        if not array.flags.c_contiguous:
            raise DataError("expects the memory of a cache to be contiguous")
        self.cache_type, self.num_pages = cache_type, num_pages
        self.page_bytes = getattr(cache_type, "page_bytes", 0) if page_bytes is None else page_bytes
        self.memory = array.reshape(-1).view(np.uint8) if array.size else np.empty(0, np.uint8)
        self.check()

    def check(self) -> None:
        """Raises DataError if the pages are not in the memory, or not where they may be. Calls
        check that, too: attributes can be changed."""
        for name, kind in (("cache_type", CacheType), ("memory", np.ndarray)):
            if not isinstance(getattr(self, name), kind):
                raise DataError(f"expects a {kind.__name__} as {name}, got a {type(getattr(self, name)).__name__}")
        least = self.cache_type.page_bytes
        for name in ("num_pages", "page_bytes"):
            number = getattr(self, name)
            if not isinstance(number, (int, np.integer)) or isinstance(number, bool) or number < 0:
                raise DataError(f"expects {name} to be an integer of at least 0, got {number!r}")
        if self.page_bytes < least or self.page_bytes % ALIGNMENT:
            raise DataError(f"expects page_bytes to be a multiple of {ALIGNMENT} from {least} on, got {self.page_bytes}")
        if self.num_pages and self.memory.ctypes.data % ALIGNMENT:
            raise DataError(f"expects the memory of a cache to be aligned to {ALIGNMENT} bytes, got {self.memory.ctypes.data:#x}")
        needed = (int(self.num_pages) - 1) * int(self.page_bytes) + least if self.num_pages else 0
        if self.memory.nbytes < needed or not self.memory.flags.c_contiguous:
            raise DataError(f"expects at least {needed} contiguous bytes for {self.num_pages} pages, got {self.memory.nbytes}")

    @classmethod
    def zeros(cls, cache_type: CacheType, num_pages: int, page_bytes: int | None = None) -> Cache:
        """Returns a cache in new memory of zeros."""
        if not isinstance(num_pages, (int, np.integer)) or num_pages < 0:
            raise DataError(f"expects num_pages to be an integer of at least 0, got {num_pages!r}")
        memory = allocate(int(num_pages) * (page_bytes or cache_type.page_bytes))
        memory[:] = 0
        return cls(cache_type, memory, num_pages, page_bytes)

    def __repr__(self) -> str:
        return f"Cache({self.num_pages} pages, {self.cache_type})"
