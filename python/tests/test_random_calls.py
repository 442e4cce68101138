#===- test_random_calls.py - calls with anything in them ------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Calls of which one to three arguments are whatever the seed says. Each runs, or is refused
by an exception of the package, and then has written nothing. FP8ATTN_RANDOM_SEED and
FP8ATTN_RANDOM_PROBLEMS say which calls."""

import array
import collections
import os
import pathlib
import random
import sys
import unittest

import numpy as np

import fp8attn
from fp8attn.element_types import ELEMENT_TYPES
from models import Exporter
from test_wrong_calls import Call

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "utils"))
from progress import Progress

SEED = int(os.environ.get("FP8ATTN_RANDOM_SEED", 1))
CALLS = int(os.environ.get("FP8ATTN_RANDOM_PROBLEMS", 3000))
DTYPES = (np.float32, np.uint16, np.uint8, np.int32, np.int64, np.float64, np.float16, np.bool_, np.int8)
NUMBERS = (0, 1, -1, 39, 40, 41, 2**31 - 1, -(2**31), 2**40, 2**70, 1.5, float("nan"), float("inf"), 1e-45, 1e300)
OBJECTS = (None, "x", b"xxxx", 3, 2.5, True, object(), {}, int, np.float32(1), np.int32(40), memoryview(bytes(64)))


def make_anything(draw, call):
    """Returns a random argument."""
    shape = tuple(draw.choice((0, 1, 2, 3, 8, 40, 64)) for _ in range(draw.randrange(5)))
    numbers = np.zeros(shape, draw.choice(DTYPES))
    out = call.out.array
    makers = (
        lambda: numbers, lambda: numbers.T, lambda: numbers[::-1] if shape else numbers,
        lambda: np.broadcast_to(numbers, (draw.choice((1, 2, 40)), *shape)),
        lambda: fp8attn.zeros(shape, draw.choice(list(ELEMENT_TYPES))),
        lambda: Exporter(numbers, (draw.randrange(16), draw.choice((7, 8, 16, 32, 64))), draw.random() < 0.5,
                         draw.choice((1, 1, 1, 2)), draw.random() < 0.5, draw.choice((1, 1, 1, 2))),
        lambda: [draw.choice(NUMBERS) for _ in range(draw.randrange(4))],
        lambda: [[draw.choice(NUMBERS[:8]) for _ in range(draw.randrange(4))] for _ in range(draw.randrange(3))],
        lambda: draw.choice(OBJECTS),
        lambda: array.array(draw.choice("bBhHiIlLfd"), [0] * draw.randrange(9)),
        lambda: draw.choice(list(call.arguments.values())),
        lambda: np.array([0, draw.choice(NUMBERS[:8])], np.int32),
        lambda: np.array([[draw.choice(NUMBERS[:8]) for _ in range(draw.randrange(4))]], np.int32),
        lambda: np.array([draw.choice((0, 1, -1, np.nan, np.inf, 1e-45, 3e38)), 1], np.float32),
        lambda: out.reshape(-1).view(np.float32)[draw.randrange(9) :][:320].reshape(40, 8),
        lambda: fp8attn.Tensor(out[:: draw.choice((1, 2, -1))], "bf16"), lambda: call.out[draw.randrange(30) :],
        lambda: make_changed(draw, call),
    )
    return draw.choice(makers)()


def make_changed(draw, call):
    """Returns a cache of which something was changed."""
    cache = fp8attn.Cache.zeros(call.cache_type, draw.randrange(4))
    value = draw.choice((0, 1, 3, -1, 10**9, 2**62, 2**64, 1.5, np.zeros(8, np.uint8)))
    setattr(cache, draw.choice(("num_pages", "page_bytes", "memory", "cache_type")), value)
    return cache


class RandomCallsTest(unittest.TestCase):
    def test_anything(self):
        draw, call, outcomes = random.Random(SEED), Call(), collections.Counter()
        progress = Progress(CALLS, "calls")
        for number in range(CALLS):
            progress.reach(number)
            arguments = dict(call.arguments)
            for name in draw.sample(list(arguments), draw.choice((1, 1, 1, 2, 3))):
                arguments[name] = make_anything(draw, call)
                if draw.random() < 0.05:
                    del arguments[name]
            call.out.array[:], call.lse[:] = 0x1234, 5
            with self.subTest(seed=SEED, call=number):
                try:
                    call.module.attend(**arguments)
                    outcomes["ran"] += 1
                except fp8attn.Error as error:
                    outcomes[type(error).__name__] += 1
                    self.assertTrue((call.out.array == 0x1234).all() and (call.lse == 5).all())
        progress.clear()
        self.assertEqual(set(outcomes), {"ran", "ArgumentNameError", "ArgumentTypeError", "ArgumentShapeError", "ArgumentMemoryError",
                                         "CallError"})


if __name__ == "__main__":
    unittest.main()
