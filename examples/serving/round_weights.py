#!/usr/bin/env python3
#===- round_weights.py - weights of four bits -----------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Rounds the matrices of a safetensors file of BF16 tensors to four bits:

  round_weights.py WEIGHTS.safetensors ROUNDED.safetensors

Of each row, 64 columns share a scale in bf16: the one of 23 between half of and a bit more
than the largest magnitude over 7 that has the least squared error. Vectors stay as they are.
README.md says how the result is stored. Needs numpy.
"""

import json
import pathlib
import struct
import sys

import numpy as np

GROUP, LARGEST = 64, 7
FRACTIONS = np.linspace(0.5, 1.05, 23, dtype=np.float32)


def to_float(words):
    return (words.astype(np.uint32) << np.uint32(16)).view(np.float32)


def to_bf16(numbers):
    bits = np.ascontiguousarray(numbers, np.float32).view(np.uint32)
    return ((bits + ((bits >> np.uint32(16)) & np.uint32(1)) + np.uint32(0x7FFF)) >> np.uint32(16)).astype("<u2")


def round_matrix(words):
    """Returns the codes [rows, columns / 2] and scales [rows, columns / GROUP] of a matrix."""
    groups = to_float(words).reshape(len(words), -1, GROUP)
    most = np.abs(groups).max(axis=-1)
    codes, scales, errors = np.zeros(groups.shape, np.uint8), to_bf16(most), np.full(most.shape, np.inf)
    for fraction in FRACTIONS:
        words = to_bf16(most * fraction / LARGEST)
        scale = np.maximum(to_float(words), np.float32(1e-30))[..., None]
        steps = np.clip(np.rint(groups / scale), -LARGEST - 1, LARGEST)
        error = np.square(steps * scale - groups).sum(axis=-1)
        better = error < errors
        codes[better], scales[better], errors[better] = (steps + 8)[better], words[better], error[better]
    codes = codes.reshape(len(codes), -1)
    return codes[:, ::2] | codes[:, 1::2] << 4, scales


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    data = pathlib.Path(sys.argv[1]).read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    header, blob, entries = json.loads(data[8 : 8 + size]), b"", {}
    for name, entry in sorted(header.items()):
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        words = np.frombuffer(data, "<u2", (end - begin) // 2, 8 + size + begin).reshape(entry["shape"])
        parts = {name: ("BF16", words)}
        if words.ndim == 2:
            codes, scales = round_matrix(words)
            parts = {f"{name}.codes": ("U8", codes), f"{name}.scales": ("BF16", scales)}
        for part, (dtype, array) in parts.items():
            entries[part] = {"dtype": dtype, "shape": array.shape, "data_offsets": [len(blob), len(blob) + array.nbytes]}
            blob += array.tobytes()
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(sys.argv[2]).write_bytes(struct.pack("<Q", len(text)) + text + blob)


if __name__ == "__main__":
    main()
