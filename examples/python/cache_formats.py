#!/usr/bin/env python3
#===- cache_formats.py - what a cache format costs in accuracy ------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Attends over one prompt with caches of each format, and compares with attention in double
precision on what was not quantised.

  cache_formats.py FOLDER [errors.svg]

FOLDER has query.bf16, key.bf16 and value.bf16, [tokens, heads, 64] each in bf16 without a
header, of 8 query heads and 2 KV heads, as test/Data/kjv-5m has. Prints a table, and draws
it if there is a second argument.
"""

import pathlib
import sys

import numpy as np

import fp8attn
from language_model import HEAD_DIM, KV_HEADS, QUERY_HEADS, attend_exactly

PAGE = 32
LARGEST = {"f8E4M3FN": 448, "f8E5M2": 57344, "i8": 127}
FORMATS = [("bf16", "")] + [(format, scales) for format in LARGEST for scales in ("tensor", "head", "token")]


def read(folder, name, heads):
    return fp8attn.Tensor(np.fromfile(folder / f"{name}.bf16", "<u2").reshape(-1, heads, HEAD_DIM), "bf16")


def choose_scales(tokens, format, scales, num_pages):
    """Returns the scales of keys or values that make the largest number the largest code; of
    tokens, which kv_write computes, memory for them."""
    if scales == "token":
        return np.zeros((num_pages, KV_HEADS, PAGE), np.float32)
    axes = (0, 1, 2) if scales == "tensor" else (0, 2)
    return np.asarray(np.abs(fp8attn.to_float32(tokens)).max(axis=axes) / LARGEST[format], np.float32)


def attend(query, key, value, format, scales):
    """Returns attention over a cache of a format, float32, and the cache's bytes a token with
    its scales."""
    tokens = query.shape[0]
    num_pages = -(-tokens // PAGE)
    spec = fp8attn.PagedAttention(QUERY_HEADS, KV_HEADS, HEAD_DIM, PAGE, format, scales=scales or "head", dynamic=scales == "token")
    module = fp8attn.compile(spec)
    cache = module.kv_write.new_cache("cache", num_pages)
    given = {} if format == "bf16" else {
        "key_scale": choose_scales(key, format, scales, num_pages), "value_scale": choose_scales(value, format, scales, num_pages)}
    module.kv_write(key=key, value=value, slots=np.arange(tokens), cache=cache, **given)
    out = fp8attn.zeros(query.shape, "bf16")
    module.attend(query=query, cache=cache, query_start=[0, tokens], seq_lens=[tokens],
                  block_table=[list(range(num_pages))], out=out, **given)
    scale_bytes = 2 * 4 * KV_HEADS if scales == "token" else 0
    return fp8attn.to_float32(out), cache.page_bytes // PAGE + scale_bytes


def draw(rows, path):
    """Draws the errors on a logarithmic axis, a row for each format."""
    left, width, line, top = 190, 420, 26, 44
    low, high = -3, -1
    place = lambda error: left + width * (np.clip(np.log10(error), low, high) - low) / (high - low)
    bottom = top + line * len(rows)
    text = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 90}" height="{bottom + 34}" '
            'font-family="sans-serif" font-size="13">',
            '<rect width="100%" height="100%" fill="white"/>',
            f'<text x="{left}" y="20" font-weight="bold">Relative L2 error of attention, by cache format and scales</text>']
    for tick in (1e-3, 3e-3, 1e-2, 3e-2, 1e-1):
        text.append(f'<path d="M{place(tick):.1f} {top - 8}V{bottom}" stroke="#ccc"/>'
                    f'<text x="{place(tick):.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>')
    for i, (format, scales, size, error) in enumerate(rows):
        y = top + line * i + line / 2
        text.append(f'<text x="{left - 12}" y="{y + 4}" text-anchor="end">{format} {scales} ({size} B)</text>'
                    f'<path d="M{left} {y}H{place(error):.1f}" stroke="#36c" stroke-width="3"/>'
                    f'<circle cx="{place(error):.1f}" cy="{y}" r="5" fill="#36c"/>'
                    f'<text x="{place(error) + 10:.1f}" y="{y + 4}">{error:.1e}</text>')
    pathlib.Path(path).write_text("\n".join(text + ["</svg>", ""]), encoding="utf-8")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    query, key, value = (read(folder, name, heads) for name, heads in (("query", QUERY_HEADS), ("key", KV_HEADS), ("value", KV_HEADS)))
    expected = attend_exactly(*(fp8attn.to_float32(x).astype(np.float64) for x in (query, key, value)))
    rows = []
    print("format    scales  bytes/token  relative L2 error")
    for format, scales in FORMATS:
        out, size = attend(query, key, value, format, scales)
        error = np.linalg.norm(out - expected) / np.linalg.norm(expected)
        rows.append((format, scales, size, error))
        print(f"{format:9} {scales:7} {size:11}  {error:.1e}", flush=True)
    if len(sys.argv) == 3:
        draw(rows, sys.argv[2])


if __name__ == "__main__":
    main()
