#===- lifetime.py - results that nobody would see -------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Finds results that would be written into an array that only the call refers to, such
as `out=x.astype(...)` or `out=x[[2, 0]]`, both of which are copies.

CPython counts references, and moves what a call of a function in Python is given into its
`**arguments`: a temporary has the one reference of that dictionary then, and whatever
somebody else holds has two or more, however the call is written. (That is not so where an
object with `__call__` is called. A call with `**` holds more itself, so that temporaries
in it are not found.) How that is counted is measured here on objects of which
the answer is known; where the counts do not differ, nothing is called temporary.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .tensors import Tensor

_count = getattr(sys, "getrefcount", lambda value: 0)


def count_references(arguments: dict[str, Any]) -> dict[str, int]:
    """Returns the references to each of the `**arguments` of a function, which is not a
    method."""
    return {name: _count(value) for name, value in arguments.items()}


def _probe(context=None, /, **arguments: Any) -> int:
    """Is called as functions of modules are."""
    return count_references(arguments)["argument"]


class _Holder:
    def __init__(self, held: Any):
        self.held = held


def _count_held(holder: Any, name: str) -> int:
    """Returns the references to the value of an attribute."""
    value = getattr(holder, name)
    return _count(value)


def _measure() -> tuple[int, int]:
    """Returns the counts of a temporary argument and of what one object holds; -1 if they
    do not differ from those of others."""
    variable = object()
    temporary = _probe(argument=object())
    held = _count_held(_Holder(object()), "held")
    least = min(_probe(argument=variable), _probe(**{"argument": variable}))
    differ = least > temporary and _count_held(_Holder(variable), "held") > held
    return (temporary, held) if differ else (-1, -1)


_TEMPORARY, _HELD_ONCE = _measure()


def is_lost(value: Any, references: int) -> bool:
    """Returns whether memory goes with an argument, a Tensor or an array, of which
    `references` were counted. Who holds the memory of others is not known: False."""
    if references > _TEMPORARY:
        return False
    if isinstance(value, Tensor):
        if _count_held(value, "array") > _HELD_ONCE:
            return False
        value = value.array
    while isinstance(value, np.ndarray):
        if value.base is None:
            return True
        if _count_held(value, "base") > _HELD_ONCE:
            return False
        value = value.base
    return False
