#!/usr/bin/env python3
#===- scale_maps.py - attention with every pair of scale maps -------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: scale_maps.py check|mlir|cpp
#
# Prints a function for each granularity of the scale of the keys with each of
# the values: with the FileCheck lines that say where fold-scales must have put
# both (check), those that kernels can compute (mlir), or a table of the latter
# for the test that runs them (cpp).
#
#===----------------------------------------------------------------------===//

import sys

from scale_kinds import SCALE_KINDS, differs_by, scale_map, scale_type

CACHE = "!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>"


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


def function(key, value, with_checks):
    key_type, value_type = (scale_type(kind, heads=8, page=32, channels=64) for kind in (key, value))
    name = f"{key}_and_{value}"
    lines = checks(name, differs_by(key), differs_by(value)) if with_checks else ""
    return lines + f"""\
func.func @{name}(
    %query: memref<?x16x64xbf16>, %cache: {CACHE},
    %key_scale: {key_type}, %value_scale: {value_type},
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>) {{
  fp8attn.paged_attention causal
      query(%query : memref<?x16x64xbf16>)
      cache(%cache : {CACHE})
      key_scale(%key_scale : {key_type}, {scale_map(key, 32)})
      value_scale(%value_scale : {value_type}, {scale_map(value, 32)})
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}}
"""


def main():
    kind = sys.argv[1]
    pairs = [(key, value) for key in SCALE_KINDS for value in SCALE_KINDS]
    if kind != "check":
        # A factor of each element of its own has no place.
        pairs = [p for p in pairs if "both" not in (differs_by(p[0]), differs_by(p[1]))]
    if kind == "cpp":
        print('#include "ScaleMaps.h"\n#include "scale_maps.h"\n')
        print("const ScaleMaps kScaleMaps[] = {")
        for key, value in pairs:
            name = f"{key}_and_{value}"
            print(f'    {{"{key}", "{value}", {name}, {name}_workspace_bytes}},')
        print("};\nconst size_t kNumScaleMaps = std::size(kScaleMaps);")
        return
    for key, value in pairs:
        print(function(key, value, kind == "check"))


main()
