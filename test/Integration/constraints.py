#!/usr/bin/env python3
#===- constraints.py - every operation in every place -----------*- python -*-===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Writes an entry point for each operation of the model level with all sizes
dynamic that may be, in each place where an operation may stand.

  constraints.py mlir   the module
  constraints.py cpp    the same functions for ConstraintTest.cpp: how they are
                        called, and arguments of a call that succeeds
"""

import math
import sys

# Sizes of a valid call; what is a letter here is dynamic.
SIZES = {"T": 5, "S": 2, "S1": 3, "N": 3, "P": 4, "K": 70, "D": 3, "B": 2, "Q": 3, "C": 40, "R": 3, "L": 2, "M": 7}
TYPES = {"f32": "F32", "bf16": "BF16", "f8E4M3FN": "F8E4M3FN", "i8": "I8", "i32": "I32", "i64": "I64"}
# Caches whose pages have as many bytes.
CACHES = {
    "cache": "!fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>",
    "rows": "!fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 16, bf16, #fp8attn.layout<nhd>>",
}

PAGE = "affine_map<(page, head, token, channel) -> (page)>"
PAGE_HEAD = "affine_map<(page, head, token, channel) -> (page, head)>"
TOKEN = "affine_map<(page, head, token, channel) -> (page, head, token)>"
QUERY_TOKEN = "affine_map<(token, head, channel) -> (token)>"
QUERY_TOKEN_HEAD = "affine_map<(token, head, channel) -> (token, head)>"
DENSE_ROW = "affine_map<(batch, head, token, channel) -> (batch, head, token)>"
DENSE_QUERY = "affine_map<(batch, head, token, channel) -> (token)>"
SCALES = {"key_scale": "P f32", "value_scale": "P 2 f32"}
DYNAMIC_SCALES = {"key_scale": "P 2 32 f32", "value_scale": "P 2 32 f32"}
NEW_TOKENS = {"key": "T 2 64 bf16", "value": "T 2 64 bf16", "slots": "T i64"}
PARTS = {
    "first_out": "T 4 64 bf16", "first_lse": "T 4 f32", "second_out": "T 4 64 bf16",
    "second_lse": "T 4 f32", "out": "T 4 64 bf16", "lse": "T 4 f32",
}
DENSE_PARTS = {
    name: shape.replace("T 4", "B 4 Q") for name, shape in PARTS.items()
}

# The arguments of each operation, and its text: {x} is operand x, {x:t} its type.
OPERATIONS = {
    "attend": (
        {"query": "T 4 64 bf16", "cache": "cache", **SCALES, "query_start": "S1 i32", "seq_lens": "S i32",
         "block_table": "S N i32", "out": "T 4 64 bf16", "lse": "T 4 f32", "mask": "T K i8", "draft_mask": "T D i8"},
        "fp8attn.paged_attention query({query} : {query:t}) cache({cache} : {cache:t})"
        f" key_scale({{key_scale}} : {{key_scale:t}}, {PAGE}) value_scale({{value_scale}} : {{value_scale:t}}, {PAGE_HEAD})"
        " batch({query_start}, {seq_lens}, {block_table} : {query_start:t}, {seq_lens:t}, {block_table:t})"
        " out({out} : {out:t}) lse({lse} : {lse:t}) mask({mask} : {mask:t}) draft_mask({draft_mask} : {draft_mask:t})",
    ),
    "attend_prefix": (
        {"query": "T 4 64 bf16", "cache": "cache", **SCALES, "query_start": "S1 i32", "seq_lens": "S i32",
         "block_table": "S N i32", "group_start": "S1 i32", "prefix_lens": "S i32", "prefix_table": "S N i32",
         "out": "T 4 64 bf16"},
        "fp8attn.paged_attention query({query} : {query:t}) cache({cache} : {cache:t})"
        f" key_scale({{key_scale}} : {{key_scale:t}}, {PAGE}) value_scale({{value_scale}} : {{value_scale:t}}, {PAGE_HEAD})"
        " batch({query_start}, {seq_lens}, {block_table} : {query_start:t}, {seq_lens:t}, {block_table:t})"
        " prefix({group_start}, {prefix_lens}, {prefix_table} : {group_start:t}, {prefix_lens:t}, {prefix_table:t})"
        " out({out} : {out:t})",
    ),
    "attend_selected": (
        {"query": "T 4 64 f8E4M3FN", "cache": "cache", **SCALES, "query_start": "S1 i32", "seq_lens": "S i32",
         "block_table": "S N i32", "selected_tokens": "T D i32", "out": "T 4 64 f8E4M3FN",
         "query_scale": "T 4 f32", "out_scale": "T f32"},
        "fp8attn.paged_attention query({query} : {query:t}) cache({cache} : {cache:t})"
        f" key_scale({{key_scale}} : {{key_scale:t}}, {PAGE}) value_scale({{value_scale}} : {{value_scale:t}}, {PAGE_HEAD})"
        " batch({query_start}, {seq_lens}, {block_table} : {query_start:t}, {seq_lens:t}, {block_table:t})"
        " selected_tokens({selected_tokens} : {selected_tokens:t}) out({out} : {out:t})"
        f" query_scale({{query_scale}} : {{query_scale:t}}, {QUERY_TOKEN_HEAD}) out_scale({{out_scale}} : {{out_scale:t}}, {QUERY_TOKEN})",
    ),
    "attend_lists": (
        {"query": "T 4 64 bf16", "cache": "cache", **SCALES, "query_start": "S1 i32", "seq_lens": "S i32",
         "block_table": "S N i32", "selected_pages": "T 2 D i32", "out": "T 4 64 bf16"},
        "fp8attn.paged_attention query({query} : {query:t}) cache({cache} : {cache:t})"
        f" key_scale({{key_scale}} : {{key_scale:t}}, {PAGE}) value_scale({{value_scale}} : {{value_scale:t}}, {PAGE_HEAD})"
        " batch({query_start}, {seq_lens}, {block_table} : {query_start:t}, {seq_lens:t}, {block_table:t})"
        " selected_pages({selected_pages} : {selected_pages:t}) out({out} : {out:t})",
    ),
    "attend_dense": (
        {"query": "B 4 Q 64 f8E4M3FN", "key": "B 2 C 64 bf16", "value": "B 2 C 64 bf16", "out": "B 4 Q 64 f8E4M3FN",
         "lse": "B 4 Q f32", "mask": "B 4 Q C i8", "key_lens": "B i32", "query_offsets": "B i32",
         "query_scale": "B 4 Q f32", "out_scale": "Q f32"},
        "fp8attn.attention query({query} : {query:t}) key({key} : {key:t}) value({value} : {value:t})"
        " out({out} : {out:t}) lse({lse} : {lse:t}) mask({mask} : {mask:t})"
        " key_lens({key_lens} : {key_lens:t}) query_offsets({query_offsets} : {query_offsets:t})"
        f" query_scale({{query_scale}} : {{query_scale:t}}, {DENSE_ROW}) out_scale({{out_scale}} : {{out_scale:t}}, {DENSE_QUERY})",
    ),
    "write": (
        {**NEW_TOKENS, **SCALES, "cache": "cache"},
        "fp8attn.kv_write key({key} : {key:t}) value({value} : {value:t}) slots({slots} : {slots:t})"
        f" key_scale({{key_scale}} : {{key_scale:t}}, {PAGE}) value_scale({{value_scale}} : {{value_scale:t}}, {PAGE_HEAD})"
        " cache({cache} : {cache:t})",
    ),
    "write_dynamic": (
        {**NEW_TOKENS, **DYNAMIC_SCALES, "cache": "cache"},
        "fp8attn.kv_write dynamic key({key} : {key:t}) value({value} : {value:t}) slots({slots} : {slots:t})"
        f" key_scale({{key_scale}} : {{key_scale:t}}, {TOKEN}) value_scale({{value_scale}} : {{value_scale:t}}, {TOKEN})"
        " cache({cache} : {cache:t})",
    ),
    "write_rotated": (
        {**NEW_TOKENS, "query": "T 4 64 bf16", "key_norm": "64 bf16", "positions": "T i32", "cos": "M 32 f32",
         "sin": "M 32 f32", "query_out": "T 4 64 bf16", **SCALES, "cache": "cache"},
        "fp8attn.kv_write key({key} : {key:t}) value({value} : {value:t}) query({query} : {query:t}) slots({slots} : {slots:t})"
        " key_norm({key_norm} : {key_norm:t}) rotary({positions}, {cos}, {sin} : {positions:t}, {cos:t}, {sin:t})"
        f" query_out({{query_out}} : {{query_out:t}}) key_scale({{key_scale}} : {{key_scale:t}}, {PAGE})"
        f" value_scale({{value_scale}} : {{value_scale:t}}, {PAGE_HEAD}) cache({{cache}} : {{cache:t}})"
        " {{norm_eps = 1.0e-06 : f32}}",
    ),
    **{
        name: (
            parts,
            "fp8attn.merge first({first_out}, {first_lse} : {first_out:t}, {first_lse:t})"
            " second({second_out}, {second_lse} : {second_out:t}, {second_lse:t})"
            " into({out}, {lse} : {out:t}, {lse:t})",
        )
        for name, parts in (("merge", PARTS), ("merge_dense", DENSE_PARTS))
    },
    "copy_pages": (
        {"source": "cache", "destination": "cache", "pages": "L 2 i32"},
        "fp8attn.repack {source} into {destination} pages({pages} : {pages:t}) : {source:t}, {destination:t}",
    ),
    "convert_pages": (
        {"source": "rows", "destination": "cache", "pages": "L 3 i32", **SCALES},
        "fp8attn.repack {source} into {destination} pages({pages} : {pages:t})"
        f" key_scale({{key_scale}} : {{key_scale:t}}, {PAGE}) value_scale({{value_scale}} : {{value_scale:t}}, {PAGE_HEAD})"
        " : {source:t}, {destination:t}",
    ),
    "quantize": (
        {"source": "R T 32 f32", "scale": "R f32", "destination": "R T 32 f8E4M3FN"},
        "fp8attn.quantize {source} scale({scale}, affine_map<(r, t, c) -> (r)>) into {destination}"
        " : {source:t}, {scale:t}, {destination:t}",
    ),
    "dequantize": (
        {"source": "R T 32 f8E4M3FN", "scale": "T f32", "destination": "R T 32 f32"},
        "fp8attn.dequantize {source} scale({scale}, affine_map<(r, t, c) -> (t)>) into {destination}"
        " : {source:t}, {scale:t}, {destination:t}",
    ),
}

PLACES = ("plain", "private", "branch", "loop", "views")


class Operand:
    """A value of a function, of the type of an argument or of a view of it."""

    def __init__(self, name, shape, is_view=False):
        self.name, self.is_view = name, is_view
        self.is_cache = shape in CACHES
        *self.dims, self.element = shape.split()

    def type(self):
        if self.is_cache:
            return "!" + self.element
        sizes = [dim if dim.isdigit() else "?" for dim in self.dims]
        layout = ""
        if self.is_view:
            inner = [sizes[i + 1 :] for i in range(len(sizes))]
            strides = ["?" if "?" in rest else str(math.prod(map(int, rest))) for rest in inner]
            layout = f", strided<[{', '.join(strides)}], offset: ?>"
        return f"memref<{'x'.join(sizes + [self.element])}{layout}>"

    def __format__(self, spec):
        return self.type() if spec == "t" else self.name


def view_of(operand):
    """Returns the lines that make a view of all of a memref, from row %i on."""
    lines, sizes = [], []
    for place, dim in enumerate(operand.dims):
        if dim.isdigit():
            sizes.append(dim)
            continue
        size = f"{operand.name}_{place}"
        lines.append(f"{size} = memref.dim {operand.name}, %c{place} : {operand.type()}")
        sizes.append(size)
    offsets = ["%i"] + ["0"] * (len(sizes) - 1)
    view = Operand(operand.name + "_view", " ".join(operand.dims + [operand.element]), is_view=True)
    lines.append(
        f"{view.name} = memref.subview {operand.name}[{', '.join(offsets)}] [{', '.join(sizes)}]"
        f" [{', '.join('1' for _ in sizes)}] : {operand.type()} to {view.type()}"
    )
    return lines, view


def signature_of(arguments, named=True):
    parts = []
    for name, shape in arguments.items():
        operand = Operand("%" + name, shape)
        attribute = f' {{fp8attn.name = "{name}"}}' if named else ""
        parts.append(f"{operand}: {operand:t}{attribute}")
    return ", ".join(parts)


def write_function(operation, place):
    arguments, text = OPERATIONS[operation]
    operands = {name: Operand("%" + name, shape) for name, shape in arguments.items()}
    names = ", ".join(operand.name for operand in operands.values())
    types = ", ".join(operand.type() for operand in operands.values())

    name = f"{operation}_{place}"
    lines = [f"%c{i} = arith.constant {i} : index" for i in range(4)]
    # As many turns as there is something to do, at most one; nobody can know
    # before the call.
    counted = next(o for o in operands.values() if not o.is_cache)
    lines.append(f"%size = memref.dim {counted.name}, %c0 : {counted.type()}")
    lines.append("%turns = arith.minsi %size, %c1 : index")
    if place == "plain":
        lines.append(text.format(**operands))
    elif place == "private":
        print(f"func.func private @{name}_body({signature_of(arguments, named=False)}) {{\n  {text.format(**operands)}\n  return\n}}")
        lines.append(f"call @{name}_body({names}) : ({types}) -> ()")
    elif place == "branch":
        lines.append("%some = arith.cmpi ne, %size, %c0 : index")
        lines += ["scf.if %some {", text.format(**operands), "}"]
    else:
        lines.append("scf.for %i = %c0 to %turns step %c1 {")
        if place == "views":
            for key, operand in operands.items():
                if not operand.is_cache:
                    made, operands[key] = view_of(operand)
                    lines += made
        lines += [text.format(**operands), "}"]
    body = "\n  ".join(lines)
    print(f"func.func @{name}({signature_of(arguments)}) {{\n  {body}\n  return\n}}")


def write_module():
    for name, cache in CACHES.items():
        print(f"!{name} = {cache}")
    for operation in OPERATIONS:
        for place in PLACES:
            write_function(operation, place)


def write_table():
    print('#include "ConstraintCalls.h"\n#include "constraints.h"\n\nconst std::vector<ConstraintCall> kConstraintCalls = {')
    for operation, (arguments, _) in OPERATIONS.items():
        described, passed = [], []
        for name, shape in arguments.items():
            if shape in CACHES:
                passed.append(f'call.cache("{name}")')
                described.append(f'{{"{name}", -1, {{}}}}')
                continue
            *dims, element = shape.split()
            sizes = ", ".join(str(SIZES.get(dim, dim)) for dim in dims)
            passed.append(f'call.tensor("{name}")')
            described.append(f'{{"{name}", FP8ATTN_TYPE_{TYPES[element]}, {{{sizes}}}}}')
        for place in PLACES:
            name = f"{operation}_{place}"
            print(
                f'    {{"{operation}", "{place}",\n     [](fp8attn_context *context, ConstraintArguments &call) {{\n'
                f"       return {name}(context, {', '.join(passed)});\n     }},\n"
                f"     {name}_workspace_bytes,\n     {{{', '.join(described)}}}}},"
            )
    print("};")


if __name__ == "__main__":
    {"mlir": write_module, "cpp": write_table}[sys.argv[1]]()
