#!/usr/bin/env python3
#===- python_calls.py - what a call from Python costs ---------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Times calls of an entry point that has next to nothing to compute, with all checks and
with structs that are ready, in turns, in processor time: one is too long not to be interrupted
on a machine that others use. PYTHONPATH has to lead to the package."""

import ctypes
import time

import numpy as np

import fp8attn
from fp8attn.abi import ContextStruct

ROUNDS, CALLS = 300, 20

attend = fp8attn.compile(fp8attn.PagedAttention(query_heads=8, kv_heads=2, head_dim=64)).attend
scale, out = np.ones(2, np.float32), fp8attn.zeros((1, 8, 64), "bf16")
arguments = dict(
    query=fp8attn.zeros((1, 8, 64), "bf16"), cache=attend.new_cache("cache", 1), key_scale=scale, value_scale=scale,
    query_start=np.array([0, 1], np.int32), seq_lens=np.array([1], np.int32), block_table=np.zeros((1, 1), np.int32), out=out)

keep = []
passed = [argument.prepare(arguments[name], 1 << 20, keep) for name, argument in attend.arguments.items()]
entry = ctypes.CDLL(str(fp8attn.compile(fp8attn.PagedAttention(query_heads=8, kv_heads=2, head_dim=64)).path)).attend
entry.restype = ctypes.c_int32
entry.argtypes = [ctypes.POINTER(ContextStruct), *(argument.c_type for argument in attend.arguments.values())]


def measure(call):
    """Returns the microseconds of a call."""
    begin = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - begin) / CALLS * 1e6


with fp8attn.Context().use("attend", attend.workspace_bytes(1)) as context:
    pairs = [(measure(lambda: attend(**arguments)), measure(lambda: entry(ctypes.byref(context), *passed))) for _ in range(ROUNDS)]
for name, times in zip(("call", "compiled code"), zip(*pairs)):
    print(f"{name:13}  median {np.median(times):7.1f} us, best {min(times):7.1f} us")
