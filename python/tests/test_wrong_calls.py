#===- test_wrong_calls.py - calls that are refused ------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Calls that differ from a right one in one thing. Each raises an exception that names the
argument, and writes nothing."""

import concurrent.futures
import functools
import pickle
import types
import unittest

import numpy as np
from numpy.lib.stride_tricks import as_strided

import fp8attn
from fp8attn import (ArgumentMemoryError, ArgumentNameError, ArgumentShapeError, ArgumentTypeError, CallError, Cache, Context,
                     DataError, Status, Tensor)
from models import SPEC, Exporter, compile_once

TOKENS = 40


def words(*shape):
    return np.zeros(shape, np.uint16)


def floats(*shape):
    return np.zeros(shape, np.float32)


def misaligned(shape, dtype):
    """Returns an array that begins one byte behind where it should."""
    dtype = np.dtype(dtype)
    size = int(np.prod(shape)) * dtype.itemsize
    return np.zeros(size + 1, np.uint8)[1:].view(dtype).reshape(shape)


def read_only(array):
    array.flags.writeable = False
    return array


class Call:
    """A right call of `attend`."""

    def __init__(self):
        self.module = compile_once(SPEC)
        self.cache_type = self.module.attend.arguments["cache"].cache_type
        self.cache = Cache.zeros(self.cache_type, 2)
        self.out, self.lse = fp8attn.zeros((TOKENS, 8, 64), "bf16"), floats(TOKENS, 8)
        self.arguments = dict(
            query=fp8attn.zeros((TOKENS, 8, 64), "bf16"), cache=self.cache, key_scale=np.ones(2, np.float32),
            value_scale=np.ones(2, np.float32), query_start=[0, TOKENS], seq_lens=[TOKENS], block_table=[[0, 1]], out=self.out,
            lse=self.lse)

    def __call__(self, context=None, /, **changes):
        arguments = {**self.arguments, **changes}
        return self.module.attend(context, **{name: value for name, value in arguments.items() if value is not None})


def other_cache(call):
    spec = fp8attn.PagedAttention(8, 2, 64, cache_type="f8E5M2")
    return compile_once(spec).kv_write.new_cache("cache", 2)


def memory_at(call, offset):
    memory = fp8attn.tensors.allocate(2 * call.cache_type.page_bytes + 64)
    return memory[offset:]


# Each row: what is wrong, the exception, a text that it has, and the changes to a right call.
# A change is what is passed, or makes it from the call; None leaves the argument out.
WRONG = [
    ("an argument is forgotten", ArgumentNameError, "attend: value_scale is missing; expects value_scale: f32 [2]", dict(value_scale=None)),
    ("a written one is forgotten", ArgumentNameError, "attend: lse is missing; expects lse: written f32 [?, 8]", dict(lse=None)),
    ("a name is misspelt", ArgumentNameError, "attend: blocktable is no argument; expects query, cache, key_scale, value_scale, "
     "query_start, seq_lens, block_table, out, lse; did you mean 'block_table'?", dict(block_table=None, blocktable=[[0, 1]])),
    ("one argument too many", ArgumentNameError, "attend: mask is no argument", dict(mask=floats(1))),
    ("f64 for f32", ArgumentTypeError, "key_scale expects f32: has dtype float64, which is no element type", dict(key_scale=np.ones(2))),
    ("f64 of a buffer for f32", ArgumentTypeError, "key_scale expects f32: has dtype float64", dict(key_scale=memoryview(np.ones(2)))),
    ("f64 through DLPack", ArgumentTypeError, "key_scale expects f32: has dtype float64", dict(key_scale=Exporter(np.ones(2), (2, 64)))),
    ("words without a type", ArgumentTypeError, "query expects bf16: has dtype uint16, which is one of bf16: say which",
     dict(query=words(TOKENS, 8, 64))),
    ("f16 for bf16", ArgumentTypeError, "query expects bf16, got f16", dict(query=np.zeros((TOKENS, 8, 64), np.float16))),
    ("i64 for i32", ArgumentTypeError, "seq_lens expects i32, got i64", dict(seq_lens=np.array([TOKENS]))),
    ("another byte order", ArgumentTypeError, "seq_lens expects i32: has dtype >i4", dict(seq_lens=np.array([TOKENS], ">i4"))),
    ("fractions for i32", ArgumentTypeError, "seq_lens expects i32: got numbers of float64", dict(seq_lens=[40.0])),
    ("a number beyond i32", ArgumentTypeError, "seq_lens expects i32: got 4294967336, which is beyond", dict(seq_lens=[2**32 + TOKENS])),
    ("a number beyond any", ArgumentTypeError, "seq_lens expects i32: got numbers of object", dict(seq_lens=[2**70])),
    ("lists of different lengths", ArgumentTypeError, "block_table expects i32: got lists of which no array", dict(block_table=[[0, 1], [0]])),
    ("numbers for bf16", ArgumentTypeError, "query expects bf16: numbers of Python are none", dict(query=[[[1.0]]])),
    ("no memory", ArgumentTypeError, "query expects bf16: is a str; expects a Tensor", dict(query="query")),
    ("a masked array", ArgumentTypeError, "key_scale expects f32: is a masked array", dict(key_scale=np.ma.ones(2, np.float32))),
    ("memory of a GPU", ArgumentTypeError, "query expects bf16: expects memory of the CPU",
     dict(query=Exporter(words(TOKENS, 8, 64), (4, 16), device=2))),
    ("pairs of numbers", ArgumentTypeError, "key_scale expects f32: has DLPack's type 2 with 32 bits and 2 lanes",
     dict(key_scale=Exporter(floats(2), (2, 32), lanes=2))),
    ("a cache for a tensor", ArgumentTypeError, "query expects a tensor of bf16, got a Cache", dict(query=lambda call: call.cache)),
    ("a tensor for a cache", ArgumentTypeError, "cache expects an fp8attn.Cache, got a ndarray", dict(cache=np.zeros(32768, np.uint8))),
    ("a cache of another type", ArgumentTypeError, "cache expects a key_value cache of f8E4M3FN, 2 heads of 64, pages of 32 tokens, "
     "layout pairs; got a key_value cache of f8E5M2", dict(cache=other_cache)),
    ("another rank", ArgumentShapeError, "query has rank 2, of shape [40, 512]; expects rank 3, [?, 8, 64]",
     dict(query=fp8attn.zeros((TOKENS, 512), "bf16"))),
    ("another number of heads", ArgumentShapeError, "query has size 4 in dimension 1, of shape [40, 4, 64]; expects [?, 8, 64]",
     dict(query=fp8attn.zeros((TOKENS, 4, 64), "bf16"))),
    ("a scale too many", ArgumentShapeError, "key_scale has size 3 in dimension 0", dict(key_scale=np.ones(3, np.float32))),
    ("a number for a row", ArgumentShapeError, "seq_lens has rank 0", dict(seq_lens=TOKENS)),
    ("every other row", ArgumentMemoryError, "query has stride 1024 in dimension 0; expects 512",
     dict(query=lambda call: Tensor(words(2 * TOKENS, 8, 64)[::2], "bf16"))),
    ("rows from behind", ArgumentMemoryError, "query has stride -512 in dimension 0; expects 512",
     dict(query=lambda call: fp8attn.zeros((TOKENS, 8, 64), "bf16")[::-1])),
    ("one row for all", ArgumentMemoryError, "query has stride 0 in dimension 0; expects 512",
     dict(query=lambda call: Tensor(np.broadcast_to(words(1, 8, 64), (TOKENS, 8, 64)), "bf16"))),
    ("a transposed table", ArgumentMemoryError, "block_table has stride 2 in dimension 1; expects 1",
     dict(block_table=np.zeros((2, 2), np.int32).T)),
    ("a stride of no elements", ArgumentMemoryError, "key_scale has a stride of 6 bytes in dimension 0; expects a multiple of its 4",
     dict(key_scale=lambda call: as_strided(floats(4), (2,), (6,)))),
    ("a column of bytes", ArgumentMemoryError, "key_scale is at 0x", dict(key_scale=misaligned((2,), np.float32))),
    ("a read-only output", ArgumentMemoryError, "lse is written, but its memory is read-only", dict(lse=read_only(floats(TOKENS, 8)))),
    ("bytes for an output", ArgumentMemoryError, "lse is written, but its memory is read-only",
     dict(lse=memoryview(bytes(TOKENS * 32)).cast("f", (TOKENS, 8)))),
    ("a read-only output of DLPack", ArgumentMemoryError, "out is written, but its memory is read-only",
     dict(out=Exporter(words(TOKENS, 8, 64), (4, 16), read_only=True))),
    ("a list for an output", ArgumentTypeError, "lse is written, and expects memory of yours; got a list", dict(lse=[[0.0] * 8] * TOKENS)),
    ("a pool for a context", ArgumentTypeError, "attend: context is a int; expects an fp8attn.Context", 4),
    ("a workspace that is a byte short", ArgumentMemoryError, "attend: workspace has",
     lambda call: Context(workspace=fp8attn.tensors.allocate(call.module.attend.workspace_bytes(1) - 1))),
]

# What the compiled code refuses: the status, a text of the runtime, and the changes.
REFUSED = [
    (Status.BAD_SIZE, "tokens of out is 39, expected 40 (tokens of query)", dict(out=fp8attn.zeros((39, 8, 64), "bf16"))),
    (Status.BAD_SCALE, "key_scale", dict(key_scale=[1.0, -1.0])),
    (Status.BAD_SCALE, "value_scale", dict(value_scale=[float("nan"), 1.0])),
    (Status.BAD_QUERY_START, "query_start", dict(query_start=[0, 39])),
    (Status.BAD_SEQ_LEN, "seq_lens", dict(seq_lens=[65])),
    (Status.BAD_SIZE, "block_table", dict(block_table=np.zeros((0, 0), np.int32))),
    (Status.BAD_BLOCK_TABLE, "block_table", dict(block_table=[[0, 2]])),
    (Status.OVERLAP, "lse", dict(lse=lambda call: call.out.array.reshape(-1).view(np.float32)[: TOKENS * 8].reshape(TOKENS, 8))),
]


class WrongCallsTest(unittest.TestCase):
    def setUp(self):
        self.call = Call()
        self.before = self.call.out.array.copy(), self.call.lse.copy()

    def make(self, changes):
        """Returns the context and the changes of a row."""
        if not isinstance(changes, dict):
            return (changes(self.call) if callable(changes) else changes), {}
        return None, {name: value(self.call) if callable(value) else value for name, value in changes.items()}

    def assert_nothing_written(self):
        np.testing.assert_array_equal(self.call.out.array, self.before[0])
        np.testing.assert_array_equal(self.call.lse, self.before[1])

    def test_refused_before_the_call(self):
        self.assertGreaterEqual(len(WRONG), 30)
        for title, kind, text, changes in WRONG:
            with self.subTest(title):
                context, arguments = self.make(changes)
                with self.assertRaises(kind) as raised:
                    self.call(context, **arguments)
                self.assertIn(text, str(raised.exception))
                self.assertIs(type(raised.exception), kind)
                self.assertEqual(raised.exception.function, "attend")
                self.assertIn(raised.exception.argument, text)
                self.assert_nothing_written()

    def test_refused_by_compiled_code(self):
        for status, text, changes in REFUSED:
            with self.subTest(text):
                _, arguments = self.make(changes)
                with self.assertRaises(CallError) as raised:
                    self.call(**arguments)
                self.assertEqual(raised.exception.status, status)
                self.assertIn(text, raised.exception.message)
                self.assertIn(f"attend: {status.name}: ", str(raised.exception))
                self.assert_nothing_written()

    def test_the_right_call(self):
        # Scores are all 0 and 1 to 40 keys are seen, which a log-sum-exp shows.
        self.call()
        np.testing.assert_allclose(self.call.lse[:, 3], np.log(np.arange(1, TOKENS + 1)), atol=1e-2)

    def test_twice_the_same_argument(self):
        with self.assertRaisesRegex(TypeError, "multiple values for keyword argument 'query'"):
            self.call.module.attend(query=self.call.arguments["query"], **self.call.arguments)

    def test_results_that_nobody_would_see(self):
        """A temporary is refused, and never what somebody holds, in whatever form of call."""
        attend = compile_once(fp8attn.DenseAttention(1, 1, 8, element_type="f32")).attend
        q = np.ones((1, 1, 3, 8), np.float32)
        kept = floats(2, 1, 3, 8)
        for wrong in (lambda: attend(query=q, key=q, value=q, out=np.zeros_like(q)),
                      lambda: attend(query=q, key=q, value=q, out=kept[[0]]),
                      lambda: attend(query=q, key=q, value=q, out=Tensor(np.zeros_like(q), "f32")),
                      lambda: attend(query=q, key=q, value=q, out=np.zeros_like(kept)[:1])):
            with self.assertRaisesRegex(ArgumentMemoryError, "out is written, but is a temporary array"):
                wrong()
        attend(query=q.copy(), key=q + 0, value=q[:], out=kept[:1])
        attend(query=q, key=q, value=q, out=Tensor(kept[1:], "f32"))
        held, mapped = [floats(1, 1, 3, 8)], {"out": floats(1, 1, 3, 8)}
        attend(query=q, key=q, value=q, out=held[0])
        attend(query=q, key=q, value=q, out=mapped["out"])
        attend(query=q, key=q, value=q, **mapped)
        attend(**{"query": q, "key": q, "value": q, **mapped})
        functools.partial(attend, out=floats(1, 1, 3, 8))(query=q, key=q, value=q)
        owner = types.SimpleNamespace(out=floats(1, 1, 3, 8))
        attend(query=q, key=q, value=q, out=owner.out)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pool.submit(attend, query=q, key=q, value=q, out=held[0]).result()
        for array in (kept[0], kept[1], held[0], mapped["out"], owner.out):
            np.testing.assert_array_equal(array, np.ones_like(array))

    def test_strides_that_the_call_gives(self):
        rows = "memref<?x?xf32, strided<[?, ?]>>"
        take = compile_once(f"func.func @take(%x: {rows}) {{\n  return\n}}\n").take
        x = floats(4, 6)
        for right in (x, x.T, x[::2, ::3], x[:0], x[::-1, ::-1][:1, :1]):
            take(x=right)
        for text, wrong in (("x has stride -6 in dimension 0; expects at least 1", x[::-1]),
                            ("x has stride -1 in dimension 0; expects at least 1", x[:, ::-1].T),
                            ("x has stride 0 in dimension 1; expects at least 1", np.broadcast_to(x[:, :1], (4, 6)))):
            with self.subTest(text), self.assertRaisesRegex(ArgumentMemoryError, text):
                take(x=wrong)

    def test_wrong_caches(self):
        kind, memory = self.call.cache_type, memory_at(self.call, 0)
        page = kind.page_bytes
        for text, wrong in (
            (f"expects at least {3 * page} contiguous bytes for 3 pages, got {2 * page + 64}", lambda: Cache(kind, memory, 3)),
            ("aligned to 64 bytes", lambda: Cache(kind, memory_at(self.call, 32), 1)),
            ("expects page_bytes to be a multiple of 64", lambda: Cache(kind, memory, 1, page - 64)),
            ("expects page_bytes to be a multiple of 64", lambda: Cache(kind, memory, 1, page + 32)),
            ("num_pages to be an integer of at least 0, got -1", lambda: Cache(kind, memory, -1)),
            ("contiguous", lambda: Cache(kind, memory[::2], 1)),
            ("expects a CacheType as cache_type, got a str", lambda: Cache("f8E4M3FN", memory, 1)),
        ):
            with self.subTest(text), self.assertRaisesRegex(DataError, text):
                wrong()
        frozen = Cache(kind, read_only(memory), 1)
        with self.assertRaisesRegex(ArgumentMemoryError, "kv_write: cache is written, but its memory is read-only"):
            self.call.module.kv_write(
                key=fp8attn.zeros((0, 2, 64), "bf16"), value=fp8attn.zeros((0, 2, 64), "bf16"), slots=[],
                key_scale=[1.0, 1.0], value_scale=[1.0, 1.0], cache=frozen)
        with self.assertRaisesRegex(ArgumentNameError, "kv_write: query is no cache; there are: cache"):
            self.call.module.kv_write.new_cache("query", 1)
        # A cache without pages is one.
        self.call(query=fp8attn.zeros((0, 8, 64), "bf16"), out=(out := fp8attn.zeros((0, 8, 64), "bf16")), lse=(lse := floats(0, 8)),
                  cache=Cache.zeros(kind, 0), query_start=[0], seq_lens=[], block_table=np.zeros((0, 1), np.int32))
        del out, lse

    def test_what_was_changed_after_it_was_checked(self):
        query = fp8attn.zeros((TOKENS, 8, 64), "bf16")
        query.array = np.zeros((TOKENS, 8, 64), np.uint8)
        with self.assertRaisesRegex(ArgumentTypeError, "query expects bf16: has dtype uint8; expects uint16 for bf16"):
            self.call(query=query)
        for name, value, text in (("num_pages", 3, "cache expects at least 24576 contiguous bytes for 3 pages, got 16384"),
                                  ("page_bytes", 4096, "cache expects page_bytes to be a multiple of 64 from 8192 on, got 4096"),
                                  ("memory", np.zeros(1, np.uint8), "cache expects"),
                                  ("memory", b"", "cache expects a ndarray as memory, got a bytes"),
                                  ("cache_type", None, "cache expects a CacheType as cache_type, got a NoneType")):
            cache = Cache.zeros(self.call.cache_type, 2)
            setattr(cache, name, value)
            with self.assertRaisesRegex(ArgumentMemoryError, text):
                self.call(cache=cache)

    def test_wrong_contexts(self):
        for text, wrong in (
            ("expects workers to be an integer from 1 to 4096, got 0", lambda: Context(workers=0)),
            ("got 4097", lambda: Context(workers=4097)),
            ("got 2.0", lambda: Context(workers=2.0)),
            ("did you mean 'avx512'", lambda: Context(isa_cap="avx-512")),
            ("contiguous, writable and aligned", lambda: Context(workspace=bytes(64))),
        ):
            with self.subTest(text), self.assertRaisesRegex(DataError, text):
                wrong()

    def test_wrong_numbers(self):
        model = "func.func @number(%x: f32, %n: i32) {\n  return\n}\n"
        function = compile_once(model).number
        function(x=0.1, n=-(2**31))
        for text, arguments in (
            ("x is 1e\\+39, which is beyond f32", dict(x=1e39, n=0)),
            ("n is 2147483648, which is beyond i32", dict(x=0, n=2**31)),
            ("n expects an integer for i32, got 1.0", dict(x=0, n=1.0)),
            ("n expects an integer for i32, got True", dict(x=0, n=True)),
            ("x expects a number for f32, got None", dict(x=None, n=0)),
        ):
            with self.subTest(text), self.assertRaisesRegex(ArgumentTypeError, text):
                function(**arguments)

    def test_functions_by_name(self):
        with self.assertRaisesRegex(AttributeError, "no function 'attent' in attend, kv_write; did you mean 'attend'"):
            self.call.module.attent
        with self.assertRaisesRegex(KeyError, "no function 'kvwrite' in attend, kv_write; did you mean 'kv_write'"):
            self.call.module["kvwrite"]

    def test_exceptions_travel_between_processes(self):
        for error in (ArgumentNameError("f", "x", "is missing"), CallError("f", Status.OVERLAP, "out shares memory")):
            again = pickle.loads(pickle.dumps(error))
            self.assertEqual((type(again), str(again), again.args), (type(error), str(error), error.args))


if __name__ == "__main__":
    unittest.main()
