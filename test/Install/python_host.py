#===- python_host.py - the installed package ------------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Usage: python_host.py PREFIX. Compiles and calls with what is installed there."""

import pathlib
import sys
import tempfile

import numpy as np

import fp8attn
from fp8attn import tools

prefix = pathlib.Path(sys.argv[1])
for used in (fp8attn.__file__, tools.find_compiler(), tools.find_runtime()):
    assert prefix in pathlib.Path(used).parents, used
assert (pathlib.Path(fp8attn.__file__).parent / "py.typed").exists()

with tempfile.TemporaryDirectory() as folder:
    attend = fp8attn.compile(fp8attn.DenseAttention(2, 1, 8, element_type="f32"), folder=folder).attend
value = np.arange(16, dtype=np.float32).reshape(1, 1, 2, 8)
out = np.zeros((1, 2, 2, 8), np.float32)
attend(fp8attn.Context(workers=2), query=np.zeros((1, 2, 2, 8), np.float32), key=np.zeros_like(value), value=value, out=out)
# The first token sees itself, the second both.
np.testing.assert_allclose(out[0, 1], [np.arange(8), np.arange(8) + 4])
