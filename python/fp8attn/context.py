#===- context.py - threads, ISA and workspace of calls --------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""What calls may use: the context of the C ABI, made anew for each call."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import threading
import weakref
from typing import Any, Iterator

import numpy as np

from .abi import ABI_VERSION, ALIGNMENT, ISAS, ContextStruct
from .errors import ArgumentMemoryError, DataError, Error, hint
from .tensors import Tensor, _view, allocate
from .tools import find_runtime

# FP8ATTN_MAX_POOL_WORKERS
_MOST_WORKERS = 4096

_of_thread = threading.local()


@functools.lru_cache(maxsize=None)
def _load_runtime() -> ctypes.CDLL:
    library = ctypes.CDLL(find_runtime())
    library.fp8attn_pool_create.restype = ctypes.c_void_p
    library.fp8attn_pool_create.argtypes = [ctypes.c_int32]
    library.fp8attn_pool_destroy.restype = None
    library.fp8attn_pool_destroy.argtypes = [ctypes.c_void_p]
    return library


def _get_workspace(num_bytes: int) -> np.ndarray:
    """Returns the workspace of this thread, which grows with its largest call and is kept
    until the thread ends."""
    kept = getattr(_of_thread, "workspace", None)
    if kept is None or kept.nbytes < num_bytes:
        kept = _of_thread.workspace = allocate(num_bytes)
    return kept


class Context:
    """What calls may use. Any number of threads may pass one to their calls.

    `workers`: threads of a call, 1 to 4096. Results do not depend on it. With more than
    one, the context has a pool of `libFp8AttnRuntimeShared.so`, and calls that use it at the same
    time take turns in their loops. After `os.fork`, calls of the child run on one thread.

    `isa_cap`: the best ISA that calls may use ("generic", "avx2", "avx512",
    "avx512_bf16", "amx_bf16"); None is no cap.

    `workspace`: writable memory to use instead of that which each thread has of its own,
    contiguous and aligned to 64 bytes, of `Function.workspace_bytes(workers)` bytes; calls
    that share it wait for each other.

    DataError for other values, ToolError if there is no runtime library, Error if threads
    cannot be started.
    """

    def __init__(self, workers: int = 1, isa_cap: str | None = None, workspace: Any = None):
        if isinstance(workers, bool) or not isinstance(workers, (int, np.integer)) or not 1 <= workers <= _MOST_WORKERS:
            raise DataError(f"expects workers to be an integer from 1 to {_MOST_WORKERS}, got {workers!r}")
        if isa_cap is not None and isa_cap not in ISAS:
            raise DataError(f"expects isa_cap to be one of {', '.join(ISAS)}, got {isa_cap!r}{hint(isa_cap, ISAS)}")
        self.workers, self.isa_cap = int(workers), isa_cap
        self._workspace = None
        if workspace is not None:
            array = workspace.array if isinstance(workspace, Tensor) else _view(workspace)[0]
            if not array.flags.c_contiguous or not array.flags.writeable or array.ctypes.data % ALIGNMENT:
                raise DataError(f"expects a workspace that is contiguous, writable and aligned to {ALIGNMENT} bytes")
            self._workspace = array
        self._lock = threading.Lock()
        self._parallel_for = self._pool = None
        if self.workers > 1:
            runtime = _load_runtime()
            self._pool = runtime.fp8attn_pool_create(self.workers)
            if not self._pool:
                raise Error(f"cannot start {self.workers - 1} threads")
            self._parallel_for = ctypes.cast(runtime.fp8attn_pool_parallel_for, ctypes.c_void_p).value
            # Not at exit, when daemon threads may be in a loop.
            weakref.finalize(self, runtime.fp8attn_pool_destroy, self._pool).atexit = False

    @contextlib.contextmanager
    def use(self, function: str, num_bytes: int) -> Iterator[ContextStruct]:
        """Gives a context with a workspace of `num_bytes` bytes to one call of `function`.
        ArgumentMemoryError of `workspace` if the caller's is smaller."""
        if self._workspace is None:
            yield self._make(_get_workspace(num_bytes) if num_bytes else None)
            return
        if self._workspace.nbytes < num_bytes:
            raise ArgumentMemoryError(
                function, "workspace", f"has {self._workspace.nbytes} bytes; expects {num_bytes} for {self.workers} workers")
        with self._lock:
            yield self._make(self._workspace)

    def _make(self, workspace: np.ndarray | None) -> ContextStruct:
        return ContextStruct(
            struct_bytes=ctypes.sizeof(ContextStruct),
            abi_version=ABI_VERSION,
            parallel_for=self._parallel_for,
            pool=self._pool,
            num_workers=self.workers,
            isa_cap=ISAS.index(self.isa_cap) if self.isa_cap else len(ISAS) - 1,
            workspace=workspace.ctypes.data if workspace is not None else None,
            workspace_bytes=workspace.nbytes if workspace is not None else 0,
            isa=-1,
        )

    def __repr__(self) -> str:
        return f"Context(workers={self.workers}, isa_cap={self.isa_cap!r})"
