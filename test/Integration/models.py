#===- models.py - the models whose entry points are compiled and run ------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# A model is what an entry point is specialised for. The sweep is a covering
# array: every pair of values of two columns is in some row (check_pairs says so
# when the file is generated), with 21 models instead of 1,900.
#
#===----------------------------------------------------------------------===//

import collections
import itertools

from covering_array import cover
from model_text import NARROW_ELEMENTS

Model = collections.namedtuple(
    "Model",
    "name cache kv_heads group head_dim page key_scale value_scale causal lse split"
    " value_cache value_dim source query out"
    " window_left window_right top_left sink"
    # What modifies scores: a cap or 0, whether there are ALiBi slopes, the
    # mask's elements ("none" or a type), whether a region hides other
    # documents; `written` says all of that in one hand-written region.
    " softcap alibi mask documents written"
    # Whether tensors may have strides of the caller's, and whether values are the
    # first `value_dim` channels of the keys, which have one scale.
    " strided latent"
    # The elements of the mask of drafts, and of sinks and ALiBi slopes.
    " draft per_head"
    # What the scales of queries and outputs differ by, if these are FP8.
    " query_scale out_scale"
    # How many channels of keys in a latent cache, the last ones, are bf16.
    " rope_dim"
    # Heads of the values if they are not those of the keys, and whether products are
    # of f32.
    " value_heads f32_products"
    # Whether queries see "pages" or "tokens" of a list, and how many lists a token has,
    # 0 if there is no dimension of them.
    " selected lists"
    # What the zero points of keys and of values in a cache of i8 differ by.
    " key_zero value_zero",
    defaults=(
        (None, None, "bf16", "bf16", "bf16")
        + (None, None, False, False)
        + (0, False, "none", False, False)
        + (False, False)
        + ("none", "f32")
        + ("tensor", "tensor")
        + (0,)
        + (None, False)
        + ("none", 0)
        + ("none", "none")
    ),
)

# Columns from `cache` on. bf16 caches have no scales. A group of 71 heads is
# Falcon's and has heads of size 64. Element type and head size of the values are
# those of the keys (`cache`, `head_dim`) unless given; `source` is the element
# type of what is written to the cache.
SWEEP_ROWS = [
    ("e4m3", 2, 1, 128, 96, "head", "tensor", True, True, True),
    ("e4m3", 3, 3, 64, 64, "tensor", "tensor", True, True, False),
    ("e4m3", 2, 4, 64, 32, "head", "head", True, False, False),
    ("e4m3", 2, 7, 128, 96, "tensor", "tensor", False, False, False),
    ("e4m3", 1, 71, 64, 96, "head", "tensor", False, False, True),
    ("e5m2", 4, 1, 128, 32, "tensor", "head", False, False, True),
    ("e5m2", 2, 3, 128, 96, "head", "head", True, False, True),
    ("e5m2", 2, 4, 128, 64, "tensor", "tensor", False, False, True),
    ("e5m2", 2, 7, 128, 64, "head", "head", True, True, False),
    ("e5m2", 1, 71, 64, 32, "tensor", "tensor", True, True, False),
    ("e5m2", 1, 71, 64, 32, "head", "head", True, True, True),
    ("bf16", 3, 1, 64, 64, "none", "none", True, False, False),
    ("bf16", 2, 3, 64, 32, "none", "none", False, False, False),
    ("bf16", 2, 4, 128, 96, "none", "none", False, True, True),
    ("bf16", 2, 7, 64, 32, "none", "none", True, True, True),
    ("bf16", 1, 71, 64, 64, "none", "none", True, False, False),
    ("i8", 2, 1, 64, 32, "tensor", "head", True, True, False),
    ("i8", 2, 3, 128, 96, "head", "tensor", False, False, True),
    ("i8", 2, 4, 64, 64, "head", "head", False, True, True),
    ("i8", 2, 7, 128, 32, "tensor", "tensor", True, False, False),
    ("i8", 1, 71, 64, 96, "head", "head", True, False, True),
]

# Columns of which each pair of values must be in some row of the sweep.
COVERED = {
    "cache": ["e4m3", "e5m2", "bf16", "i8"],
    "group": [1, 3, 4, 7, 71],
    "head_dim": [64, 128],
    "page": [32, 64, 96],
    "key_scale": ["tensor", "head"],
    "value_scale": ["tensor", "head"],
    "causal": [True, False],
    "lse": [True, False],
    "split": [True, False],
}


def scales(cache):
    return ("none", "none") if cache == "bf16" else ("head", "head")


SWEEP = [Model(f"sweep_{i:02}", *row) for i, row in enumerate(SWEEP_ROWS)]

# The shape of test/Data/kjv-5m.
TRAINED = [
    Model(f"trained_{cache}", cache, 2, 4, 64, 32, *scales(cache), True, True, False)
    for cache in (*COVERED["cache"], *NARROW_ELEMENTS)
]

# The shape of Llama 3 with two of its eight KV heads.
LLAMA = [
    Model(f"llama_{cache}", cache, 2, 4, 128, 32, *scales(cache), True, True, False)
    for cache in COVERED["cache"]
]

# Head sizes, and element types of tensors, beside those of the sweep. Real models
# have fewer KV heads here, but their groups.
SHAPES = [
    Model(f"sweep_{name}", *row)
    for name, *row in [
        ("gemma3", "e4m3", 2, 2, 256, 32, "head", "head", True, True, False),
        ("phi3_mini", "e4m3", 2, 1, 96, 32, "tensor", "tensor", True, False, False),
        ("qwen2_7b", "e5m2", 4, 7, 128, 32, "head", "head", True, False, False),
        ("mla", "e4m3", 1, 128, 576, 64, "tensor", "tensor", True, True, True, "e4m3", 512),
        ("mla_bf16_values", "e4m3", 1, 16, 192, 32, "head", "none", True, True, True, "bf16", 128),
        ("smallest", "e5m2", 3, 3, 8, 32, "tensor", "head", False, True, False),
        ("dim24_bf16", "bf16", 2, 2, 24, 96, "none", "none", True, True, False),
        ("dim40", "e4m3", 2, 4, 40, 64, "head", "tensor", True, True, False),
        ("dim72_mixed", "e5m2", 2, 3, 72, 32, "head", "head", True, False, True, "e4m3", 40),
        ("largest_page", "e4m3", 1, 2, 16, 4096, "tensor", "tensor", True, False, False),
        ("f16", "e4m3", 2, 4, 64, 32, "head", "head", True, True, False, None, None, "f16", "f16", "f16"),
        ("f32", "e5m2", 2, 4, 40, 32, "head", "head", True, True, False, None, None, "f32", "f32", "f32"),
        ("f32_to_f16", "bf16", 2, 4, 80, 32, "none", "none", True, True, False, None, None, "f16", "f32", "f16"),
        ("f16_to_f32", "e4m3", 1, 7, 24, 32, "tensor", "tensor", False, True, False, None, None, "f32", "f16", "f32"),
    ]
]

# Heads of values that are not those of keys: more, fewer, and neither a multiple of the
# other.
VALUE_HEADS = [
    Model(f"heads_{name}", cache, kv_heads, group, head_dim, page, *scales(cache), True, True, True,
          value_heads=value_heads, **rest)
    for name, cache, kv_heads, group, head_dim, page, value_heads, rest in [
        ("more_values", "e4m3", 1, 12, 64, 32, 3, dict(sink=True)),
        ("fewer_values", "bf16", 6, 2, 40, 64, 2, dict(window_left=40, alibi=True)),
        ("no_multiple", "e5m2", 4, 6, 64, 16, 6, dict(value_cache="i8", value_dim=72)),
    ]
]
# Of these, caches that are repacked, too: heads that fill no tile, and a page of
# several granules.
REPACKED = ("sweep_dim40", "sweep_dim24_bf16")
# Queries, outputs, keys and values as views of larger tensors.
VIEWS = [
    Model("views_e4m3", "e4m3", 2, 4, 64, 32, "head", "head", True, True, False, strided=True),
    Model("views_f32", "bf16", 1, 3, 40, 32, "none", "none", True, True, False,
          source="f32", query="f32", out="f32", strided=True),
]

# Queries and outputs of FP8, with scales of each kind; each output a second time as
# f32, of which it is the quotient.
FP8_ROWS = {
    "query": dict(cache="e4m3", query="e4m3", query_scale="token_head"),
    "query_e5m2": dict(cache="bf16", head_dim=40, query="e5m2", query_scale="head"),
    "out": dict(cache="e4m3", head_dim=128, out="e4m3"),
    "out_e5m2": dict(cache="i8", head_dim=72, out="e5m2", out_scale="token_head"),
    "both": dict(cache="e5m2", kv_heads=1, group=7, query="e4m3", out="e4m3",
                 query_scale="head", out_scale="head", sink=True),
    # A factor of the channels of the query, as of the output, beside those of rows.
    "channels": dict(cache="e4m3", query="e5m2", out="e4m3", query_scale="token_head",
                     out_scale="token_head", key_scale="head_channel", value_scale="channel"),
}


def fp8_rows(name, cache, kv_heads=2, group=4, head_dim=64, key_scale=None, value_scale=None, **rest):
    usual = scales(cache)
    return Model(f"fp8_{name}", cache, kv_heads, group, head_dim, 32, key_scale or usual[0],
                 value_scale or usual[1], True, True, False, **rest)


FP8 = [fp8_rows(name, **row) for name, row in FP8_ROWS.items()]
FP8_AS_F32 = [
    model._replace(name=f"{model.name}_as_f32", out="f32")
    for model in FP8 if model.out != "bf16"
]
# The first with the values of its codes as they are.
FP8_AS_BF16 = [FP8[0]._replace(name="fp8_query_as_bf16", query="bf16")]

# Latent caches, and the same keys and values in two caches.
LATENT = [
    Model(f"latent_{name}", cache, kv_heads, group, head_dim, page, scale, "none", True, True,
          False, None, value_dim, latent=True)
    for name, cache, kv_heads, group, head_dim, value_dim, page, scale in [
        ("mla", "e4m3", 1, 16, 576, 512, 64, "tensor"),
        ("heads", "e5m2", 2, 4, 96, 40, 32, "token_head"),
        ("bf16", "bf16", 1, 7, 80, 64, 96, "none"),
        ("elements", "e4m3", 2, 3, 64, 40, 32, "token_block"),
        ("i8", "i8", 1, 5, 128, 96, 64, "token_head"),
        ("e2m1", "e2m1", 2, 3, 96, 80, 1, "token_head"),
    ]
]
LATENT += [
    LATENT[-2]._replace(name="latent_zero_points", kv_heads=2, group=3, page=16, key_zero="token_head")
]
APART = [
    model._replace(name=model.name.replace("latent", "apart"), value_scale=model.key_scale,
                   value_zero=model.key_zero, split=True, latent=False)
    for model in LATENT
]

# Latent caches whose last channels are bf16.
MIXED = [
    Model(f"mixed_{name}", cache, 1, group, head_dim, page, scale, "none", True, True,
          False, None, value_dim, latent=True, rope_dim=rope_dim)
    for name, cache, group, head_dim, value_dim, rope_dim, page, scale in [
        ("mla", "e4m3", 128, 576, 512, 64, 64, "token_block"),
        ("token", "e4m3", 7, 96, 40, 32, 32, "token_head"),
        ("tensor", "e5m2", 20, 128, 96, 32, 96, "tensor"),
        ("channel", "i8", 3, 160, 96, 64, 32, "head_channel"),
        ("half", "e4m3", 16, 96, 64, 32, 16, "token_head"),
    ]
]

UNBOUNDED = 2**63 - 1


def window(name, cache, kv_heads, group, head_dim, page, causal, **rest):
    return Model(
        f"window_{name}", cache, kv_heads, group, head_dim, page, *scales(cache),
        causal, True, False, **rest,
    )


# Which keys a query sees, and sinks. A window of n tokens with the query's own
# has n - 1 to its left: Mistral's 4,096, gpt-oss's 128 and Gemma 3's 512.
WINDOW = [
    window("mistral", "e4m3", 2, 4, 128, 32, True, window_left=4095),
    window("gpt_oss", "e4m3", 8, 8, 64, 32, True, window_left=127, sink=True),
    window("gpt_oss_full", "bf16", 8, 8, 64, 64, True, sink=True, per_head="bf16"),
    window("gemma3", "bf16", 2, 2, 128, 96, True, window_left=511),
    window("both_sides", "e5m2", 2, 3, 64, 32, False, window_left=40, window_right=9),
    window("self_only", "e4m3", 1, 7, 64, 64, True, window_left=0, sink=True),
    window("right_only", "bf16", 2, 1, 64, 32, False, window_right=300, top_left=True),
    window("left_only", "e4m3", 2, 1, 128, 96, False, window_left=20),
    window("top_left", "e4m3", 2, 4, 64, 32, True, top_left=True),
    window("top_left_both", "e5m2", 1, 5, 64, 32, False, window_left=30,
           window_right=270, top_left=True, sink=True),
    window("hostile", "e4m3", 1, 4, 64, 32, False, window_left=UNBOUNDED,
           window_right=UNBOUNDED - 1, top_left=True),
]


def score(cache, kv_heads, group, head_dim, page, key_scale, value_scale, **rest):
    rest = {"causal": True, "lse": True, "split": False, **rest}
    return Model(
        "score", cache, kv_heads, group, head_dim, page, key_scale, value_scale, **rest
    )


# Scores that are modified, each way alone and all at once, and with windows and
# sinks (Gemma 2 has the cap and the window); and the same said by hand.
SCORE_ROWS = {
    "softcap": score("e4m3", 2, 2, 128, 32, "head", "head", softcap=50),
    "alibi": score("bf16", 2, 4, 64, 64, "none", "none", alibi=True),
    "tree": score("e4m3", 2, 3, 128, 32, "tensor", "head", causal=False, split=True, mask="i8"),
    "draft": score("e4m3", 2, 3, 64, 32, "head", "head", draft="i8"),
    "drafts": score("bf16", 1, 5, 64, 64, "none", "none", causal=False, softcap=20, mask="i1",
                    draft="f16"),
    "draft_bool": score("e5m2", 1, 7, 40, 32, "tensor", "head", sink=True, draft="i1"),
    "draft_added": score("e4m3", 2, 2, 128, 32, "head", "head", window_left=90, draft="bf16"),
    "additive": score("e5m2", 1, 7, 64, 32, "head", "tensor", mask="f32"),
    "bool": score("e5m2", 2, 2, 64, 32, "head", "head", causal=False, mask="i1"),
    "bf16": score("e4m3", 2, 3, 64, 32, "head", "tensor", mask="bf16"),
    "f16": score("bf16", 1, 5, 64, 64, "none", "none", mask="f16"),
    "documents": score("e4m3", 2, 4, 64, 32, "head", "head", documents=True),
    "heads_bf16": score("e4m3", 2, 3, 64, 32, "head", "head", sink=True, alibi=True, per_head="bf16"),
    "heads_f16": score("bf16", 1, 5, 40, 32, "none", "none", sink=True, alibi=True, per_head="f16"),
    "all": score("e4m3", 2, 4, 128, 32, "head", "head", softcap=20, alibi=True, mask="i8",
                 documents=True),
    "gemma2": score("e4m3", 2, 2, 256, 32, "head", "head", window_left=270, sink=True,
                    softcap=50, alibi=True),
    "top_left": score("bf16", 1, 3, 40, 64, "none", "none", causal=False, window_left=30,
                      window_right=270, top_left=True, sink=True, alibi=True, mask="i8"),
}
SCORES = [row._replace(name=f"score_{name}") for name, row in SCORE_ROWS.items()]
WRITTEN = [
    row._replace(name=f"written_{name}", written=True)
    for name, row in SCORE_ROWS.items()
    if row.draft == "none"
]

# Every option at once, in covering arrays of their own.
MIX_COLUMNS = {
    "caches": [("e4m3", "e4m3"), ("e5m2", "i4"), ("bf16", "e5m2"), ("e2m1", "e4m3"), ("i4", "bf16"), ("i8", "i8"), ("bf16", "bf16")],
    "dims": [(64, 64), (128, 128), (8, 8), (40, 40), (576, 512), (192, 128), (72, 200), (24, 576)],
    # KV heads, query heads for each, and heads of values.
    "heads": [(2, 4, 2), (1, 7, 1), (3, 1, 3), (2, 16, 2), (2, 6, 3), (4, 2, 1)],
    "page": [32, 64, 16, 1],
    "scales": [("head", "head"), ("tensor", "head"), ("head", "tensor"), ("tensor", "tensor")],
    # causal, window_left, window_right
    "window": [(True, None, None), (True, 70, None), (False, None, None), (False, 30, 270), (False, None, 5), (False, 0, None)],
    "top_left": [False, True],
    "sink": [True, False],
    "lse": [True, False],
    "softcap": [20, 0],
    "alibi": [True, False],
    "mask": ["i8", "f32", "none"],
    "draft": ["none", "i8", "f32"],
    "per_head": ["f32", "bf16", "f16"],
    "documents": [True, False],
    "written": [False, True],
    # What is written to the cache, queries and outputs.
    "types": [
        ("bf16", "bf16", "bf16"), ("f32", "f32", "f32"), ("f16", "f32", "f16"), ("f32", "f16", "bf16"),
        ("bf16", "e4m3", "e4m3"), ("f16", "e5m2", "bf16"), ("f32", "f32", "e5m2"),
    ],
    "row_scales": [("tensor", "token_head"), ("token_head", "head"), ("head", "tensor")],
    "f32_products": [False, True],
}


# The same with scales that differ by page, token or channel: few values of the
# other columns, and each kind of scale both of keys and of values. All pairs of
# kinds are in scale_maps.py.
SCALED_COLUMNS = {
    **MIX_COLUMNS,
    "caches": [("e4m3", "e5m2"), ("i4", "e2m1"), ("e2m1", "e2m1"), ("i8", "i8")],
    "dims": [(64, 64), (40, 72), (192, 128)],
    "heads": [(2, 4, 2), (1, 7, 1), (3, 1, 3), (2, 6, 3), (4, 2, 1)],
    "page": [32, 64, 16, 1],
    "scales": [
        ("head_channel", "token_head"), ("token", "channel"), ("channel", "page"),
        ("token_head", "token"), ("block", "head_channel"), ("page", "block"),
    ],
    # Of keys and of values.
    "zero": [("none", "token_head"), ("head", "tensor"), ("channel", "token_channel"), ("token_block", "none")],
    "window": [(True, None, None), (False, 30, 270), (True, 70, None)],
    "types": [("bf16", "bf16", "bf16"), ("f32", "f16", "f32"), ("f16", "f32", "f16"), ("bf16", "e4m3", "e5m2")],
}

# Queries that see keys of lists: what may stand beside these, and few values of the other
# columns.
SELECTED_COLUMNS = {
    **MIX_COLUMNS,
    "caches": [("e4m3", "e4m3"), ("bf16", "e5m2"), ("i4", "i4"), ("e2m1", "i8")],
    "dims": [(64, 64), (40, 72), (192, 128)],
    "heads": [(2, 4, 2), (4, 2, 1), (2, 6, 3)],
    "scales": [("head", "token_block"), ("token_head", "channel"), ("head_channel", "token")],
    "window": [(True, None, None), (False, None, None), (False, None, 5)],
    "types": [("bf16", "bf16", "bf16"), ("f32", "f16", "f32"), ("f16", "e4m3", "e5m2")],
    "selected": ["tokens", "pages"],
    "zero": [("none", "token_head"), ("none", "channel")],
    # For all heads, for each of the keys, for each query head.
    "lists": ["all", "keys", "heads"],
    **{option: [False] for option in ("alibi", "documents", "written")},
    **{mask: ["none"] for mask in ("mask", "draft")},
}


def lists_of_token(row):
    kv_heads, group, value_heads = row["heads"]
    if row.get("lists", "all") == "keys":
        # A list that heads of values cannot be divided by is for all heads.
        return kv_heads if value_heads % kv_heads == 0 or kv_heads % value_heads == 0 else 1
    return kv_heads * group if row.get("lists") == "heads" else 0


def mix(name, row):
    cache, value_cache = row["caches"]
    head_dim, value_dim = row["dims"]
    kv_heads, group, value_heads = row["heads"]
    causal, left, right = row["window"]
    source, query, out = row["types"]
    key_scale, value_scale = row["scales"]
    query_scale, out_scale = row["row_scales"]
    # One cache holds keys and values of one type, size and number of heads, or keys of
    # which the values are part.
    latent = (cache == value_cache and head_dim > value_dim and row["page"] < 96
              and kv_heads == value_heads)
    split = not latent and (cache != value_cache or head_dim != value_dim or kv_heads != value_heads
                            or row["sink"])
    key_zero, value_zero = row.get("zero", ("none", "none"))
    return Model(
        name, cache, kv_heads, group, head_dim, row["page"],
        "none" if cache == "bf16" else key_scale,
        "none" if value_cache == "bf16" or latent else value_scale,
        causal, row["lse"], split, value_cache, value_dim, source, query, out,
        left, right, row["top_left"], row["sink"],
        row["softcap"], row["alibi"], row["mask"], row["documents"], row["written"],
        strided=True, latent=latent,
        # Drafts stand at the last keys; in a tree, a query that sees none before it
        # sees itself alone.
        draft="none" if row["top_left"] or left == 0 else row["draft"],
        per_head=row["per_head"], query_scale=query_scale, out_scale=out_scale,
        value_heads=value_heads, selected=row.get("selected", "none"), lists=lists_of_token(row),
        f32_products=row["f32_products"], key_zero=key_zero if cache == "i8" else "none",
        value_zero="none" if value_cache != "i8" or latent else value_zero,
    )


def well_known(name, kv_heads, group, head_dim, cache="e4m3", **rest):
    return Model(
        f"shape_{name}", cache, kv_heads, group, head_dim, 32, *scales(cache),
        True, True, False, **rest,
    )


# Models as they are published: all their heads.
WELL_KNOWN = [
    well_known("llama3_8b", 8, 4, 128),
    well_known("llama3_70b", 8, 8, 128),
    well_known("llama32_1b", 8, 4, 64),
    well_known("qwen25_05b", 2, 7, 64),
    well_known("qwen25_7b", 4, 7, 128, "e5m2"),
    well_known("mistral_7b", 8, 4, 128, window_left=4095),
    well_known("gemma2_9b", 8, 2, 256, softcap=50, window_left=4095),
    well_known("gemma3_1b", 1, 4, 256, window_left=511),
    well_known("gpt_oss_120b", 8, 8, 64, window_left=127, sink=True),
    well_known("gpt_oss_120b_full", 8, 8, 64, sink=True),
    well_known("phi3_mini", 32, 1, 96),
    well_known("falcon_7b", 1, 71, 64),
    Model("shape_deepseek_mla", "e4m3", 1, 128, 576, 64, "tensor", "tensor", True,
          True, True, "e4m3", 512),
]

# Query heads of one KV head, from multi-head to multi-query attention.
RATIOS = [
    Model(f"ratio_{group}", "e4m3", 2, group, 64, 32, "head", "head", True, True, False)
    for group in (1, 3, 4, 7, 16, 71, 128)
]

MODELS = (
    SWEEP + TRAINED + LLAMA + SHAPES + VALUE_HEADS + FP8 + FP8_AS_F32 + FP8_AS_BF16 + LATENT + APART + MIXED + VIEWS + WINDOW + SCORES + WRITTEN
    + WELL_KNOWN + RATIOS
)

# Drawn by random problems alone, or by tests of any model.
MIXES = [mix(f"mix_{i:02}", row) for i, row in enumerate(cover(MIX_COLUMNS))]
SCALED_MIXES = [
    mix(f"scaled_{i:02}", row) for i, row in enumerate(cover(SCALED_COLUMNS))
]
SELECTED_MIXES = [
    mix(f"selected_{i:02}", row) for i, row in enumerate(cover(SELECTED_COLUMNS))
]
# Few, for a program whose kernels are slow: each type of cache, options one by one
# and at once.
FEW = (
    LLAMA + SWEEP[:4] + [model for model in SHAPES if model.name.startswith("sweep_f")][:1]
    + VALUE_HEADS[:1] + MIXES[:6] + SCALED_MIXES[:2] + SELECTED_MIXES[:2] + LATENT + MIXED[1:2] + FP8[:1] + FP8[-2:] + FP8_AS_F32[-2:] + FP8_AS_BF16
    + [
        model for model in SCORES + WRITTEN
        if model.draft != "none" or model.per_head != "f32"
    ]
)
def is_possible(pair):
    """Returns whether two columns may have these values together."""
    values = dict(pair)
    if values.get("cache") == "bf16" and {"key_scale", "value_scale"} & set(values):
        return False
    return not (values.get("group") == 71 and values.get("head_dim") == 128)


def check_pairs():
    """Raises ValueError if the sweep misses a pair."""
    rows = [model._asdict() for model in SWEEP]
    for left, right in itertools.combinations(COVERED, 2):
        for values in itertools.product(COVERED[left], COVERED[right]):
            pair = ((left, values[0]), (right, values[1]))
            if is_possible(pair) and not any(
                all(row[column] == value for column, value in pair) for row in rows
            ):
                raise ValueError(f"no model of the sweep has {pair}")
