#===- spec.py - models in a few words -------------------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Writes the MLIR of ordinary models. What no spec says is said in MLIR (docs/Spec.md)."""

from __future__ import annotations

import dataclasses
import math
from typing import Sequence

from .errors import DataError, hint

_SCALES = {
    # Granularity: result of the map, and type of the scale; {pages} of f32.
    "tensor": ("()", "memref<f32>"),
    "head": ("(head)", "memref<{heads}xf32>"),
    "token": ("(page, head, token)", "memref<?x{heads}x{page}xf32>"),
}
_FP8 = ("f8E4M3FN", "f8E5M2")


def _check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    if value not in choices:
        raise DataError(f"expects {name} to be one of {', '.join(choices)}, got {value!r}{hint(str(value), choices)}")


def _check_numbers(spec: object, integers: Sequence[str], floats: Sequence[str]) -> None:
    """Checks that members are what MLIR's text can have; the compiler checks the values."""
    for name in integers:
        value = getattr(spec, name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise DataError(f"expects {name} to be an integer of at least 0, got {value!r}")
    for name in floats:
        value = getattr(spec, name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value)):
            raise DataError(f"expects {name} to be a finite number, got {value!r}")


def _float(value: float) -> str:
    """Returns a number as MLIR reads it."""
    mantissa, _, exponent = f"{float(value):.17e}".partition("e")
    return f"{mantissa}e{exponent}"


def _function(name: str, arguments: Sequence[tuple[str, str]], operation: str, clauses: Sequence[str]) -> str:
    taken = ",\n    ".join(f"%{argument}: {type}" for argument, type in arguments)
    body = "\n      ".join(clauses)
    return f"func.func @{name}({taken}) {{\n  fp8attn.{operation}\n      {body}\n  return\n}}\n"


@dataclasses.dataclass(frozen=True)
class PagedAttention:
    """Attention over a paged cache, as two functions. T tokens in S sequences, P pages:

      kv_write(key, value, slots[, key_scale, value_scale], cache)
          key, value [T, kv_heads, head_dim]; slots [T] i64, the place of each token in the
          cache, page * page_tokens + token, or negative for none
      attend(query, cache[, key_scale, value_scale], query_start, seq_lens, block_table
             [, group_start, prefix_lens, prefix_table][, selected_pages or selected_tokens],
             out[, lse][, query_scale][, out_scale])
          query, out [T, query_heads, head_dim]; query_start [S + 1], seq_lens [S] and
          block_table [S, pages] i32: sequence s has the queries query_start[s] to
          query_start[s + 1], the last of its seq_lens[s] tokens; lse [T, query_heads] f32,
          the natural logarithm of the sum of exponentials

    `cache_type` is f8E4M3FN, f8E5M2, i8, f4E2M1FN, i4 or bf16; `element_type` that of query, key,
    value and out: bf16, f16 or f32. A cache that is not bf16 has scales, f32, for the "tensor" [], each "head"
    [kv_heads], or each "token" and head [P, kv_heads, page_tokens], which `dynamic` lets
    kv_write compute. A query sees keys up to its own position (`causal`), and `window_left`
    before it. Scores are multiplied by `softmax_scale` (default: 1 / sqrt(head_dim)) and
    bounded by `softcap`.

    `query_type` and `out_type` are those of query and out of attend, if they are others: f8E4M3FN
    and f8E5M2, too. An FP8 query has a scale for each row, query_scale [T, query_heads] f32, and
    an FP8 out one for all, out_scale [] f32, by which the result is divided.

    With `rotary`, kv_write(key, value, query, slots[, key_norm, query_norm], positions, cos, sin,
    query_out[, key_scale, value_scale], cache) rotates so many channels of each key, and of each
    query into query_out, which may be query: cos, sin [positions, rotary / 2] f32, and positions
    [T] i32, the row of each token. Channels j and j + rotary / 2 are a pair, or 2 j and 2 j + 1 if
    `interleaved`. With `norm_eps`, RMS norms of each head stand before that, with the weights
    key_norm and query_norm [head_dim].

    With `value_head_dim`, the cache is latent: the first so many channels of a key are its
    value. There is no `value` and no `value_scale` then, and `out` has that many channels. With
    `rope_head_dim` beside it, the last so many channels of a key are bf16, without a scale,
    whatever `cache_type` is.

    With `prefix`, groups of sequences share the keys that they begin with, which are read once
    for each group: group g is the sequences group_start[g] to group_start[g + 1], and its prefix
    the first prefix_lens[g] tokens of the pages prefix_table[g]. seq_lens and block_table are
    then of the keys behind it. There is no `window_left` beside it.

    With `value_heads`, values have so many heads, whose number query_heads is a multiple of, too:
    `value` is [T, value_heads, head_dim], and key_cache and value_cache stand for `cache`.

    With `selected`, a query sees only keys of its list: "pages" are entries of its sequence's row
    of block_table (selected_pages [T, entries] i32), "tokens" positions (selected_tokens), in any
    order, -1 for none. With `selected_lists`, a token has so many lists, [T, selected_lists,
    entries], each for query_heads / selected_lists heads that are neighbours. There is no
    `window_left` and no `prefix` beside it.

    DataError if a member is of another type; what cannot be compiled is a CompileError.
    """

    query_heads: int
    kv_heads: int
    head_dim: int
    page_tokens: int = 32
    cache_type: str = "f8E4M3FN"
    element_type: str = "bf16"
    scales: str = "head"
    dynamic: bool = False
    causal: bool = True
    window_left: int | None = None
    softmax_scale: float | None = None
    softcap: float | None = None
    lse: bool = False
    value_head_dim: int | None = None
    prefix: bool = False
    selected: str | None = None
    rotary: int | None = None
    interleaved: bool = False
    norm_eps: float | None = None
    query_type: str | None = None
    out_type: str | None = None
    rope_head_dim: int | None = None
    value_heads: int | None = None
    selected_lists: int | None = None

    def __post_init__(self) -> None:
        _check_numbers(self, ("query_heads", "kv_heads", "head_dim", "page_tokens", "window_left", "value_head_dim", "rotary",
                              "rope_head_dim", "value_heads", "selected_lists"),
                       ("softmax_scale", "softcap", "norm_eps"))
        if self.rope_head_dim is not None and self.value_head_dim is None:
            raise DataError(f"expects value_head_dim with rope_head_dim, got {self.rope_head_dim} alone")
        if self.value_heads is not None and self.value_head_dim is not None:
            raise DataError(f"expects no value_heads with value_head_dim, whose values are of the keys, got {self.value_heads}")
        if self.selected_lists is not None and self.selected is None:
            raise DataError(f"expects selected with selected_lists, got {self.selected_lists} alone")
        if self.rotary is not None and self.rotary % 2:
            raise DataError(f"expects rotary to be a multiple of 2, got {self.rotary}")
        _check_choice("cache_type", self.cache_type, ("f8E4M3FN", "f8E5M2", "i8", "f4E2M1FN", "i4", "bf16"))
        _check_choice("element_type", self.element_type, ("bf16", "f16", "f32"))
        for name in ("query_type", "out_type"):
            if getattr(self, name) is not None:
                _check_choice(name, getattr(self, name), ("bf16", "f16", "f32", *_FP8))
        _check_choice("scales", self.scales, tuple(_SCALES))
        if self.selected is not None:
            _check_choice("selected", self.selected, ("pages", "tokens"))
        if self.dynamic and self.scales != "token":
            raise DataError(f"expects scales 'token' with dynamic, got {self.scales!r}")

    def mlir(self) -> str:
        """Returns the text of the model."""
        written = self._written()
        rows = [(name, f"memref<?x{heads}x{self.head_dim}x{self.element_type}>") for name, heads in written]
        queries = f"memref<?x{self.query_heads}x{self.head_dim}x{self.element_type}>"
        taken = f"memref<?x{self.query_heads}x{self.head_dim}x{self.query_type or self.element_type}>"
        channels = self.head_dim if self.value_head_dim is None else self.value_head_dim
        outs = f"memref<?x{self.query_heads}x{channels}x{self.out_type or self.element_type}>"
        caches = self._caches()
        cache = f"cache({', '.join(f'%{name}' for name, _ in caches)} : {', '.join(type for _, type in caches)})"
        slots, ints, table = "memref<?xi64>", "memref<?xi32>", "memref<?x?xi32>"
        scales, scale_clauses = [], []
        if self.cache_type != "bf16":
            result, form = _SCALES[self.scales]
            scales = [(f"{name}_scale", form.format(heads=heads, page=self.page_tokens)) for name, heads in written]
            indices = f"affine_map<(page, head, token, channel) -> {result}>"
            scale_clauses = [f"{name}(%{name} : {scale}, {indices})" for name, scale in scales]
        rotated, rotation = self._rotation(queries)
        write = _function(
            "kv_write", [*rows, *rotated[:1], ("slots", slots), *rotated[1:], *scales, *caches],
            "kv_write" + " dynamic" * self.dynamic + " interleaved" * self.interleaved,
            [" ".join(f"{name}(%{name} : {type})" for name, type in rows), f"slots(%slots : {slots})", *rotation, *scale_clauses,
             cache] + ([] if self.norm_eps is None else [f"{{norm_eps = {_float(self.norm_eps)} : f32}}"]))
        lse = "memref<?x%dxf32>" % self.query_heads
        groups = [("group_start", ints), ("prefix_lens", ints), ("prefix_table", table)] * self.prefix
        lists = table if self.selected_lists is None else f"memref<?x{self.selected_lists}x?xi32>"
        selected = [(f"selected_{self.selected}", lists)] * (self.selected is not None)
        row_scales = [("query_scale", f"memref<?x{self.query_heads}xf32>", "token, head")] * (self.query_type in _FP8)
        row_scales += [("out_scale", "memref<f32>", "")] * (self.out_type in _FP8)
        attend = _function(
            "attend",
            [("query", taken), *caches, *scales, ("query_start", ints), ("seq_lens", ints), ("block_table", table),
             *groups, *selected, ("out", outs), *[("lse", lse)] * self.lse, *[(name, type) for name, type, _ in row_scales]],
            "paged_attention" + _visible(self),
            [f"query(%query : {taken})", cache, *scale_clauses,
             f"batch(%query_start, %seq_lens, %block_table : {ints}, {ints}, {table})", f"out(%out : {outs})",
             *[f"lse(%lse : {lse})"] * self.lse,
             *[f"prefix(%group_start, %prefix_lens, %prefix_table : {ints}, {ints}, {table})"] * self.prefix,
             *[f"{name}(%{name} : {type})" for name, type in selected],
             *[f"{name}(%{name} : {type}, affine_map<(token, head, channel) -> ({result})>)" for name, type, result in row_scales],
             *_score_options(self)])
        return write + attend

    def _written(self) -> list[tuple[str, int]]:
        """Returns what kv_write writes, and its heads."""
        key, value = ("key", self.kv_heads), ("value", self.kv_heads if self.value_heads is None else self.value_heads)
        return [key, value] if self.value_head_dim is None else [key]

    def _caches(self) -> list[tuple[str, str]]:
        """Returns the caches, and their types."""

        def type_of(content: str, heads: int, values: str = "") -> str:
            return (f"!fp8attn.cache<{content}, heads = {heads}, head_dim = {self.head_dim}, {values}"
                    f"page = {self.page_tokens}, {self.cache_type}>")

        if self.value_heads is not None:
            return [(f"{name}_cache", type_of(name, heads)) for name, heads in self._written()]
        if self.value_head_dim is None:
            return [("cache", type_of("key_value", self.kv_heads))]
        rope = "" if self.rope_head_dim is None else f"rope_head_dim = {self.rope_head_dim}, "
        return [("cache", type_of("latent", self.kv_heads, f"value_head_dim = {self.value_head_dim}, {rope}"))]

    def _rotation(self, queries: str) -> tuple[list[tuple[str, str]], list[str]]:
        """Returns the arguments of what kv_write does to keys and queries, and the clauses."""
        arguments, clauses = [("query", queries)], []
        if self.norm_eps is not None:
            arguments += [(name, f"memref<{self.head_dim}x{self.element_type}>") for name in ("key_norm", "query_norm")]
        if self.rotary is not None:
            table = f"memref<?x{self.rotary // 2}xf32>"
            arguments += [("positions", "memref<?xi32>"), ("cos", table), ("sin", table)]
            clauses = [f"rotary(%positions, %cos, %sin : memref<?xi32>, {table}, {table})"]
        if len(arguments) == 1:
            return [], []
        arguments += [("query_out", queries)]
        return arguments, clauses + [f"{name}(%{name} : {type})" for name, type in arguments if name not in ("positions", "cos", "sin")]


@dataclasses.dataclass(frozen=True)
class DenseAttention:
    """Attention over dense tensors, as one function:

      attend(query, key, value, out)
          query, out [B, query_heads, Sq, head_dim]; key, value [B, kv_heads, Sk, head_dim]

    of `element_type` bf16, f16 or f32. With `causal`, the last query sees the last key and
    those before; the other members and the errors are those of `PagedAttention`.
    """

    query_heads: int
    kv_heads: int
    head_dim: int
    element_type: str = "bf16"
    causal: bool = True
    window_left: int | None = None
    softmax_scale: float | None = None
    softcap: float | None = None

    def __post_init__(self) -> None:
        _check_numbers(self, ("query_heads", "kv_heads", "head_dim", "window_left"), ("softmax_scale", "softcap"))
        _check_choice("element_type", self.element_type, ("bf16", "f16", "f32"))

    def mlir(self) -> str:
        """Returns the text of the model."""
        queries = f"memref<?x{self.query_heads}x?x{self.head_dim}x{self.element_type}>"
        keys = f"memref<?x{self.kv_heads}x?x{self.head_dim}x{self.element_type}>"
        return _function(
            "attend", [("query", queries), ("key", keys), ("value", keys), ("out", queries)], "attention" + _visible(self),
            [f"query(%query : {queries})", f"key(%key : {keys}) value(%value : {keys})", f"out(%out : {queries})",
             *_score_options(self)])


def _visible(spec: PagedAttention | DenseAttention) -> str:
    return " causal" * spec.causal + ("" if spec.window_left is None else f" window_left = {spec.window_left}")


def _score_options(spec: PagedAttention | DenseAttention) -> list[str]:
    options = [f"{name} = {_float(value)} : f32" for name in ("softmax_scale", "softcap") if (value := getattr(spec, name)) is not None]
    return [f"{{{', '.join(options)}}}"] if options else []
