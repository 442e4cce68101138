#!/usr/bin/env python3
#===- rotary_models.py - cache writes that rotate -------------*- python -*-===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Prints cache writes with norms and rotary embeddings, in which any two options
stand together that may.

  rotary_models.py mlir   the module
  rotary_models.py cpp    the same functions for RotaryTest.cpp
"""

import sys

from covering_array import cover
from model_text import ELEMENTS, TYPES
from scale_kinds import scale_map, scale_type

PAGE = 32

COLUMNS = {
    "key": ("bf16", "f16", "f32"),
    "query": ("none", "bf16", "f16", "f32"),
    "out": ("in place", "bf16", "f16", "f32"),
    "group": (1, 3),
    "cache": ("e4m3", "e2m1", "i4", "bf16"),
    "scale": ("head", "head_channel", "dynamic token_head", "dynamic token_block", "dynamic microscaling token_block"),
    "norm": ("none", "key", "query", "both"),
    "rotary": ("none", "halves", "interleaved"),
    "table": ("f32", "bf16", "f16"),
    # Of 16 channels in a vector: some, one and some, and several.
    "columns": (3, 18, 32),
    "dim": (64, 72, 128),
}

# Writes to latent caches: channels of keys, of values, and those that are bf16 beside codes.
LATENT_COLUMNS = {
    "key": ("bf16", "f16", "f32"),
    "query": ("none", "bf16", "f32"),
    "out": ("in place", "bf16"),
    "group": (1, 3),
    "cache": ("e4m3", "i8", "bf16"),
    "scale": ("head", "dynamic token_head", "dynamic token_block"),
    "norm": ("none", "key"),
    "rotary": ("none", "halves", "interleaved"),
    "table": ("f32", "bf16"),
    "columns": (3, 16),
    "latent": ((72, 40, 0), (96, 64, 32), (160, 64, 64)),
}


class Model:
    """A row of the covering array, without what may not stand together."""

    def __init__(self, number, row):
        self.name = f"rotary_{number}"
        self.key, self.cache = row["key"], row["cache"]
        self.dim, self.value_dim, self.rope_dim = row.get("latent") or (row["dim"], 0, 0)
        self.kv_heads = 1 if self.rope_dim else 2
        if self.rope_dim and self.cache == "bf16":
            self.cache = "e4m3"
        self.query = None if row["query"] == "none" else row["query"]
        self.in_place = row["out"] == "in place"
        self.out = self.query if self.in_place else row["out"]
        self.heads = self.kv_heads * row["group"]
        self.scale = None if self.cache == "bf16" else row["scale"].split()[-1]
        self.dynamic = bool(self.scale) and "dynamic" in row["scale"]
        self.microscaling = bool(self.scale) and "microscaling" in row["scale"]
        if self.dynamic and self.scale == "token_block" and self.dim == 72:
            if self.value_dim:
                self.scale, self.microscaling = "token_head", False
            else:
                self.dim = 64
        self.key_norm = row["norm"] in ("key", "both")
        self.query_norm = bool(self.query) and row["norm"] in ("query", "both")
        self.rotary = None if row["rotary"] == "none" else row["rotary"]
        if not self.rotary and not (self.query_norm if self.query else self.key_norm):
            self.rotary = "halves"
        self.columns = row["columns"] if self.rotary else 0
        self.table = row["table"]

    def arguments(self):
        """Returns (name, type) of all arguments."""
        source = f"memref<?x{self.kv_heads}x{self.dim}x{self.key}>"
        arguments = [("key", source), ("slots", "memref<?xi64>")]
        if not self.value_dim:
            arguments += [("value", source)]
        if self.query:
            arguments += [("query", f"memref<?x{self.heads}x{self.dim}x{self.query}>")]
        if self.key_norm:
            arguments += [("key_norm", f"memref<{self.value_dim or self.dim}x{self.table}>")]
        if self.query_norm:
            arguments += [("query_norm", f"memref<{self.dim}x{self.table}>")]
        if self.rotary:
            table = f"memref<?x{self.columns}x{self.table}>"
            arguments += [("positions", "memref<?xi32>"), ("cos", table), ("sin", table)]
        if self.query and not self.in_place:
            arguments += [("query_out", f"memref<?x{self.heads}x{self.dim}x{self.out}>")]
        if self.scale:
            scale = scale_type(self.scale, self.kv_heads, PAGE, self.dim - self.rope_dim)
            arguments += [("key_scale", scale)] + ([] if self.value_dim else [("value_scale", scale)])
        sizes = f"head_dim = {self.dim}" + (f", value_head_dim = {self.value_dim}" if self.value_dim else "")
        sizes += f", rope_head_dim = {self.rope_dim}" if self.rope_dim else ""
        cache = (f"!fp8attn.cache<{'latent' if self.value_dim else 'key_value'}, heads = {self.kv_heads}, {sizes}, page = {PAGE}, "
                 f"{ELEMENTS[self.cache]}, #fp8attn.layout<pairs>>")
        return arguments + [("cache", cache)]

    def mlir(self):
        arguments = self.arguments()
        types = dict(arguments)
        clauses = [f"{name}(%{name} : {types[name]})" for name in ("key", "value", "query", "slots", "key_norm", "query_norm")
                   if name in types]
        if self.rotary:
            clauses += [f"rotary(%positions, %cos, %sin : {types['positions']}, {types['cos']}, {types['sin']})"]
        if self.query:
            out = "query" if self.in_place else "query_out"
            clauses += [f"query_out(%{out} : {types[out]})"]
        if self.scale:
            clauses += [f"{name}(%{name} : {types[name]}, {scale_map(self.scale, PAGE)})" for name in ("key_scale", "value_scale")
                        if name in types]
        clauses += [f"cache(%cache : {types['cache']})"]
        if self.key_norm or self.query_norm:
            clauses += ["{norm_eps = 1.0e-05 : f32}"]
        taken = ", ".join(f"%{name}: {type}" for name, type in arguments)
        flags = " dynamic" * self.dynamic + " microscaling" * self.microscaling + " interleaved" * (self.rotary == "interleaved")
        body = "\n      ".join(clauses)
        return f"func.func @{self.name}({taken}) {{\n  fp8attn.kv_write{flags}\n      {body}\n  return\n}}\n"

    def cpp(self):
        passed = ", ".join(f"&call.{name}" for name, _ in self.arguments())
        flag = lambda value: str(bool(value)).lower()
        type_of = lambda element: f"FP8ATTN_TYPE_{TYPES[element or 'bf16']}"
        scale = f'"{self.scale}"' if self.scale else "nullptr"
        return (
            f'    {{"{self.name}", {type_of(self.key)}, {type_of(self.query)}, {type_of(self.out)}, {type_of(self.cache)},'
            f" {type_of(self.table)}, {self.heads if self.query else 0}, {self.kv_heads}, {self.dim},"
            f" {self.value_dim}, {self.rope_dim}, {self.columns}, {scale},"
            f" {flag(self.dynamic)}, {flag(self.microscaling)}, {flag(self.rotary == 'interleaved')}, {flag(self.in_place)}, {flag(self.key_norm)},"
            f" {flag(self.query_norm)},\n     [](fp8attn_context *context, const RotaryArguments &call) {{\n"
            f"       return {self.name}(context, {passed});\n     }},\n     {self.name}_workspace_bytes}},"
        )


def main():
    rows = [*cover(COLUMNS), *cover(LATENT_COLUMNS)]
    models = [Model(number, row) for number, row in enumerate(rows)]
    if sys.argv[1] == "mlir":
        print("\n".join(model.mlir() for model in models))
        return
    print('#include "RotaryModels.h"\n#include "rotary_models.h"\n\nconst std::vector<RotaryModel> kRotaryModels = {')
    print("\n".join(model.cpp() for model in models))
    print("};")


if __name__ == "__main__":
    main()
