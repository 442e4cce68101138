#===- compiler.py - from MLIR to a loaded module --------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Compiles models, each once for a machine and a compiler."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import platform
from typing import Protocol, Sequence

from .errors import CompileError
from .folder import default_folder, find_object, open_folder, store_object
from .module import Module
from .tools import find_compiler, identify_compiler, run

# Grows with every change of what the name of an object is made of.
_KEY_VERSION = 1


class Spec(Protocol):
    """What writes a model itself, such as `PagedAttention`."""

    def mlir(self) -> str:
        """Returns the text of the model."""
        ...


def _read_model(model: str | bytes | os.PathLike | Spec) -> bytes:
    if hasattr(model, "mlir"):
        return model.mlir().encode()
    if isinstance(model, os.PathLike):
        return pathlib.Path(model).read_bytes()
    if isinstance(model, str):
        if "\n" not in model and model.endswith(".mlir"):
            raise CompileError(f"expects the text of a model, got {model!r}; name a file with pathlib.Path")
        try:
            return model.encode()
        except UnicodeEncodeError as error:
            raise CompileError(f"expects text that is UTF-8: {error}") from error
    if isinstance(model, bytes):
        return model
    raise TypeError(f"expects MLIR as str or bytes, a path or a spec, got a {type(model).__name__}")


def _describe_host() -> str:
    """Returns what the CPU of this machine can do: code for it may be wrong for another."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n\n")[0].splitlines()
    except OSError:
        lines = []
    kept = [line for line in lines if line.startswith(("model", "vendor_id", "cpu family", "flags", "Features", "CPU "))]
    return "\n".join([platform.machine(), *kept])


def compile(
    model: str | bytes | os.PathLike | Spec,
    *,
    cpu: str | None = None,
    features: str | None = None,
    isa: str | None = None,
    fat: bool = False,
    mix_isas: bool = False,
    force: Sequence[str] = (),
    folder: str | os.PathLike | None = None,
) -> Module:
    """Compiles a model and loads it.

    `model` is MLIR, as text or bytecode, a `pathlib.Path` of a file of it, or a spec
    (`PagedAttention`, `DenseAttention`). The object has all kernels in it and is kept in
    `folder` (default: $FP8ATTN_CACHE_DIR, else ~/.cache/fp8attn) for the next call with the
    same model, options and compiler, in this process or another. Any number of processes may
    compile at once. A folder that is deleted takes nothing from modules that are loaded.

    The options are those of `fp8attn-compile` of these names (`cpu` is --mcpu, `features`
    --mattr). Without `cpu` the code is for this machine, and other machines that share the
    folder have objects of their own.

    CompileError with the compiler's diagnostics if it refuses; ToolError if there is no
    compiler; FolderError if the folder cannot be used; OSError if a model cannot be read.
    """
    text = _read_model(model)
    options = [f"--{name}={value}" for name, value in (("mcpu", cpu), ("mattr", features), ("isa", isa)) if value is not None]
    options += ["--fat"] * bool(fat) + ["--mix-isas"] * bool(mix_isas)
    options += [f"--force={','.join([force] if isinstance(force, str) else force)}"] * bool(force)
    tool = find_compiler()

    def explain(candidates: bool) -> str:
        printed, _ = run(tool, [*options, "--explain=all" if candidates else "--explain", "-"], text)
        return printed.decode()

    def write(path: pathlib.Path) -> None:
        run(tool, [*options, "-", "-o", str(path)], text)

    inputs = [_KEY_VERSION, identify_compiler(tool), _describe_host(), options, hashlib.sha256(text).hexdigest()]
    key = hashlib.sha256(json.dumps(inputs).encode()).hexdigest()
    place = pathlib.Path(os.path.abspath(folder)) if folder is not None else pathlib.Path(os.path.abspath(default_folder()))
    open_folder(place)
    return Module(find_object(place, key) or store_object(place, key, write), explain)
