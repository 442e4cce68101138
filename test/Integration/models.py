#===- models.py - the models whose entry points are compiled and run ------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# A model is what an entry point is specialised for. The sweep is a covering
# array: every pair of values of two columns is in some row (check_pairs says so
# when the file is generated), with 16 models instead of 1,400.
#
#===----------------------------------------------------------------------===//

import collections
import itertools

Model = collections.namedtuple(
    "Model",
    "name cache kv_heads group head_dim page key_scale value_scale causal lse split "
    # What modifies scores: a cap or 0, whether there are ALiBi slopes, the
    # mask's elements ("none", "i8" or "f32"), whether a region hides other
    # documents; `written` says all of that in one hand-written region.
    "softcap alibi mask documents written",
    defaults=(0, False, "none", False, False),
)

# Columns from `cache` on. bf16 caches have no scales. A group of 71 heads is
# Falcon's and has heads of size 64.
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
]

# Columns of which each pair of values must be in some row of the sweep.
COVERED = {
    "cache": ["e4m3", "e5m2", "bf16"],
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
    for cache in COVERED["cache"]
]

# The shape of Llama 3 with two of its eight KV heads.
LLAMA = [
    Model(f"llama_{cache}", cache, 2, 4, 128, 32, *scales(cache), True, True, False)
    for cache in COVERED["cache"]
]

# Scores that are modified, each way alone and all at once; and the same said by
# hand.
SCORE_ROWS = {
    "softcap": ("e4m3", 2, 2, 128, 32, "head", "head", True, True, False, 50),
    "alibi": ("bf16", 2, 4, 64, 64, "none", "none", True, True, False, 0, True),
    "tree": ("e4m3", 2, 3, 128, 32, "tensor", "head", False, True, True, 0, False, "i8"),
    "additive": ("e5m2", 1, 7, 64, 32, "head", "tensor", True, True, False, 0, False, "f32"),
    "documents": ("e4m3", 2, 4, 64, 32, "head", "head", True, True, False, 0, False, "none", True),
    "all": ("e4m3", 2, 4, 128, 32, "head", "head", True, True, False, 20, True, "i8", True),
}
SCORES = [Model(f"score_{name}", *row) for name, row in SCORE_ROWS.items()]
WRITTEN = [
    Model(f"written_{name}", *row)._replace(written=True)
    for name, row in SCORE_ROWS.items()
]

MODELS = SWEEP + TRAINED + LLAMA + SCORES + WRITTEN


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
