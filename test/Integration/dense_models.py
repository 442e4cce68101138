#===- dense_models.py - models of dense attention that are run -------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# As models.py, of attention whose keys and values are tensors.
#
#===----------------------------------------------------------------------===//

import collections

from covering_array import cover
from model_text import FP8_ELEMENTS
from models import COVERED, MIX_COLUMNS, scales

# Attention over dense tensors: element types and head sizes of keys and values,
# and how the mask is shared: a letter for the batch, one for the heads and one for
# the queries, "1" if there is one for all.
Dense = collections.namedtuple(
    "Dense",
    "name key value kv_heads group head_dim value_dim key_scale value_scale query out"
    " causal window_left window_right top_left sink softcap alibi mask shared documents"
    # The elements of sinks and ALiBi slopes, and whether entries have numbers of keys
    # and positions of queries of their own; and the heads of values, if they are not
    # as many as those of the keys.
    " per_head key_lens query_offsets value_heads"
    # What the scales of queries and outputs differ by, if these are FP8.
    " query_scale out_scale",
    defaults=(
        ("bf16", "bf16", True, None, None, False, False)
        + (0, False, "none", "11q", False)
        + ("f32", False, False, None)
        + ("tensor", "tensor")
    ),
)


def dense_llama(cache):
    """Returns the shape of LLAMA, with which results are compared bit by bit."""
    return Dense(f"llama_{cache}", cache, cache, 2, 4, 128, 128, *scales(cache))


DENSE = [
    *(dense_llama(cache) for cache in COVERED["cache"] if cache != "i8"),
    Dense("f32", "f32", "f16", 2, 3, 40, 24, "none", "none", "f32", "f32"),
    Dense("f16", "f16", "f32", 1, 7, 72, 40, "none", "none", "f16", "f16", causal=False),
    Dense("mixed", "e5m2", "bf16", 3, 1, 64, 72, "tensor", "none", causal=False),
    Dense("mla", "e4m3", "e5m2", 1, 16, 576, 512, "tensor", "head"),
    Dense("smallest", "e5m2", "e4m3", 1, 71, 8, 8, "head", "tensor", "f16", "f32"),
    Dense("top_left", "bf16", "bf16", 2, 2, 64, 64, "none", "none", top_left=True),
    Dense("window", "e4m3", "e4m3", 2, 3, 64, 64, "head", "head", causal=False,
          window_left=40, window_right=9, sink=True),
    Dense("window_top_left", "bf16", "f32", 1, 5, 32, 64, "none", "none", causal=False,
          window_left=30, window_right=270, top_left=True, sink=True),
    Dense("softcap", "bf16", "bf16", 2, 2, 128, 128, "none", "none", softcap=20, sink=True,
          window_left=300),
    Dense("mask", "bf16", "bf16", 2, 3, 64, 64, "none", "none", causal=False, mask="i8"),
    Dense("mask_of_head", "e4m3", "e4m3", 2, 2, 64, 64, "head", "tensor", mask="f32",
          shared="1hq", top_left=True),
    Dense("mask_of_entry", "f32", "bf16", 1, 4, 40, 40, "none", "none", causal=False,
          mask="i8", shared="b1q", top_left=True, alibi=True),
    Dense("mask_of_all", "bf16", "e5m2", 2, 4, 64, 64, "none", "head", mask="f32",
          shared="bhq", softcap=50, alibi=True, documents=True),
    # Padding: a row for all queries of a batch entry.
    Dense("mask_of_keys", "bf16", "bf16", 2, 2, 64, 64, "none", "none", causal=False, mask="i1",
          shared="b11", sink=True),
    Dense("more_values", "e4m3", "e5m2", 2, 6, 64, 40, "head", "head", value_heads=6, sink=True),
    Dense("fewer_values", "bf16", "e4m3", 6, 2, 40, 64, "none", "head", value_heads=4, alibi=True),
    Dense("fp8", "e4m3", "e4m3", 2, 4, 64, 40, "head", "head", "e4m3", "e4m3",
          query_scale="row", out_scale="head", sink=True),
    Dense("fp8_e5m2", "bf16", "f32", 1, 5, 40, 64, "none", "none", "e5m2", "e5m2", softcap=20,
          query_scale="head", out_scale="row"),
    Dense("key_lens", "e4m3", "e4m3", 2, 4, 64, 64, "head", "head", key_lens=True),
    Dense("query_offsets", "bf16", "f16", 2, 3, 40, 24, "none", "none", window_left=50,
          query_offsets=True),
    Dense("lens_and_offsets", "bf16", "bf16", 1, 5, 64, 64, "none", "none", alibi=True,
          mask="f32", shared="b1q", key_lens=True, query_offsets=True, sink=True),
]
# Of these, models whose partial results are merged, too: keys may be attended to in
# any parts, as no position counts.
MERGED = ("f16", "mixed", "mask")

# Of dense attention. The letters of a mask say what it is shared by.
DENSE_COLUMNS = {
    "tensors": [("e4m3", "e4m3"), ("e5m2", "bf16"), ("f32", "f16"), ("bf16", "f32"), ("f16", "e5m2")],
    "dims": [(64, 64), (128, 40), (8, 8), (72, 200), (576, 512)],
    "heads": [(2, 4), (1, 7), (3, 1)],
    "scales": [("head", "tensor"), ("tensor", "head")],
    "window": MIX_COLUMNS["window"][:5],
    "top_left": [False, True],
    "sink": [True, False],
    "per_head": ["f32", "bf16", "f16"],
    "softcap": [20, 0],
    "alibi": [True, False],
    "mask": [("i8", "bhq"), ("f32", "1hq"), ("bf16", "b1q"), ("i1", "111"), ("f16", "bh1"),
             ("none", "11q")],
    "documents": [True, False],
    "types": [("bf16", "bf16"), ("f32", "f16"), ("f16", "f32"), ("e4m3", "e5m2"), ("e5m2", "e4m3")],
    "row_scales": [("tensor", "row"), ("row", "head"), ("head", "tensor")],
    "key_lens": [False, True],
    "query_offsets": [False, True],
    "value_heads": [None, 1, 3],
}


def mix_dense(name, row):
    key, value = row["tensors"]
    head_dim, value_dim = row["dims"]
    kv_heads, group = row["heads"]
    causal, left, right = row["window"]
    query, out = row["types"]
    key_scale, value_scale = row["scales"]
    mask, shared = row["mask"]
    value_heads = row["value_heads"]
    query_scale, out_scale = row["row_scales"]
    # Documents are told of positions that have a key.
    key_lens = row["key_lens"] and not row["documents"]
    query_offsets = row["query_offsets"] and not row["documents"] and not row["top_left"]
    return Dense(
        name, key, value, kv_heads, group, head_dim, value_dim,
        key_scale if key in FP8_ELEMENTS else "none", value_scale if value in FP8_ELEMENTS else "none",
        query, out, causal, left, right, row["top_left"], row["sink"],
        row["softcap"], row["alibi"], mask, shared, row["documents"],
        per_head=row["per_head"], key_lens=key_lens, query_offsets=query_offsets,
        value_heads=value_heads if kv_heads * group % (value_heads or 1) == 0 else None,
        query_scale=query_scale, out_scale=out_scale,
    )


# Drawn by random problems alone, or by tests of any model.
DENSE_MIXES = [
    mix_dense(f"mix_{i:02}", row) for i, row in enumerate(cover(DENSE_COLUMNS))
]

# For a program whose kernels are slow: each type, and what differs by batch entry or head.
FEW_DENSE = [
    model for model in DENSE
    if model.name.startswith("llama") or model.shared[2] == "1"
    or model.key_lens or model.query_offsets or model.value_heads
    or model.name.startswith("fp8")
]
