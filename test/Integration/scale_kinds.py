#===- scale_kinds.py - what scales of a cache may differ by ---------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Granularities of scales by name, and how they are said in MLIR. ScaleKinds.h has
# the same table for the tests.
#
#===----------------------------------------------------------------------===//

DIMS = "page, head, token, channel"
BLOCK = 32

# name: (what each dimension of the tensor counts, element type)
SCALE_KINDS = {
    "tensor": ((), "f32"),
    "head": (("head",), "f32"),
    "page": (("page",), "f32"),
    "token": (("slot",), "f32"),
    "token_head": (("page", "head", "token"), "f32"),
    "channel": (("channel",), "f32"),
    "head_channel": (("head", "channel"), "f8E8M0FNU"),
    "block": (("head", "block"), "f32"),
    "token_block": (("page", "head", "token", "block"), "f8E8M0FNU"),
    "token_channel": (("page", "head", "token", "channel"), "f32"),
}


def differs_by(kind):
    """Returns what the scales of one head differ by: nothing, key, channel or both."""
    dims, _ = SCALE_KINDS[kind]
    by_key = bool({"page", "slot", "token"} & set(dims))
    by_channel = bool({"channel", "block"} & set(dims))
    return ("both" if by_channel else "key") if by_key else "channel" if by_channel else "nothing"


def scale_type(kind, heads, page, channels, zero=False):
    """Returns the type of the scales, or zero points, of keys, or values, of so many channels."""
    dims, element = SCALE_KINDS[kind]
    element = "i8" if zero else element
    sizes = {
        "page": "?", "slot": "?", "head": heads, "token": page, "channel": channels,
        "block": channels and (channels + BLOCK - 1) // BLOCK,
    }
    return "memref<" + "".join(f"{sizes[dim]}x" for dim in dims) + f"{element}>"


def scale_map(kind, page):
    """Returns the map from an element to its scale."""
    results = {"slot": f"page * {page} + token", "block": f"channel floordiv {BLOCK}"}
    dims, _ = SCALE_KINDS[kind]
    return f"affine_map<({DIMS}) -> ({', '.join(results.get(dim, dim) for dim in dims)})>"
