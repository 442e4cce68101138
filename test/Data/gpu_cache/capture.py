#!/usr/bin/env python3
#===- capture.py - a cache that a GPU wrote, and its attention over it ----===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: capture.py KJV FOLDER, with PyTorch and Triton on a GPU. KJV has the trained
# queries, keys and values (test/Data/kjv-5m). Kernels of this file quantise keys and values
# into a paged cache as engines on GPUs have it, tokens before heads, and attend over
# its codes in f32. README.md says what is written to FOLDER.
#
#===----------------------------------------------------------------------===//

import sys

import torch
import triton
import triton.language as tl

HEADS, KV_HEADS, DIM, BLOCK, BLOCKS = 8, 2, 64, 32, 12
LENGTHS, ROWS, STARTS = [100, 33, 180], [1, 5, 20], [0, 200, 400]
TABLE = [[7, 2, 11, 4, 0, 0], [9, 0, 0, 0, 0, 0], [5, 10, 1, 8, 3, 6]]


@triton.jit
def write_kernel(source, scales, slots, cache, part, HEADS: tl.constexpr, DIM: tl.constexpr, BLOCK: tl.constexpr):
    token, head = tl.program_id(0), tl.program_id(1)
    channel = tl.arange(0, DIM)
    row = tl.load(source + (token * HEADS + head) * DIM + channel).to(tl.float32)
    codes = (row / tl.load(scales + head)).to(tl.float8e4nv)
    slot = tl.load(slots + token)
    # [blocks, 2, tokens, heads, channels]
    place = (((slot // BLOCK) * 2 + part) * BLOCK + slot % BLOCK) * HEADS + head
    tl.store(cache + place * DIM + channel, codes)


@triton.jit
def attend_kernel(query, cache, key_scales, value_scales, table, positions, sequences, out, lse,
                  HEADS: tl.constexpr, KV_HEADS: tl.constexpr, DIM: tl.constexpr,
                  BLOCK: tl.constexpr, MAX_BLOCKS: tl.constexpr):
    row, head = tl.program_id(0), tl.program_id(1)
    kv_head = head // (HEADS // KV_HEADS)
    channel, token = tl.arange(0, DIM), tl.arange(0, BLOCK)
    q = tl.load(query + (row * HEADS + head) * DIM + channel).to(tl.float32)
    position = tl.load(positions + row)
    sequence = tl.load(sequences + row)
    most = -float("inf")
    total = 0.0
    sums = tl.zeros([DIM], tl.float32)
    for block in range(position // BLOCK + 1):
        page = tl.load(table + sequence * MAX_BLOCKS + block)
        place = ((page * 2 * BLOCK + token[:, None]) * KV_HEADS + kv_head) * DIM + channel[None, :]
        seen = block * BLOCK + token <= position
        k = tl.load(cache + place, mask=seen[:, None], other=0.0).to(tl.float32)
        v = tl.load(cache + place + BLOCK * KV_HEADS * DIM, mask=seen[:, None], other=0.0).to(tl.float32)
        score = tl.sum(q[None, :] * k, axis=1) * tl.load(key_scales + kv_head) * 0.125
        score = tl.where(seen, score, -float("inf"))
        new = tl.maximum(most, tl.max(score))
        weight = tl.exp(score - new)
        factor = tl.exp(most - new)
        total = total * factor + tl.sum(weight)
        sums = sums * factor + tl.sum(weight[:, None] * v, axis=0)
        most = new
    sums = sums * tl.load(value_scales + kv_head) / total
    tl.store(out + (row * HEADS + head) * DIM + channel, sums)
    tl.store(lse + row * HEADS + head, most + tl.log(total))


def read(path, heads):
    with open(path, "rb") as file:
        words = bytearray(file.read())
    return torch.frombuffer(words, dtype=torch.bfloat16).reshape(-1, heads, DIM).cuda()


def write(path, tensor):
    with open(path, "wb") as file:
        file.write(tensor.contiguous().cpu().view(torch.uint8).numpy().tobytes())


def main(source, folder):
    query, key, value = (read(f"{source}/{name}.bf16", heads)
                         for name, heads in [("query", HEADS), ("key", KV_HEADS), ("value", KV_HEADS)])
    tokens = torch.cat([torch.arange(s, s + n) for s, n in zip(STARTS, LENGTHS)]).cuda()
    slots = torch.tensor([TABLE[s][t // BLOCK] * BLOCK + t % BLOCK
                          for s, n in enumerate(LENGTHS) for t in range(n)]).cuda()
    # NaN wherever nobody writes.
    cache = torch.full((BLOCKS, 2, BLOCK, KV_HEADS, DIM), 0xFF, dtype=torch.uint8, device="cuda")
    codes = cache.view(torch.float8_e4m3fn)
    scales = []
    for part, rows in enumerate([key, value]):
        rows = rows[tokens].contiguous()
        scales.append(rows.float().abs().amax(dim=(0, 2)) / 448)
        write_kernel[(len(tokens), KV_HEADS)](rows, scales[-1], slots, codes, part, KV_HEADS, DIM, BLOCK)
    positions = torch.tensor([n - r + i for n, r in zip(LENGTHS, ROWS) for i in range(r)]).cuda()
    sequences = torch.tensor([s for s, r in enumerate(ROWS) for _ in range(r)]).cuda()
    starts = torch.tensor(STARTS).cuda()
    queries = query[starts[sequences] + positions].contiguous()
    out = torch.empty(len(positions), HEADS, DIM, device="cuda")
    lse = torch.empty(len(positions), HEADS, device="cuda")
    table = torch.tensor(TABLE, dtype=torch.int32).cuda()
    attend_kernel[(len(positions), HEADS)](queries, codes, scales[0], scales[1], table, positions, sequences,
                                           out, lse, HEADS, KV_HEADS, DIM, BLOCK, len(TABLE[0]))

    # The same by PyTorch's own attention, of sequences gathered by their block tables.
    for s, (n, r) in enumerate(zip(LENGTHS, ROWS)):
        pages = codes[table[s, : (n + BLOCK - 1) // BLOCK].long()].float()  # [pages, 2, tokens, heads, channels]
        k, v = (pages[:, part].reshape(-1, KV_HEADS, DIM)[:n] * scales[part][None, :, None] for part in range(2))
        k, v = (x.transpose(0, 1).repeat_interleave(HEADS // KV_HEADS, 0) for x in (k, v))
        mine = sequences == s
        q = queries[mine].float().transpose(0, 1)
        mask = torch.arange(n).cuda()[None, :] <= positions[mine][:, None]
        expected = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(0, 1)
        error = ((out[mine] - expected).norm() / expected.norm()).item()
        print(f"sequence {s}: {error:.2e} from PyTorch")
        assert error < 1e-5

    write(f"{folder}/cache.e4m3", cache)
    write(f"{folder}/scales.f32", torch.stack(scales))
    write(f"{folder}/query.bf16", queries)
    write(f"{folder}/out.f32", out)
    write(f"{folder}/lse.f32", lse)
    print(torch.cuda.get_device_name(), torch.__version__, triton.__version__)


if __name__ == "__main__":
    torch.backends.cuda.matmul.allow_tf32 = False
    main(*sys.argv[1:])
