#===- __init__.py - fp8attn from Python -----------------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Attention over an FP8 key/value cache on CPUs: compiled from MLIR, called with numpy
arrays and with what has `__dlpack__`.

    module = fp8attn.compile(fp8attn.PagedAttention(query_heads=8, kv_heads=2, head_dim=64))
    module.attend(query=q, cache=cache, ..., out=out)

docs/Python.md begins at the beginning.
"""

from .compiler import compile
from .context import Context
from .errors import (
    ArgumentError,
    ArgumentMemoryError,
    ArgumentNameError,
    ArgumentShapeError,
    ArgumentTypeError,
    CallError,
    CompileError,
    DataError,
    Error,
    FolderError,
    LoadError,
    Status,
    ToolError,
)
from .formats import dequantize, quantize, to_bf16, to_float32
from .module import Function, Module, Ran, load
from .spec import DenseAttention, PagedAttention
from .tensors import Cache, CacheType, Tensor, as_tensor, zeros

__version__ = "0.1.0"

__all__ = [
    "ArgumentError", "ArgumentMemoryError", "ArgumentNameError", "ArgumentShapeError", "ArgumentTypeError", "Cache", "CacheType",
    "CallError", "CompileError", "Context", "DataError", "DenseAttention", "Error", "FolderError", "Function", "LoadError",
    "Module", "PagedAttention", "Ran", "Status", "Tensor", "ToolError", "as_tensor", "compile", "dequantize", "load", "quantize",
    "to_bf16", "to_float32", "zeros",
]
