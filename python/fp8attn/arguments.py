#===- arguments.py - arguments of entry points, and their checks ----------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""What the description of an entry point says of its arguments, and the check of what a
call passes for them, before the call.

Here is checked what an argument is by itself. What arguments have to do with each other
(sizes that must agree, tables, scales, overlap) the compiled code checks.
"""

from __future__ import annotations

import ctypes
import dataclasses
import math
from typing import Any

import numpy as np

from .abi import CacheStruct, Extents, TensorStruct
from .element_types import get_element_type
from .errors import ArgumentMemoryError, ArgumentShapeError, ArgumentTypeError, DataError
from .lifetime import is_lost
from .tensors import Cache, CacheType, Tensor, as_tensor


def _format(sizes: Any) -> str:
    return "[" + ", ".join("?" if size is None else str(size) for size in sizes) + "]"


@dataclasses.dataclass(frozen=True)
class TensorArgument:
    """A tensor that a function takes; None in `shape` and `strides`, which count elements,
    is given by the call. `alignment` is in bytes."""

    function: str
    name: str
    role: str | None
    element_type: str
    shape: tuple[int | None, ...]
    strides: tuple[int | None, ...]
    written: bool
    alignment: int

    c_type = ctypes.POINTER(TensorStruct)

    def __str__(self) -> str:
        return f"{self.name}: {'written ' if self.written else ''}{self.element_type} {_format(self.shape)}"

    def prepare(self, value: Any, references: int, keep: list) -> Any:
        """Returns what to pass for `value`; `keep` has to live as long as the call."""
        tensor = self._convert(value)
        # Before a variable here refers to the array, too.
        if self.written and is_lost(value, references):
            raise ArgumentMemoryError(
                self.function, self.name,
                "is written, but is a temporary array, which would be gone with the results; expects one that you keep")
        array = tensor.array
        self._check_shape(array)
        address = array.ctypes.data if array.size else None
        if address is not None:
            self._check_memory(array, address)
        # Nobody takes a step along one element, whatever numpy says there.
        strides = Extents(*(1 if size == 1 else stride // array.itemsize for size, stride in zip(array.shape, array.strides)))
        struct = TensorStruct(address, get_element_type(self.element_type).number, array.ndim, Extents(*array.shape), strides)
        keep += [value, tensor, struct]
        return ctypes.byref(struct)

    def _convert(self, value: Any) -> Tensor:
        is_literal = isinstance(value, (list, tuple, int, float)) and not isinstance(value, np.generic)
        if is_literal and self.written:
            raise ArgumentTypeError(
                self.function, self.name,
                f"is written, and expects memory of yours; got a {type(value).__name__}, a copy of which would get the results")
        if isinstance(value, (Cache, CacheType)):
            raise ArgumentTypeError(self.function, self.name, f"expects a tensor of {self.element_type}, got a Cache")
        try:
            tensor = self._from_literal(value) if is_literal else as_tensor(value)
            tensor.check()
        except DataError as error:
            raise ArgumentTypeError(self.function, self.name, f"expects {self.element_type}: {error}") from error
        if tensor.element_type != self.element_type:
            raise ArgumentTypeError(self.function, self.name, f"expects {self.element_type}, got {tensor.element_type}")
        return tensor

    def _from_literal(self, value: Any) -> Tensor:
        """Makes a tensor of numbers, or lists of them, that are exactly of the type."""
        storage = get_element_type(self.element_type).storage
        if self.element_type not in ("i8", "i32", "i64", "f32", "bool"):
            raise DataError(f"numbers of Python are none; convert them first, got a {type(value).__name__}")
        try:
            numbers = np.asarray(value)
        except (ValueError, OverflowError) as error:
            raise DataError(f"got lists of which no array can be made: {error}") from error
        if numbers.size == 0:
            return Tensor(numbers.astype(storage), self.element_type)
        kinds = {"f": "if", "i": "i", "b": "b"}[storage.kind]
        if numbers.dtype.kind not in kinds:
            raise DataError(f"got numbers of {numbers.dtype}")
        if storage.kind == "i":
            limits = np.iinfo(storage)
            beyond = numbers[(numbers < limits.min) | (numbers > limits.max)]
            if beyond.size:
                raise DataError(f"got {beyond.flat[0]}, which is beyond {limits.min} to {limits.max}")
        with np.errstate(over="ignore"):
            words = np.asarray(numbers.astype(storage))
        if storage.kind == "f" and not np.array_equal(np.isfinite(words), np.isfinite(numbers)):
            raise DataError("got a number that is beyond f32")
        return Tensor(words, self.element_type)

    def _check_shape(self, array: np.ndarray) -> None:
        if array.ndim != len(self.shape):
            raise ArgumentShapeError(
                self.function, self.name,
                f"has rank {array.ndim}, of shape {_format(array.shape)}; expects rank {len(self.shape)}, {_format(self.shape)}")
        for dimension, (size, expected) in enumerate(zip(array.shape, self.shape)):
            if expected is not None and size != expected:
                raise ArgumentShapeError(
                    self.function, self.name,
                    f"has size {size} in dimension {dimension}, of shape {_format(array.shape)}; expects {_format(self.shape)}")

    def _check_memory(self, array: np.ndarray, address: int) -> None:
        if self.written and not array.flags.writeable:
            raise ArgumentMemoryError(self.function, self.name, "is written, but its memory is read-only")
        if address % self.alignment:
            raise ArgumentMemoryError(self.function, self.name, f"is at {address:#x}; expects a multiple of {self.alignment} bytes")
        for dimension, (size, stride, expected) in enumerate(zip(array.shape, array.strides, self.strides)):
            if size == 1:
                continue
            if stride % array.itemsize:
                raise ArgumentMemoryError(
                    self.function, self.name,
                    f"has a stride of {stride} bytes in dimension {dimension}; expects a multiple of its {array.itemsize} bytes an element")
            elements = stride // array.itemsize
            if elements < 1 or (expected is not None and elements != expected):
                raise ArgumentMemoryError(
                    self.function, self.name,
                    f"has stride {elements} in dimension {dimension}; expects "
                    f"{'at least 1' if expected is None else expected} (elements; numpy.ascontiguousarray makes a row-major copy)")


@dataclasses.dataclass(frozen=True)
class CacheArgument:
    """A paged cache that a function takes."""

    function: str
    name: str
    role: str | None
    cache_type: CacheType
    written: bool

    c_type = ctypes.POINTER(CacheStruct)

    def __str__(self) -> str:
        return f"{self.name}: {'written ' if self.written else ''}{self.cache_type}"

    def prepare(self, value: Any, references: int, keep: list) -> Any:
        """Returns what to pass for `value`; `keep` has to live as long as the call."""
        if not isinstance(value, Cache):
            raise ArgumentTypeError(self.function, self.name, f"expects an fp8attn.Cache, got a {type(value).__name__}")
        try:
            value.check()
        except DataError as error:
            raise ArgumentMemoryError(self.function, self.name, str(error)) from error
        if value.cache_type != self.cache_type:
            raise ArgumentTypeError(self.function, self.name, f"expects a {self.cache_type}; got a {value.cache_type}")
        if self.written and not value.memory.flags.writeable:
            raise ArgumentMemoryError(self.function, self.name, "is written, but its memory is read-only")
        struct = CacheStruct(value.memory.ctypes.data if value.memory.size else None, value.num_pages, value.page_bytes)
        keep += [value, struct]
        return ctypes.byref(struct)


_SCALARS = {"f32": ctypes.c_float, "i32": ctypes.c_int32, "i64": ctypes.c_int64}


@dataclasses.dataclass(frozen=True)
class ScalarArgument:
    """A number that a function takes by value."""

    function: str
    name: str
    role: str | None
    element_type: str
    written = False

    @property
    def c_type(self) -> Any:
        return _SCALARS[self.element_type]

    def __str__(self) -> str:
        return f"{self.name}: {self.element_type}"

    def prepare(self, value: Any, references: int, keep: list) -> Any:
        """Returns the number to pass for `value`: an integer, or a float for f32."""
        is_float = self.element_type == "f32"
        types = (int, float, np.integer, np.floating) if is_float else (int, np.integer)
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, types):
            raise ArgumentTypeError(
                self.function, self.name, f"expects {'a number' if is_float else 'an integer'} for {self.element_type}, got {value!r}")
        number = self.c_type(value)
        if is_float and math.isfinite(value) and not math.isfinite(number.value) or not is_float and number.value != value:
            raise ArgumentTypeError(self.function, self.name, f"is {value}, which is beyond {self.element_type}")
        return number


Argument = TensorArgument | CacheArgument | ScalarArgument


def read_argument(function: str, fields: dict) -> Argument:
    """Makes an argument of its fields of a description. KeyError or ValueError if they are
    not those of this version."""
    head = (function, fields["name"], fields["role"])
    if fields["kind"] == "scalar":
        if fields["element_type"] not in _SCALARS:
            raise ValueError(f"unknown type of a number {fields['element_type']!r}")
        return ScalarArgument(*head, fields["element_type"])
    if fields["kind"] == "tensor":
        get_element_type(fields["element_type"])
        return TensorArgument(*head, fields["element_type"], tuple(fields["shape"]), tuple(fields["strides"]),
                              fields["written"], fields["alignment"])
    if fields["kind"] != "cache":
        raise ValueError(f"unknown kind of argument {fields['kind']!r}")
    names = [field.name for field in dataclasses.fields(CacheType)]
    return CacheArgument(*head, CacheType(**{name: fields.get(name) for name in names}), fields["written"])
