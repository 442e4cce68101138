#===- errors.py - what can go wrong ---------------------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Exceptions of the package, all below `Error`.

  Error
    ToolError             the compiler or the runtime library is not there
    CompileError          the compiler refused a model
    FolderError           the folder of compiled objects cannot be used
    LoadError             a file is no object of this version
    DataError             memory that no Tensor or Cache can be made of
    ArgumentError         a call that was not made: it names the argument
      ArgumentNameError     missing or unknown
      ArgumentTypeError     of another type than was compiled
      ArgumentShapeError    of another rank or size
      ArgumentMemoryError   strides, alignment, writability or lifetime
    CallError             a call that the compiled code refused: it has the status
"""

from __future__ import annotations

import difflib
import enum
from typing import Iterable


class Error(Exception):
    """Base of all exceptions of the package."""


class ToolError(Error):
    """The compiler or the runtime library cannot be found or started."""


class CompileError(Error):
    """The compiler refused a model or an option; the text is its diagnostics."""


class FolderError(Error, OSError):
    """The folder of compiled objects cannot be used."""


class LoadError(Error):
    """A file is not a shared library of fp8attn-compile of this version."""


class DataError(Error, ValueError):
    """An object is not, or not without doubt, memory of the type that was named."""


class ArgumentError(Error):
    """A call that was not made because of one argument.

    Attributes: `function` and `argument`, their names; `reason`, what was wrong and
    what was expected.
    """

    def __init__(self, function: str, argument: str, reason: str):
        # All of args, so that an exception can be pickled.
        super().__init__(function, argument, reason)
        self.function, self.argument, self.reason = function, argument, reason

    def __str__(self) -> str:
        return f"{self.function}: {self.argument} {self.reason}"


class ArgumentNameError(ArgumentError, TypeError):
    """An argument is missing, or there is none of that name."""


class ArgumentTypeError(ArgumentError, TypeError):
    """An argument is of another kind or element type than was compiled."""


class ArgumentShapeError(ArgumentError, ValueError):
    """An argument has another rank or size than was compiled."""


class ArgumentMemoryError(ArgumentError, ValueError):
    """An argument's memory has wrong strides or alignment, may not be written, would
    be lost with its results, or is too small."""


class Status(enum.IntEnum):
    """The `fp8attn_status` of a call."""

    OK = 0
    BAD_CONTEXT = 1
    NULL_POINTER = 2
    MISALIGNED = 3
    BAD_TYPE = 4
    BAD_SIZE = 5
    BAD_STRIDE = 6
    BAD_SCALE = 7
    BAD_QUERY_START = 8
    BAD_SEQ_LEN = 9
    BAD_BLOCK_TABLE = 10
    BAD_SLOT = 11
    WORKSPACE_TOO_SMALL = 12
    UNSUPPORTED_ISA = 13
    BAD_PAGE = 14
    OVERLAP = 15
    OUT_OF_MEMORY = 16


class CallError(Error):
    """A call that compiled code refused.

    Attributes: `function`, its name; `status`, a `Status`; `message`, the text of the
    runtime, which names the argument, the offending value and what was expected.
    """

    def __init__(self, function: str, status: Status, message: str):
        super().__init__(function, status, message)
        self.function, self.status, self.message = function, status, message

    def __str__(self) -> str:
        return f"{self.function}: {self.status.name}: {self.message}"


def hint(name: str, known: Iterable[str]) -> str:
    """Returns "; did you mean 'x'?" with the nearest of the known names, or ""."""
    nearest = difflib.get_close_matches(str(name), list(known), n=1)
    return f"; did you mean '{nearest[0]}'?" if nearest else ""
