#!/usr/bin/env python3
#===- speak.py - text of a trained model over caches of each format -------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Lets a trained model continue a prompt with compiled attention over a cache of each format,
and measures what each costs: the mean Kullback-Leibler divergence, in nats, of the next
byte's distribution from that of exact attention, over the beginning of a text.

  speak.py FOLDER [--bytes=N] [--picture=costs.svg]

FOLDER has weights.safetensors and text.bin, as test/Data/kjv-5m has. N (64) are made, and four
times as many are read. The picture, SVG or PNG as its name says, needs matplotlib (Debian:
python3-matplotlib); where there is none, there is no picture, and a line that says so.
"""

import argparse
import pathlib

import numpy as np

import fp8attn
from cache_formats import LARGEST, PAGE
from language_model import HEAD_DIM, KV_HEADS, PROMPT, QUERY_HEADS, ExactAttention, LanguageModel
from pictures import load_pyplot

FORMATS = [("bf16", ""), ("f8E4M3FN", "head"), ("f8E4M3FN", "token"), ("f8E5M2", "head"), ("i8", "head"), ("i8", "token")]


class RangedAttention(ExactAttention):
    """Exact attention that notes the largest magnitudes of keys and values, by layer and head."""

    def __init__(self):
        super().__init__()
        self.most = {}

    def attend(self, layer, query, key, value):
        self.most[layer] = [np.abs(x).max(axis=(0, 2)) for x in (key, value)]
        return super().attend(layer, query, key, value)


class CachedAttention:
    """Compiled attention over a cache for each layer."""

    def __init__(self, format, scales, most, num_tokens):
        self._module = fp8attn.compile(fp8attn.PagedAttention(
            QUERY_HEADS, KV_HEADS, HEAD_DIM, PAGE, format, scales=scales or "head", dynamic=scales == "token"))
        self._pages = list(range(-(-num_tokens // PAGE)))
        self._caches = [self._module.kv_write.new_cache("cache", len(self._pages)) for _ in most]
        self._scales, self._lengths = [{} for _ in most], [0 for _ in most]
        for layer, of_layer in most.items():
            for name, largest in zip(("key_scale", "value_scale"), of_layer):
                if scales == "token":
                    self._scales[layer][name] = np.zeros((len(self._pages), KV_HEADS, PAGE), np.float32)
                elif scales == "head":
                    # Twice the largest that was seen has a code.
                    self._scales[layer][name] = (2 * largest / LARGEST[format]).astype(np.float32)

    def attend(self, layer, query, key, value):
        first = self._lengths[layer]
        end = self._lengths[layer] = first + len(query)
        query, key, value = (fp8attn.to_bf16(np.ascontiguousarray(x)) for x in (query, key, value))
        cache, scales, out = self._caches[layer], self._scales[layer], fp8attn.zeros(query.shape, "bf16")
        # A page's number is its place: slots are positions.
        self._module.kv_write(key=key, value=value, slots=np.arange(first, end), cache=cache, **scales)
        self._module.attend(query=query, cache=cache, query_start=[0, end - first], seq_lens=[end], block_table=[self._pages], out=out, **scales)
        return fp8attn.to_float32(out)


def log_probabilities(logits):
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def draw(costs, path):
    """Draws the divergence of each format, on a logarithmic axis."""
    pyplot = load_pyplot()
    if not pyplot:
        return
    figure, axes = pyplot.subplots(figsize=(7, 2.6), layout="constrained")
    bars = axes.barh([name for name, _ in costs], [cost for _, cost in costs], color="#36c")
    axes.bar_label(bars, [f"{cost:.1e}" for _, cost in costs], padding=4)
    axes.set_xscale("log")
    axes.set_xlim(1e-6, 3e-2)
    axes.invert_yaxis()
    axes.set_xlabel("mean KL to exact attention, nats")
    figure.savefig(path)
    print(f"picture: {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--bytes", type=int, default=64)
    parser.add_argument("--picture")
    args = parser.parse_args()
    text = (args.folder / "text.bin").read_bytes()[: 4 * args.bytes]
    if args.bytes < 1 or not text:
        parser.error("expects at least one byte to make, and a text")

    model = LanguageModel(args.folder / "weights.safetensors")
    ranged = RangedAttention()
    exact = log_probabilities(model.compute(text, 0, ranged))
    continued = model.generate(PROMPT, args.bytes, ExactAttention())
    print(f"exact: {continued.decode(errors='replace')}")
    costs = []
    for format, scales in FORMATS:
        name = f"{format} {scales}".strip()
        attention = CachedAttention(format, scales, ranged.most, len(PROMPT) + args.bytes)
        made = model.generate(PROMPT, args.bytes, attention)
        print(f"{name}: {'the same' if made == continued else made.decode(errors='replace')}")
        logs = log_probabilities(model.compute(text, 0, CachedAttention(format, scales, ranged.most, len(text))))
        costs.append((name, (np.exp(exact) * (exact - logs)).sum(axis=1).mean()))
    for name, cost in costs:
        print(f"{name:14} mean KL {cost:.1e}")
    if args.picture:
        draw(costs, args.picture)


if __name__ == "__main__":
    main()
