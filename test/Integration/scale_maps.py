#!/usr/bin/env python3
#===- scale_maps.py - attention with every pair of scale maps -------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: scale_maps.py check|mlir|cpp|document
#
# Prints a function for each granularity of the scale of the keys with each of
# the values: with the FileCheck lines that say where fold-scales must have put
# both (check), those that are run (mlir), or a table of the latter for the test
# that runs them (cpp). Or the FileCheck lines of the table of docs/Passes.md
# that says the same (document).
#
#===----------------------------------------------------------------------===//

import sys

from scale_kinds import SCALE_KINDS, differs_by, scale_map, scale_type

# What a scale differs by: where it goes, of keys and of values, in the words of
# docs/Passes.md.
PLACES = {
    "nothing": ("`factor` of `tile.qk`", "`factor` of `tile.finish`"),
    "key": ("`key_factor` of `tile.qk`", "`prob_factor` of `tile.softmax`"),
    "channel": ("`channel_factor` of `tile.load_query`", "`channel_factor` of `tile.finish`"),
    "both": ("stays, with a missed remark", "stays, with a missed remark"),
}

# name: (query heads, head size, page, element type, window, attributes)
SHAPES = {
    "common": (16, 64, 32, "f8E4M3FN", "", ""),
    # Heads and blocks are padded, groups are no power of two, and a step of keys
    # ends within a page.
    "padded": (24, 40, 96, "f8E5M2", " window_left = 150", " {softcap = 30.0 : f32}"),
}


def checks(name, by_key, by_value):
    """The lines for the body of few rows; that of many has the same."""
    lines = [f"CHECK-LABEL: func.func @{name}("]
    add = lines.append
    add("CHECK: fp8attn.tile.load_query {{.*}}" + (" channel_factor(" if by_key == "channel" else "%{{[^ ]+}} : memref"))
    add("CHECK: scf.for")
    if by_key == "both":
        add("CHECK: fp8attn.tile.scale {{.*}} : tensor<256x64xbf16>, tensor<256x")
    else:
        add("CHECK-NOT: fp8attn.tile.scale")
    # The softmax scale and log2(e) are a number, and always fold.
    add("CHECK: fp8attn.tile.qk {{.*}} factor %" + ("{{[^ ]+}} key_factor(" if by_key == "key" else "{{[^ ]+}} : tensor"))
    add("CHECK-NOT: fp8attn.tile.scale")
    add("CHECK: fp8attn.tile.softmax {{.*}}" + (" prob_factor(" if by_value == "key" else "%{{[^ ]+}} : tensor"))
    if by_value == "both":
        add("CHECK: fp8attn.tile.scale {{.*}} : tensor<256x64xbf16>, tensor<256x")
    else:
        add("CHECK-NOT: fp8attn.tile.scale")
    add("CHECK: fp8attn.tile.pv")
    place = {"nothing": " factor %{{[^ ]+}} into", "channel": " channel_factor("}.get(by_value, "%{{[^ ]+}} into")
    add("CHECK: fp8attn.tile.finish {{.*}}" + place)
    return "".join(f"// {line}\n" for line in lines)


def function(shape, key, value, with_checks):
    heads, dim, page, element, window, attributes = SHAPES[shape]
    cache = f"!fp8attn.cache<key_value, heads = 8, head_dim = {dim}, page = {page}, {element}, #fp8attn.layout<pairs>>"
    key_type, value_type = (scale_type(kind, heads=8, page=page, channels=dim) for kind in (key, value))
    name = f"{shape}_{key}_and_{value}"
    lines = checks(name, differs_by(key), differs_by(value)) if with_checks else ""
    query = f"memref<?x{heads}x{dim}xbf16>"
    return lines + f"""\
func.func @{name}(
    %query: {query}, %cache: {cache},
    %key_scale: {key_type}, %value_scale: {value_type},
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>,
    %out: {query}) {{
  fp8attn.paged_attention causal{window}
      query(%query : {query})
      cache(%cache : {cache})
      key_scale(%key_scale : {key_type}, {scale_map(key, page)})
      value_scale(%value_scale : {value_type}, {scale_map(value, page)})
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : {query}){attributes}
  return
}}
"""


def listed(kind):
    """Shapes and pairs: code that multiplies elements one by one takes long to compile, and is run with one granularity
    of each kind."""
    by_kind = ("head", "token", "channel", "token_block", "token_channel")
    for key in SCALE_KINDS:
        for value in SCALE_KINDS:
            is_element = "both" in (differs_by(key), differs_by(value))
            is_by_kind = key in by_kind and value in by_kind
            if kind == "check" or not is_element or is_by_kind:
                yield "common", key, value
            if kind != "check" and is_element and is_by_kind:
                yield "padded", key, value


def main():
    kind = sys.argv[1]
    if kind == "document":
        print("CHECK: | results of the map | of keys, it becomes | of values, it becomes |\nCHECK-NEXT: |---|---|---|")
        for name in SCALE_KINDS:
            results = scale_map(name, "P").split("-> ")[1].removesuffix(">")
            print("CHECK-NEXT: " + " | ".join(("", f"`{results}`", *PLACES[differs_by(name)], "")).strip())
        return
    if kind != "cpp":
        for shape, key, value in listed(kind):
            print(function(shape, key, value, kind == "check"))
        return
    print('#include "ScaleMaps.h"\n#include "scale_maps.h"\n')
    print("const ScaleMaps kScaleMaps[] = {")
    for shape, key, value in listed(kind):
        name = f"{shape}_{key}_and_{value}"
        heads, dim, page, element, _, _ = SHAPES[shape]
        numbers = f"{heads}, {dim}, {page}, FP8ATTN_TYPE_{element.upper()}"
        has_options = str(shape == "padded").lower()
        print(f'    {{"{key}", "{value}", {numbers}, {has_options}, {name}, {name}_workspace_bytes}},')
    print("};\nconst size_t kNumScaleMaps = std::size(kScaleMaps);")


main()
