#===- test_spec.py - models in a few words --------------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//

import dataclasses
import unittest

import numpy as np

import fp8attn
from fp8attn import CompileError, DataError, DenseAttention, PagedAttention

SPEC = PagedAttention(8, 2, 64)


class SpecTest(unittest.TestCase):
    def test_options_are_in_the_object(self):
        spec = PagedAttention(6, 2, 40, page_tokens=64, cache_type="f8E5M2", element_type="f32", scales="token", causal=True,
                              window_left=100, softmax_scale=0.1, softcap=1e2, lse=True)
        module = fp8attn.compile(spec)
        operation, = module.attend.description["operations"]
        self.assertEqual(operation["operation"], "paged_attention")
        self.assertEqual([operation[name] for name in ("causal", "window_left", "softcap", "key_scale_map")],
                         [True, 100, 100, "(d0, d1, d2, d3) -> (d0, d1, d2)"])
        self.assertAlmostEqual(operation["softmax_scale"], 0.1, delta=1e-8)
        self.assertEqual(str(module.kv_write.arguments["cache"]),
                         "cache: written key_value cache of f8E5M2, 2 heads of 40, pages of 64 tokens, layout pairs")
        self.assertEqual(list(module.attend.arguments), ["query", "cache", "key_scale", "value_scale", "query_start", "seq_lens",
                                                         "block_table", "out", "lse"])
        self.assertEqual(str(module.attend.__signature__),
                         "(context=None, /, *, query, cache, key_scale, value_scale, query_start, seq_lens, block_table, out, lse)")

    def test_latent_cache(self):
        module = fp8attn.compile(PagedAttention(8, 1, 96, value_head_dim=72))
        self.assertEqual(str(module.kv_write.arguments["cache"]),
                         "cache: written latent cache of f8E4M3FN, 1 heads of 96, of values 72, pages of 32 tokens, layout pairs")
        self.assertEqual(list(module.kv_write.arguments), ["key", "slots", "key_scale", "cache"])

    def test_mixed_cache(self):
        module = fp8attn.compile(PagedAttention(8, 1, 96, value_head_dim=64, rope_head_dim=32))
        cache_type = module.attend.arguments["cache"].cache_type
        self.assertEqual(str(cache_type), "latent cache of f8E4M3FN, 1 heads of 96, of values 64, the last 32 channels bf16, "
                                          "pages of 32 tokens, layout pairs")
        self.assertEqual(cache_type.page_bytes, 32 * (64 + 2 * 32))

    def test_rotary(self):
        # Rotated by hand in f32, and by kv_write: what is rounded to bf16 is the same.
        tokens, half = 5, 16
        module = fp8attn.compile(dataclasses.replace(SPEC, rotary=2 * half, norm_eps=1e-6, cache_type="bf16"))
        self.assertEqual(list(module.kv_write.arguments), ["key", "value", "query", "slots", "key_norm", "query_norm",
                                                           "positions", "cos", "sin", "query_out", "cache"])
        self.assertEqual(module.kv_write.description["operations"][0]["interleaved"], False)
        random = np.random.default_rng(1)
        query, key = (fp8attn.to_bf16(random.standard_normal((tokens, heads, 64), np.float32)) for heads in (8, 2))
        weights = fp8attn.to_bf16(random.uniform(0.5, 1.5, 64).astype(np.float32))
        positions = np.array([3, 0, 7, 7, 1], np.int32)
        angles = np.arange(8)[:, None] * 10000.0 ** (-np.arange(half) / half)
        cos, sin = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
        out = fp8attn.zeros(query.shape, "bf16")
        module.kv_write(key=key, value=key, query=query, slots=np.full(tokens, -1), key_norm=weights, query_norm=weights,
                        positions=positions, cos=cos, sin=sin, query_out=out,
                        cache=module.kv_write.new_cache("cache", num_pages=1))
        x = fp8attn.to_float32(query).astype(np.float64)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6) * fp8attn.to_float32(weights)
        c, s = (table[positions][:, None] for table in (cos, sin))
        first, second = x[..., :half], x[..., half:2 * half]
        expected = np.concatenate([first * c - second * s, second * c + first * s, x[..., 2 * half:]], -1)
        np.testing.assert_allclose(fp8attn.to_float32(out), expected, rtol=2**-8, atol=1e-6)
        with self.assertRaisesRegex(fp8attn.CallError, r"BAD_SEQ_LEN: positions\[2\] is 8, expected 0 to 7"):
            module.kv_write(key=key, value=key, query=query, slots=np.full(tokens, -1), key_norm=weights,
                            query_norm=weights, positions=np.array([3, 0, 8, 7, 1], np.int32), cos=cos, sin=sin,
                            query_out=out, cache=module.kv_write.new_cache("cache", num_pages=1))

    def test_prefix(self):
        module = fp8attn.compile(dataclasses.replace(SPEC, prefix=True))
        self.assertEqual(list(module.attend.arguments)[4:], ["query_start", "seq_lens", "block_table", "group_start",
                                                             "prefix_lens", "prefix_table", "out"])
        # 32 of 40 tokens are of a prefix, or none is: the same up to a rounding.
        random = np.random.default_rng(1)
        query, key, value = (fp8attn.to_bf16(random.standard_normal((40, heads, 64), np.float32)) for heads in (8, 2, 2))
        cache, scales = module.kv_write.new_cache("cache", num_pages=2), np.full(2, 1 / 64, np.float32)
        module.kv_write(key=key, value=value, slots=np.arange(40), key_scale=scales, value_scale=scales, cache=cache)
        outs = []
        for prefix, table in ((0, [[0, 1]]), (32, [[1]])):
            out = fp8attn.zeros((8, 8, 64), "bf16")
            module.attend(query=query[32:], cache=cache, key_scale=scales, value_scale=scales, query_start=[0, 8],
                          seq_lens=[40 - prefix], block_table=table, group_start=[0, 1], prefix_lens=[prefix],
                          prefix_table=[[0]], out=out)
            outs.append(fp8attn.to_float32(out))
        self.assertLess(np.linalg.norm(outs[0] - outs[1]), 3e-3 * np.linalg.norm(outs[0]))
        self.assertGreater(np.linalg.norm(outs[0]), 1)
        with self.assertRaisesRegex(CompileError, "expects no window_left beside a prefix"):
            fp8attn.compile(dataclasses.replace(SPEC, prefix=True, window_left=5))

    def test_selected(self):
        random = np.random.default_rng(1)
        query, key, value = (fp8attn.to_bf16(random.standard_normal((70, heads, 64), np.float32)) for heads in (8, 2, 2))
        scales, outs = np.full(2, 1 / 64, np.float32), []
        # Of 70 tokens, those of page 1, by its column and one by one.
        for selected, chosen in (("pages", [1, -1]), ("tokens", [*range(63, 31, -1)])):
            module = fp8attn.compile(dataclasses.replace(SPEC, selected=selected))
            self.assertEqual(list(module.attend.arguments)[4:],
                             ["query_start", "seq_lens", "block_table", f"selected_{selected}", "out"])
            cache = module.kv_write.new_cache("cache", num_pages=3)
            module.kv_write(key=key, value=value, slots=np.arange(70), key_scale=scales, value_scale=scales, cache=cache)
            out = fp8attn.zeros((1, 8, 64), "bf16")
            module.attend(query=query[69:], cache=cache, key_scale=scales, value_scale=scales, query_start=[0, 1], seq_lens=[70],
                          block_table=[[-1, 1, -1]], **{f"selected_{selected}": [chosen]}, out=out)
            outs.append(fp8attn.to_float32(out))
        self.assertTrue(np.array_equal(outs[0], outs[1]))
        self.assertGreater(np.linalg.norm(outs[0]), 1)
        with self.assertRaisesRegex(CompileError, "expects no prefix beside selected_tokens"):
            fp8attn.compile(dataclasses.replace(SPEC, selected="tokens", prefix=True))

    def test_selected_lists(self):
        random = np.random.default_rng(3)
        query, key, value = (fp8attn.to_bf16(random.standard_normal((70, heads, 64), np.float32)) for heads in (8, 2, 2))
        scales, outs = np.full(2, 1 / 64, np.float32), []
        # The first four heads see the keys of page 1, the others those of page 0: as lists of one each.
        for selected, lists in (("pages", [[1], [0]]), ("tokens", [[*range(63, 31, -1)], [*range(32)]])):
            spec = dataclasses.replace(SPEC, selected=selected)
            attend = [fp8attn.compile(dataclasses.replace(spec, selected_lists=2)), fp8attn.compile(spec)]
            cache = attend[0].kv_write.new_cache("cache", num_pages=3)
            attend[0].kv_write(key=key, value=value, slots=np.arange(70), key_scale=scales, value_scale=scales, cache=cache)

            def run(module, chosen):
                out = fp8attn.zeros((1, 8, 64), "bf16")
                module.attend(query=query[69:], cache=cache, key_scale=scales, value_scale=scales, query_start=[0, 1],
                              seq_lens=[70], block_table=[[0, 1, 2]], **{f"selected_{selected}": chosen}, out=out)
                return fp8attn.to_float32(out)

            one = [run(attend[1], [chosen]) for chosen in lists]
            outs.append(run(attend[0], [lists]))
            self.assertTrue(np.array_equal(outs[-1], np.concatenate([one[0][:, :4], one[1][:, 4:]], 1)))
            self.assertFalse(np.array_equal(one[0], one[1]))
        self.assertTrue(np.array_equal(outs[0], outs[1]))
        with self.assertRaisesRegex(CompileError, "selected_tokens"):
            fp8attn.compile(dataclasses.replace(SPEC, selected="tokens", selected_lists=3))

    def test_heads_of_values(self):
        # Twice as many heads of values, which are those of keys twice each: the same as one head of both.
        random = np.random.default_rng(4)
        query, key, value = (fp8attn.to_bf16(random.standard_normal((40, heads, 64), np.float32)) for heads in (8, 2, 2))
        outs = []
        for value_heads in (None, 4):
            module = fp8attn.compile(dataclasses.replace(SPEC, value_heads=value_heads))
            names = ["cache"] if value_heads is None else ["key_cache", "value_cache"]
            self.assertEqual(list(module.attend.arguments)[1:-6], names)
            caches = {name: module.kv_write.new_cache(name, num_pages=2) for name in names}
            values = value if value_heads is None else fp8attn.Tensor(np.repeat(value.array, 2, axis=1), "bf16")
            scales = {"key_scale": np.full(2, 1 / 64, np.float32), "value_scale": np.full(value_heads or 2, 1 / 64, np.float32)}
            module.kv_write(key=key, value=values, slots=np.arange(40), **scales, **caches)
            out = fp8attn.zeros((40, 8, 64), "bf16")
            module.attend(query=query, **caches, **scales, query_start=[0, 40], seq_lens=[40], block_table=[[0, 1]], out=out)
            outs.append(fp8attn.to_float32(out))
        self.assertLess(np.linalg.norm(outs[0] - outs[1]), 3e-3 * np.linalg.norm(outs[0]))
        self.assertGreater(np.linalg.norm(outs[0]), 1)

    def test_fp8_rows(self):
        random = np.random.default_rng(2)
        query, key, value = (random.standard_normal((40, heads, 64), np.float32) for heads in (8, 2, 2))
        scales, outs = np.full(2, 1 / 64, np.float32), []
        # A power of two for each row, so that both queries have the same numbers.
        query_scale = np.exp2(random.integers(-7, -4, (40, 8))).astype(np.float32)
        codes = fp8attn.quantize(query, "f8E4M3FN", query_scale[:, :, None])
        values = fp8attn.to_float32(codes) * query_scale[:, :, None]
        for types, taken, given in (
            ({}, fp8attn.to_bf16(values), {}),
            ({"query_type": "f8E4M3FN", "out_type": "f8E5M2"}, codes, {"query_scale": query_scale, "out_scale": np.full((), 0.5, np.float32)}),
        ):
            module = fp8attn.compile(dataclasses.replace(SPEC, lse=True, **types))
            self.assertEqual(list(module.attend.arguments)[7:], ["out", "lse", *given])
            cache = module.kv_write.new_cache("cache", num_pages=2)
            key_value = {name: fp8attn.to_bf16(rows) for name, rows in (("key", key), ("value", value))}
            module.kv_write(**key_value, slots=np.arange(40), key_scale=scales, value_scale=scales, cache=cache)
            out, lse = fp8attn.zeros((40, 8, 64), types.get("out_type", "bf16")), np.zeros((40, 8), np.float32)
            module.attend(query=taken, cache=cache, key_scale=scales, value_scale=scales, query_start=[0, 40], seq_lens=[40],
                          block_table=[[0, 1]], out=out, lse=lse, **given)
            outs.append((fp8attn.to_float32(out) * given.get("out_scale", 1), lse))
        self.assertLess(np.linalg.norm(outs[0][0] - outs[1][0]), 2**-3 * np.linalg.norm(outs[0][0]))
        self.assertTrue(np.allclose(outs[0][1], outs[1][1], rtol=0, atol=1e-5))
        self.assertGreater(np.linalg.norm(outs[0][0]), 1)

    def test_what_the_compiler_refuses(self):
        with self.assertRaisesRegex(CompileError, r"expects heads of query \(7\) to be a multiple of heads of the cache \(2\)"):
            fp8attn.compile(dataclasses.replace(SPEC, query_heads=7))
        with self.assertRaisesRegex(CompileError, "<stdin>:1:.*error:"):
            fp8attn.compile("func.func @f(")
        with self.assertRaisesRegex(CompileError, "expects the text of a model, got 'model.mlir'; name a file with pathlib.Path"):
            fp8attn.compile("model.mlir")
        with self.assertRaisesRegex(CompileError, "expects text that is UTF-8"):
            fp8attn.compile("// \ud800\n")
        with self.assertRaisesRegex(TypeError, "expects MLIR as str or bytes, a path or a spec, got a int"):
            fp8attn.compile(3)
        with self.assertRaisesRegex(CompileError, "no-such-cpu"):
            fp8attn.compile(SPEC, cpu="no-such-cpu")

    def test_members_of_other_types(self):
        for text, wrong in (
            ("query_heads to be an integer of at least 0, got '8'", lambda: PagedAttention("8", 2, 64)),
            ("head_dim to be an integer of at least 0, got 64.0", lambda: DenseAttention(8, 2, 64.0)),
            ("window_left to be an integer of at least 0, got -1", lambda: DenseAttention(8, 2, 64, window_left=-1)),
            ("softcap to be a finite number, got inf", lambda: DenseAttention(8, 2, 64, softcap=float("inf"))),
            ("cache_type to be one of f8E4M3FN, f8E5M2, i8, f4E2M1FN, i4, bf16, got 'e4m3'", lambda: PagedAttention(8, 2, 64, cache_type="e4m3")),
            ("element_type to be one of bf16, f16, f32, got 'f64'", lambda: DenseAttention(8, 2, 64, element_type="f64")),
            ("query_type to be one of bf16, f16, f32, f8E4M3FN, f8E5M2, got 'i8'", lambda: PagedAttention(8, 2, 64, query_type="i8")),
            ("selected to be one of pages, tokens, got 'keys'", lambda: PagedAttention(8, 2, 64, selected="keys")),
            ("scales to be one of tensor, head, token, got 'heads'; did you mean 'head'", lambda: PagedAttention(8, 2, 64, scales="heads")),
            ("expects rotary to be a multiple of 2, got 7", lambda: PagedAttention(8, 2, 64, rotary=7)),
            ("expects value_head_dim with rope_head_dim, got 64 alone", lambda: PagedAttention(8, 1, 576, rope_head_dim=64)),
            ("expects no value_heads with value_head_dim, whose values are of the keys, got 2",
             lambda: PagedAttention(8, 1, 576, value_head_dim=512, value_heads=2)),
            ("expects selected with selected_lists, got 2 alone", lambda: PagedAttention(8, 2, 64, selected_lists=2)),
            ("rope_head_dim", lambda: PagedAttention(8, 1, 576, value_head_dim=512, rope_head_dim="64")),
            ("expects scales 'token' with dynamic, got 'head'", lambda: PagedAttention(8, 2, 64, dynamic=True)),
        ):
            with self.subTest(text), self.assertRaisesRegex(DataError, text):
                wrong()


if __name__ == "__main__":
    unittest.main()
