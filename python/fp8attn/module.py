#===- module.py - compiled objects and their functions --------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Loads a shared library of fp8attn-compile, and calls its entry points by the names of
their arguments, as its own `NAME_describe()` says them."""

from __future__ import annotations

import ctypes
import inspect
import json
import os
import pathlib
from types import MappingProxyType
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Protocol

from .abi import ABI_VERSION, ISAS, ContextStruct
from .arguments import Argument, CacheArgument, read_argument
from .context import Context
from .errors import ArgumentNameError, ArgumentTypeError, CallError, DataError, Error, LoadError, Status, hint
from .lifetime import count_references
from .symbols import read_exports
from .tensors import Cache

# The version of the fields of descriptions that is understood here.
SCHEMA = 1
_DESCRIBE = "_describe"


class Ran(NamedTuple):
    """How a call was done: `isa`, the ISA whose code ran (None where no kernels are
    needed), and `reason`, why it was no better one ("" if there is none)."""

    isa: str | None
    reason: str


class Function(Protocol):
    """An entry point, a function of Python. Calling it runs it:

        ran = function(query=q, cache=c, ..., out=o)
        ran = function(fp8attn.Context(workers=8), query=q, ...)

    All arguments are given by name, and results are written into those that are `written`;
    `help(function)` lists them. A tensor is a `Tensor`, a numpy array, or what has `__dlpack__`
    or the buffer protocol; no memory is copied. What is only read may also be numbers, or
    lists of them, for i32, i64, i8, bool and f32. A cache is a `Cache`, and a number by value
    an int or a float.

    Before the call, an ArgumentError names the argument that is missing, unknown, or of
    another type, rank, size, stride or alignment than was compiled, that is written and
    read-only, or that is written and would be gone afterwards. What is then wrong with
    several arguments together is a CallError, with the status and the text of the compiled
    code. Nothing was written in either case if the function is of one operation
    (docs/Runtime.md, "When a call is refused").

    Other threads run meanwhile, and may call the same function. `arguments` are its
    arguments by name, and `description` is the object's own (docs/Runtime.md,
    "Descriptions").
    """

    __name__: str
    arguments: Mapping[str, Argument]
    description: dict

    def __call__(self, context: Context | None = None, /, **arguments: Any) -> Ran:
        ...

    def workspace_bytes(self, workers: int) -> int:
        """Returns the bytes of workspace that a call with that many workers needs."""
        ...

    def new_cache(self, name: str, num_pages: int, page_bytes: int | None = None) -> Cache:
        """Returns a cache of zeros for the argument `name`; see `Cache`."""
        ...


class _EntryPoint:
    """What a function calls."""

    def __init__(self, library: ctypes.CDLL, description: dict):
        self.name: str = description["name"]
        made = [read_argument(self.name, fields) for fields in description["arguments"]]
        self.arguments: Mapping[str, Argument] = MappingProxyType({argument.name: argument for argument in made})
        self._bytes_per_worker = int(description["workspace"]["bytes_per_worker"])
        self._entry = library[self.name]
        self._entry.restype = ctypes.c_int32
        self._entry.argtypes = [ctypes.POINTER(ContextStruct), *(argument.c_type for argument in made)]

    def workspace_bytes(self, workers: int) -> int:
        return self._bytes_per_worker * workers

    def new_cache(self, name: str, num_pages: int, page_bytes: int | None = None) -> Cache:
        argument = self.arguments.get(name)
        if not isinstance(argument, CacheArgument):
            caches = [argument.name for argument in self.arguments.values() if isinstance(argument, CacheArgument)]
            raise ArgumentNameError(self.name, str(name), f"is no cache; there are: {', '.join(caches) or 'none'}")
        return Cache.zeros(argument.cache_type, num_pages, page_bytes)

    def run(self, context: Context | None, arguments: dict[str, Any], references: dict[str, int]) -> Ran:
        if context is None:
            context = _SERIAL
        elif not isinstance(context, Context):
            raise ArgumentTypeError(
                self.name, "context", f"is a {type(context).__name__}; expects an fp8attn.Context, and arguments by their names")
        self._check_names(arguments)
        # All that the call points to lives as long as this list.
        keep: list = []
        passed = [argument.prepare(arguments[name], references[name], keep) for name, argument in self.arguments.items()]
        with context.use(self.name, self.workspace_bytes(context.workers)) as struct:
            status = self._entry(ctypes.byref(struct), *passed)
            message = struct.message.decode(errors="replace")
            isa = struct.isa
        del keep
        if status != Status.OK:
            raise CallError(self.name, Status(status), message)
        return Ran(ISAS[isa] if 0 <= isa < len(ISAS) else None, message)

    def _check_names(self, arguments: Mapping[str, Any]) -> None:
        for name in arguments:
            if name not in self.arguments:
                missing = [known for known in self.arguments if known not in arguments]
                raise ArgumentNameError(
                    self.name, name, f"is no argument; expects {', '.join(self.arguments) or 'none'}{hint(name, missing)}")
        for name, argument in self.arguments.items():
            if name not in arguments:
                raise ArgumentNameError(self.name, name, f"is missing; expects {argument}")


def _make_function(entry: _EntryPoint, description: dict) -> Function:
    # A function and not an object with __call__, so that temporaries are known (lifetime.py).
    def call(context: Context | None = None, /, **arguments: Any) -> Ran:
        return entry.run(context, arguments, count_references(arguments))

    kinds = inspect.Parameter
    call.__name__ = call.__qualname__ = entry.name
    call.__doc__ = "\n".join(["Arguments, by name:", *(f"  {argument}" for argument in entry.arguments.values()),
                              "fp8attn.Function says what may be passed, and what is raised."])
    call.__signature__ = inspect.Signature(
        [kinds("context", kinds.POSITIONAL_ONLY, default=None), *(kinds(name, kinds.KEYWORD_ONLY) for name in entry.arguments)])
    call.arguments, call.description = entry.arguments, description
    call.workspace_bytes, call.new_cache = entry.workspace_bytes, entry.new_cache
    return call


class Module:
    """The functions of an object, as attributes, or by name: `module.attend`,
    `module["attend"]`; `list(module)` are the names. Attributes: `path`, the file;
    `functions`, by name."""

    def __init__(self, path: pathlib.Path, explain: Callable[[bool], str] | None = None):
        self.path = path
        self._explain = explain
        try:
            exports = set(read_exports(path.read_bytes()))
            self._library = ctypes.CDLL(str(path), mode=ctypes.RTLD_LOCAL)
        except (LoadError, OSError) as error:
            raise LoadError(f"cannot load {path}: {error}") from error
        names = sorted(name[: -len(_DESCRIBE)] for name in exports if name.endswith(_DESCRIBE))
        names = [name for name in names if name in exports and f"{name}_workspace_bytes" in exports]
        self.functions: Mapping[str, Function] = MappingProxyType({name: self._bind(name) for name in names})
        if not names:
            raise LoadError(f"{path} has no entry point of fp8attn-compile")

    def _bind(self, name: str) -> Function:
        describe = self._library[name + _DESCRIBE]
        describe.restype, describe.argtypes = ctypes.c_char_p, []
        try:
            description = json.loads(describe())
            for field, expected in (("schema", SCHEMA), ("abi_version", ABI_VERSION), ("name", name), ("runtime_checks", True)):
                if description[field] != expected:
                    raise LoadError(f"{self.path}: expects {field} of {name} to be {expected}, got {description[field]}")
            return _make_function(_EntryPoint(self._library, description), description)
        except (TypeError, ValueError, KeyError, DataError) as error:
            raise LoadError(f"{self.path}: the description of {name} cannot be read: {error!r}") from error

    def explain(self, candidates: bool = False) -> str:
        """Returns which kernels the functions use, and with `candidates` why not others:
        what `fp8attn-compile --explain` prints. Error if the module was loaded from a file."""
        if self._explain is None:
            raise Error(f"{self.path} was loaded, and its text is not known; compile it to explain it")
        return self._explain(candidates)

    def __getitem__(self, name: str) -> Function:
        if name not in self.functions:
            raise KeyError(f"there is no function {name!r} in {', '.join(self)}{hint(name, self)}")
        return self.functions[name]

    def __getattr__(self, name: str) -> Function:
        functions = self.__dict__.get("functions", {})
        if name not in functions:
            raise AttributeError(f"there is no function {name!r} in {', '.join(functions)}{hint(name, functions)}")
        return functions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.functions)

    def __repr__(self) -> str:
        return f"<Module of {', '.join(self)} in {self.path}>"


def load(path: str | os.PathLike) -> Module:
    """Loads a shared library that `fp8attn-compile -o x.so` made. Its code is run: load none
    that you would not run. LoadError if it is none, or of another version, or was compiled
    with --no-runtime-checks."""
    # Without a folder, the loader would look elsewhere.
    return Module(pathlib.Path(os.path.abspath(path)))


_SERIAL = Context()
