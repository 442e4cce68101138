#===- tools.py - the compiler and the runtime on this machine -------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Finds and runs `fp8attn-compile`, and finds `libFp8AttnRuntimeShared.so` beside it.

Models are compiled by the tool, in a process of its own, and not by libFp8AttnCAPI.so:
LLVM ends the process when memory runs out, which must not be the server's; the libLLVM
and libMLIR of other packages (numba's, torch's) stay apart from ours; and only the tool
links shared libraries. The start of a process is spent once for each model and machine.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pathlib
import shutil
import subprocess
from typing import Sequence

from .errors import CompileError, ToolError

_TOOL = "fp8attn-compile"


def find_compiler() -> str:
    """Returns the path of fp8attn-compile: below $FP8ATTN_PREFIX if that is set, else in
    the installation or build tree that this package is in, else in the PATH. ToolError if
    it is in none of these."""
    prefix = os.environ.get("FP8ATTN_PREFIX")
    # PREFIX/lib/python3/dist-packages/fp8attn/tools.py; links are not followed.
    prefixes = [pathlib.Path(prefix)] if prefix else list(pathlib.Path(os.path.abspath(__file__)).parents)[4:5]
    for folder in prefixes:
        tool = folder / "bin" / _TOOL
        if os.access(tool, os.X_OK) and tool.is_file():
            return str(tool)
    if prefix:
        raise ToolError(f"FP8ATTN_PREFIX is {prefix}, where there is no bin/{_TOOL}")
    found = shutil.which(_TOOL)
    if found is None:
        raise ToolError(f"{_TOOL} is not in the PATH; set FP8ATTN_PREFIX to where fp8attn is installed")
    return found


def find_runtime() -> str:
    """Returns the path of libFp8AttnRuntimeShared.so of the compiler's installation.
    ToolError if it is not there."""
    tool = pathlib.Path(find_compiler())
    # The tool may be a link into the installation.
    for prefix in (tool.parent.parent, tool.resolve().parent.parent):
        # Below lib, or where a distribution has libraries of an architecture.
        for pattern in ("lib*/libFp8AttnRuntimeShared.so", "lib/*/libFp8AttnRuntimeShared.so"):
            for found in prefix.glob(pattern):
                return str(found)
    raise ToolError(f"there is no lib/libFp8AttnRuntimeShared.so, which has the pool of threads, where {tool} is installed")


@functools.lru_cache(maxsize=None)
def _identify(path: str, size: int, changed: int) -> str:
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest() + run(path, ["--version"])[0].decode()


def identify_compiler(path: str) -> str:
    """Returns a text that differs between compilers: a digest of the program, and the
    versions that it and its LLVM say."""
    try:
        found = os.stat(path)
        return _identify(path, found.st_size, found.st_mtime_ns)
    except OSError as error:
        raise ToolError(f"cannot read {path}: {error.strerror}") from error


def run(path: str, options: Sequence[str], text: bytes = b"") -> tuple[bytes, str]:
    """Runs the compiler on a text; returns what it prints, and its diagnostics. ToolError
    if it cannot be started or is ended by a signal, CompileError with its diagnostics if it
    refuses."""
    try:
        done = subprocess.run([path, *options], input=text, capture_output=True, check=False)
    except (OSError, ValueError) as error:
        raise ToolError(f"cannot run {path}: {error}") from error
    diagnostics = done.stderr.decode(errors="replace")
    if done.returncode < 0:
        raise ToolError(f"{path} was ended by signal {-done.returncode}\n{diagnostics}")
    if done.returncode:
        raise CompileError(diagnostics.strip() or f"{path} failed with {done.returncode} and said nothing")
    return done.stdout, diagnostics
