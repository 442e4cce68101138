#===- language_model.py - a small language model in numpy -----------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""A decoder of the Llama form over bytes, in float32, whose attention is somebody else's:
that of `ExactAttention`, with keys and values as they are, or of compiled functions.

  language_model.py WEIGHTS TEXT FOLDER

computes the 256 bytes that follow a prompt, and the logits after every 64th byte of TEXT,
with exact attention, and writes them to FOLDER/greedy.bin and FOLDER/logits.f32. What
test/Data/kjv-5m has of these was made so; with Debian's numpy it takes minutes.
"""

from __future__ import annotations

import json
import pathlib
import struct
import sys
from typing import Protocol

import numpy as np

QUERY_HEADS, KV_HEADS, HEAD_DIM = 8, 2, 64
ROPE_BASE, EPSILON = 10000.0, 1e-5
PROMPT, NUM_OUTPUTS = b"Ge1:1 In the beginning ", 256
# Of TEXT, the first is position STEP - 1.
STEP = 64


def read_weights(path: str | pathlib.Path) -> dict[str, np.ndarray]:
    """Returns the tensors of a safetensors file in float32: those of BF16, and for each pair
    NAME.codes (U8 [outputs, inputs / 2], the lower 4 bits are the first of two) and NAME.scales
    (BF16 [outputs, inputs / group]) the tensor NAME, (code - 8) * scale of its group."""
    data = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + size])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        raw = np.frombuffer(data, np.uint8, end - begin, 8 + size + begin)
        if entry["dtype"] == "BF16":
            raw = (raw.view("<u2").astype(np.uint32) << np.uint32(16)).view(np.float32)
        tensors[name] = raw.reshape(entry["shape"])
    for name in [name[:-6] for name in tensors if name.endswith(".codes")]:
        codes, scales = tensors.pop(f"{name}.codes"), tensors.pop(f"{name}.scales")
        values = np.stack([codes & 15, codes >> 4], axis=-1).astype(np.float32) - 8
        groups = values.reshape(*scales.shape, -1) * scales[..., None]
        tensors[name] = groups.reshape(len(codes), -1)
    return tensors


def rotate(heads: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Turns the channels i and i + 32 of [rows, heads, 64] by the angles of their positions."""
    angles = positions[:, None] * ROPE_BASE ** (-np.arange(0, HEAD_DIM, 2) / HEAD_DIM)
    cosine, sine = (f(angles).astype(np.float32)[:, None] for f in (np.cos, np.sin))
    first, second = np.split(heads, 2, axis=-1)
    return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=-1)


def normalize(rows: np.ndarray, gain: np.ndarray) -> np.ndarray:
    return rows / np.sqrt((rows * rows).mean(axis=-1, keepdims=True) + np.float32(EPSILON)) * gain


def attend_exactly(query: np.ndarray, key: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Returns causal attention, [rows, 8, 64], of the last tokens to all, [tokens, 2, 64], in the
    type of the operands."""
    out = np.empty_like(query)
    hidden = ~np.tri(len(query), len(key), len(key) - len(query), dtype=bool)
    for head in range(QUERY_HEADS):
        of = head * KV_HEADS // QUERY_HEADS
        scores = query[:, head] @ key[:, of].T / query.dtype.type(np.sqrt(HEAD_DIM))
        scores[hidden] = -np.inf
        prob = np.exp(scores - scores.max(axis=1, keepdims=True))
        out[:, head] = prob @ value[:, of] / prob.sum(axis=1, keepdims=True)
    return out


class Attention(Protocol):
    """Keeps the keys and values of all layers."""

    def attend(self, layer: int, query: np.ndarray, key: np.ndarray, value: np.ndarray) -> np.ndarray:
        """Appends keys and values, float32 [rows, 2, 64], to those of a layer, and returns what
        the queries of the same tokens, [rows, 8, 64], see of them and of those before."""


class ExactAttention:
    """Attention in float32 on keys and values as they are."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def attend(self, layer: int, query: np.ndarray, key: np.ndarray, value: np.ndarray) -> np.ndarray:
        if layer in self._kept:
            key, value = (np.concatenate(pair) for pair in zip(self._kept[layer], (key, value)))
        self._kept[layer] = key, value
        return attend_exactly(query, key, value)


class LanguageModel:
    """The weights of a file, and what they make of tokens."""

    def __init__(self, path: str | pathlib.Path):
        self._weights = read_weights(path)
        self.num_layers = 1 + max(int(name.split(".")[1]) for name in self._weights if name.startswith("blocks."))

    def compute(self, tokens: bytes, position: int, attention: Attention) -> np.ndarray:
        """Returns the logits of what comes after each of `tokens`, float32 [tokens, 256]; the
        first of them is at `position`, and attention has seen those before it."""
        weights = self._weights
        state = weights["embed.weight"][np.frombuffer(tokens, np.uint8)]
        positions = np.arange(position, position + len(tokens))
        for layer in range(self.num_layers):
            of = lambda name: weights[f"blocks.{layer}.{name}.weight"]
            rows = normalize(state, of("attn_norm"))
            query, key, value = ((rows @ of(name).T).reshape(len(rows), -1, HEAD_DIM) for name in ("wq", "wk", "wv"))
            out = attention.attend(layer, rotate(query, positions), rotate(key, positions), value)
            state = state + out.reshape(len(rows), -1) @ of("wo").T
            rows = normalize(state, of("mlp_norm"))
            gate = rows @ of("w1").T
            state = state + (gate / (1 + np.exp(-gate)) * (rows @ of("w3").T)) @ of("w2").T
        return normalize(state, weights["norm.weight"]) @ weights["embed.weight"].T

    def generate(self, prompt: bytes, num_outputs: int, attention: Attention) -> bytes:
        """Returns the prompt and the bytes that are the likeliest after it, one by one."""
        logits = self.compute(prompt, 0, attention)
        text = bytearray(prompt)
        while True:
            text.append(int(logits[-1].argmax()))
            if len(text) == len(prompt) + num_outputs:
                return bytes(text)
            logits = self.compute(bytes(text[-1:]), len(text) - 1, attention)


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    model, folder = LanguageModel(sys.argv[1]), pathlib.Path(sys.argv[3])
    (folder / "greedy.bin").write_bytes(model.generate(PROMPT, NUM_OUTPUTS, ExactAttention()))
    logits = model.compute(pathlib.Path(sys.argv[2]).read_bytes(), 0, ExactAttention())
    logits[STEP - 1 :: STEP].astype("<f4").tofile(folder / "logits.f32")


if __name__ == "__main__":
    main()
