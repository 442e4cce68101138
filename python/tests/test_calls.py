#===- test_calls.py - compiled attention against numpy --------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//

import array
import dataclasses
import pathlib
import tempfile
import unittest

import numpy as np

import fp8attn
from models import BOUND, HEAD_DIM, KV_HEADS, QUERY_HEADS, SPEC, Exporter, attend, compile_once, relative_error, round_trip


class Sequence:
    """A sequence of random tokens in a cache of its own, its pages in no order."""

    def __init__(self, spec, tokens, seed=1):
        self.module = compile_once(spec)
        random = np.random.default_rng(seed)
        shapes = [(tokens, heads, spec.head_dim) for heads in (spec.query_heads, spec.kv_heads, spec.kv_heads)]
        numbers = [random.standard_normal(shape, np.float32) for shape in shapes]
        make = fp8attn.to_bf16 if spec.element_type == "bf16" else lambda x: x.astype({"f32": np.float32, "f16": np.float16}[spec.element_type])
        self.query, self.key, self.value = map(make, numbers)
        pages = -(-tokens // spec.page_tokens)
        self.table = random.permutation(pages + 2)[:pages].astype(np.int32)
        token = np.arange(tokens)
        self.slots = self.table[token // spec.page_tokens].astype(np.int64) * spec.page_tokens + token % spec.page_tokens
        self.cache = self.module.kv_write.new_cache("cache", pages + 2)
        self.scales = {}
        if spec.cache_type != "bf16":
            shape = {"tensor": (), "head": (spec.kv_heads,), "token": (pages + 2, spec.kv_heads, spec.page_tokens)}[spec.scales]
            self.scales = {name: np.asarray(random.uniform(0.01, 0.02, shape), np.float32) for name in ("key_scale", "value_scale")}
        # Values of a latent cache are part of the keys, with their scale.
        self.values = {"value": self.value}
        if spec.value_head_dim is not None:
            self.scales.pop("value_scale", None)
            self.values = {}

    def write(self, begin, end):
        values = {name: value[begin:end] for name, value in self.values.items()}
        return self.module.kv_write(key=self.key[begin:end], **values, slots=self.slots[begin:end], cache=self.cache, **self.scales)

    def attend(self, begin, end, out, lse, context=None):
        return self.module.attend(context, query=self.query[begin:end], cache=self.cache, **self.scales,
                                  query_start=[0, end - begin], seq_lens=[end], block_table=self.table[None], out=out, lse=lse)


class CallsTest(unittest.TestCase):
    def check(self, spec, tokens=75):
        """A prompt, and then one token after the other, against numpy on what the cache has."""
        sequence = Sequence(spec, tokens)
        prompt = tokens - 3
        value_dim = spec.head_dim if spec.value_head_dim is None else spec.value_head_dim
        out = fp8attn.zeros((tokens, spec.query_heads, value_dim), spec.element_type)
        lse = np.zeros((tokens, spec.query_heads), np.float32)
        for begin, end in [(0, prompt)] + [(i, i + 1) for i in range(prompt, tokens)]:
            self.assertIn(sequence.write(begin, end).isa, fp8attn.abi.ISAS)
            sequence.attend(begin, end, out[begin:end], lse[begin:end])
        key, value = map(fp8attn.to_float32, (sequence.key, sequence.value))
        if spec.cache_type != "bf16":
            # [T, heads, 1], as scales are found by a token's page, head and place.
            page, place = sequence.slots // spec.page_tokens, sequence.slots % spec.page_tokens
            for_tokens = {"tensor": lambda s: s, "head": lambda s: s[None, :, None], "token": lambda s: s[page, :, place][..., None]}
            rounded = {name: round_trip(source, spec.cache_type, for_tokens[spec.scales](sequence.scales[f"{name}_scale"]))
                       for name, source in (("key", sequence.key), *sequence.values.items())}
            key, value = rounded["key"], rounded.get("value")
            if spec.rope_head_dim is not None:
                key[..., -spec.rope_head_dim:] = fp8attn.to_float32(sequence.key)[..., -spec.rope_head_dim:]
        if spec.value_head_dim is not None:
            value = key[..., :value_dim]
        expected, expected_lse = attend(fp8attn.to_float32(sequence.query), key, value)
        self.assertLess(relative_error(fp8attn.to_float32(out), expected), BOUND)
        np.testing.assert_allclose(lse, expected_lse, atol=2e-2)
        # What would be attention to one key less is not accepted.
        wrong, _ = attend(fp8attn.to_float32(sequence.query)[1:], key[:-1], value[:-1])
        self.assertGreater(relative_error(fp8attn.to_float32(out)[1:], wrong), BOUND)

    def test_e4m3_by_head(self):
        self.check(SPEC)

    def test_latent(self):
        self.check(dataclasses.replace(SPEC, kv_heads=1, head_dim=96, value_head_dim=72, scales="token"))

    def test_latent_with_bf16_channels(self):
        self.check(dataclasses.replace(SPEC, kv_heads=1, head_dim=128, value_head_dim=72, rope_head_dim=32, scales="token"))

    def test_e5m2_by_tensor_from_f16(self):
        self.check(dataclasses.replace(SPEC, cache_type="f8E5M2", scales="tensor", element_type="f16"))

    def test_i8_by_head(self):
        self.check(dataclasses.replace(SPEC, cache_type="i8"))

    def test_e2m1_by_token(self):
        self.check(dataclasses.replace(SPEC, cache_type="f4E2M1FN", scales="token", page_tokens=16))

    def test_i4_by_head(self):
        self.check(dataclasses.replace(SPEC, cache_type="i4", head_dim=40, element_type="f32", page_tokens=1))

    def test_latent_i8_by_token(self):
        self.check(dataclasses.replace(SPEC, cache_type="i8", kv_heads=1, head_dim=96, value_head_dim=72, scales="token"))

    def test_bf16_cache(self):
        self.check(dataclasses.replace(SPEC, cache_type="bf16"))

    def test_scales_of_tokens_computed_by_kv_write(self):
        spec = dataclasses.replace(SPEC, scales="token", dynamic=True)
        self.check(spec)
        sequence = Sequence(spec, 33)
        sequence.write(0, 33)
        page, place = sequence.slots // 32, sequence.slots % 32
        largest = np.abs(fp8attn.to_float32(sequence.key)).max(-1)
        np.testing.assert_allclose(sequence.scales["key_scale"][page, :, place], largest / 448, rtol=1e-5)

    def test_dense(self):
        module = compile_once(fp8attn.DenseAttention(4, 2, 32, element_type="f32"))
        random = np.random.default_rng(3)
        # Tokens outermost in memory.
        query, key, value = (random.standard_normal((9, heads, 32), np.float32) for heads in (4, 2, 2))
        out = np.zeros((1, 4, 9, 32), np.float32)
        rows = lambda x: np.ascontiguousarray(x.transpose(1, 0, 2))[None]
        module.attend(query=rows(query), key=rows(key), value=rows(value), out=out)
        self.assertLess(relative_error(out[0].transpose(1, 0, 2), attend(query, key, value)[0]), BOUND)

    def test_memory_of_others(self):
        """Through DLPack, with a version and without, and the buffer protocol: the bits of
        numpy arrays, and results are written into that memory."""
        sequence = Sequence(SPEC, 40)
        sequence.write(0, 40)
        out, lse = fp8attn.zeros((40, QUERY_HEADS, HEAD_DIM), "bf16"), np.zeros((40, QUERY_HEADS), np.float32)
        sequence.attend(0, 40, out, lse)
        for versioned in (True, False):
            words = np.zeros(out.shape, np.uint16)
            foreign = Exporter(words, (4, 16), versioned=versioned)
            numbers = array.array("f", bytes(lse.nbytes))
            with self.assertRaisesRegex(fp8attn.ArgumentShapeError, "lse has rank 1"):
                sequence.attend(0, 40, foreign, numbers)
            shaped = memoryview(numbers).cast("B").cast("f", lse.shape)
            sequence.query = Exporter(fp8attn.as_tensor(sequence.query).array, (4, 16), versioned=versioned)
            sequence.module.attend(
                query=sequence.query, cache=sequence.cache, **sequence.scales, query_start=array.array("i", [0, 40]),
                seq_lens=memoryview(array.array("i", [40])), block_table=Exporter(sequence.table[None], (0, 32)), out=foreign, lse=shaped)
            np.testing.assert_array_equal(words, out.array)
            np.testing.assert_array_equal(np.asarray(shaped), lse)
            sequence.query = fp8attn.as_tensor(sequence.query)

    def test_memory_of_others_lives_as_long_as_a_view(self):
        for versioned in (True, False):
            row = fp8attn.as_tensor(Exporter(np.full((4, 3), 7, np.uint16), (4, 16), versioned=versioned))[2]
            self.assertEqual(len(Exporter.exported), 1)
            np.testing.assert_array_equal(row.array, [7, 7, 7])
            del row
            self.assertEqual(len(Exporter.exported), 0)

    def test_memory_of_others_says_its_type(self):
        codes = np.arange(8, dtype=np.uint8)
        for dtype, words, element_type in (((2, 32), codes.view(np.float32), "f32"), ((2, 16), codes.view(np.float16), "f16"),
                                           ((4, 16), codes.view(np.uint16), "bf16"), ((10, 8), codes, "f8E4M3FN"),
                                           ((12, 8), codes, "f8E5M2"), ((14, 8), codes, "f8E8M0FNU"), ((0, 64), codes.view(np.int64), "i64"),
                                           ((0, 32), codes.view(np.int32), "i32"), ((0, 8), codes.view(np.int8), "i8"),
                                           ((6, 8), (codes > 3), "bool")):
            tensor = fp8attn.as_tensor(Exporter(words, dtype))
            self.assertEqual(tensor.element_type, element_type)
            self.assertEqual(tensor.array.tobytes(), words.tobytes())

    def test_memory_of_others_that_is_none(self):
        class Raises(Exporter):
            def __dlpack__(self, **options):
                raise RuntimeError("it needs its gradient")

        class Returns(Exporter):
            def __dlpack__(self, **options):
                return self.array

        numbers = np.zeros(4, np.uint32)
        for text, wrong in (("is not given away by its owner: RuntimeError: it needs its gradient", Raises(numbers, (2, 32))),
                            ("expects __dlpack__ to return a capsule, got ndarray", Returns(numbers, (2, 32))),
                            ("on a device of DLPack's type 2", Exporter(numbers, (2, 32), device=2)),
                            ("has DLPack's type 9 with 32 bits", Exporter(numbers, (9, 32))),
                            ("has DLPack's type 6 with 32 bits", Exporter(numbers, (6, 32))),
                            ("has DLPack's type 2 with 12 bits", Exporter(numbers, (2, 12))),
                            ("has dtype complex64", Exporter(numbers.view(np.uint64), (5, 64)))):
            with self.subTest(text), self.assertRaisesRegex(fp8attn.DataError, text):
                fp8attn.as_tensor(wrong)

    def test_numpys_own_dlpack(self):
        class Foreign:
            def __init__(self, held):
                self.held = held

            def __dlpack__(self, **options):
                return self.held.__dlpack__()

            def __dlpack_device__(self):
                return self.held.__dlpack_device__()

        numbers = np.arange(24, dtype=np.float32).reshape(4, 6).T[1::2]
        tensor = fp8attn.as_tensor(Foreign(numbers))
        self.assertEqual((tensor.element_type, tensor.array.ctypes.data, tensor.array.strides),
                         ("f32", numbers.ctypes.data, numbers.strides))
        self.assertEqual(fp8attn.as_tensor(Foreign(np.empty((0, 3), np.int64))).shape, (0, 3))

    def test_views_with_strides(self):
        model = """
          func.func @scale_rows(%x: memref<?x?xf32, strided<[?, ?]>>, %factor: f32, %n: index, %y: memref<?x?xf32, strided<[?, ?]>>) {
            %c0 = arith.constant 0 : index
            %c1 = arith.constant 1 : index
            %columns = memref.dim %x, %c1 : memref<?x?xf32, strided<[?, ?]>>
            scf.for %i = %c0 to %n step %c1 {
              scf.for %j = %c0 to %columns step %c1 {
                %a = memref.load %x[%i, %j] : memref<?x?xf32, strided<[?, ?]>>
                %b = arith.mulf %a, %factor : f32
                memref.store %b, %y[%i, %j] : memref<?x?xf32, strided<[?, ?]>>
              }
            }
            return
          }"""
        x, y = np.arange(48, dtype=np.float32).reshape(6, 8), np.zeros((3, 12), np.float32)
        compile_once(model).scale_rows(x=x.T[::2, ::3], factor=2.5, n=np.int64(3), y=y[:, 1::8])
        np.testing.assert_array_equal(y[:, 1::8], 2.5 * x.T[::2, ::3][:3])
        self.assertEqual(np.count_nonzero(y), np.count_nonzero(x.T[::2, ::3][:3]))

    def test_a_loaded_file_is_the_compiled_one(self):
        module = compile_once(SPEC)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "copy.so"
            path.write_bytes(module.path.read_bytes())
            loaded = fp8attn.load(path)
        self.assertEqual(list(loaded), ["attend", "kv_write"])
        self.assertEqual(loaded.attend.description, module.attend.description)
        with self.assertRaisesRegex(fp8attn.Error, "was loaded, and its text is not known"):
            loaded.explain()

    def test_explain(self):
        self.assertRegex(compile_once(SPEC).explain(), r"attend +generic +decode")
        self.assertGreater(len(compile_once(SPEC).explain(candidates=True)), len(compile_once(SPEC).explain()))

    def test_isa_cap_and_own_workspace(self):
        sequence = Sequence(SPEC, 40)
        sequence.write(0, 40)
        out, lse = fp8attn.zeros((40, QUERY_HEADS, HEAD_DIM), "bf16"), np.zeros((40, QUERY_HEADS), np.float32)
        workspace = fp8attn.tensors.allocate(sequence.module.attend.workspace_bytes(1))
        ran = sequence.attend(0, 40, out, lse, fp8attn.Context(isa_cap="generic", workspace=workspace))
        self.assertEqual(ran.isa, "generic")
        self.assertTrue(out.array.any())


if __name__ == "__main__":
    unittest.main()
