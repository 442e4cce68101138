#===- generate_dense.py - models of dense attention as text ---------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# The entry points dense_MODEL and merge_dense_MODEL, and the row of the table.
# Strides are dynamic, so that a test chooses the order of the dimensions.
#
#===----------------------------------------------------------------------===//

from model_text import (
    ELEMENTS, TYPES, Region, camel_back, function, operand, optional, row_scale_arguments,
    row_scale_kinds,
)
from scale_kinds import scale_type

STRIDED = "strided<[?, ?, ?, 1]>"


def tensor(heads, channels, element):
    return f"memref<?x{heads}x?x{channels}x{ELEMENTS.get(element, element)}, {STRIDED}>"


def value_heads(model):
    return model.value_heads or model.kv_heads


def mask_type(model, heads):
    batch = "?" if model.shared[0] == "b" else 1
    of_heads = heads if model.shared[1] == "h" else 1
    rows = "?" if model.shared[2] == "q" else 1
    return f"memref<{batch}x{of_heads}x{rows}x?x{model.mask}, {STRIDED}>"


def scale_arguments(model):
    """Returns (name, type, map) of the scales."""
    return [
        (name, scale_type(kind, heads, page=None, channels=None),
         f"affine_map<(batch, head, token, channel) -> ({'head' if kind == 'head' else ''})>")
        for name, kind, heads in (
            ("key_scale", model.key_scale, model.kv_heads),
            ("value_scale", model.value_scale, value_heads(model)),
        )
        if kind != "none"
    ]


def row_scales(model):
    """Returns (name, type, map) of the scales of the query and of the output."""
    return row_scale_arguments(model, ("batch", "head", "token", "channel"))


def arguments_of(model):
    heads = model.kv_heads * model.group
    arguments = [
        ("query", tensor(heads, model.head_dim, model.query)),
        ("keys", tensor(model.kv_heads, model.head_dim, model.key)),
        ("values", tensor(value_heads(model), model.value_dim, model.value)),
    ]
    arguments += [scale[:2] for scale in scale_arguments(model)]
    arguments += [("sink", f"memref<{heads}x{model.per_head}>")] * model.sink
    arguments += [("out", tensor(heads, model.value_dim, model.out))]
    arguments += [("lse", f"memref<?x{heads}x?xf32, strided<[?, ?, 1]>>")]
    arguments += [("alibi", f"memref<{heads}x{model.per_head}>")] * model.alibi
    if model.mask != "none":
        arguments += [("mask", mask_type(model, heads))]
    arguments += [("key_lens", "memref<?xi32>")] * model.key_lens
    arguments += [("query_offsets", "memref<?xi32>")] * model.query_offsets
    arguments += [scale[:2] for scale in row_scales(model)]
    return arguments + [("documents", "memref<?x?xi32>")] * model.documents


def mlir(model):
    """Returns the entry point."""
    arguments = dict(arguments_of(model))
    names = {"query": "query", "key": "keys", "value": "values"}
    operands = [operand(word, [(name, arguments[name])]) for word, name in names.items()]
    operands += [
        operand(name, [(name, kind)], f", {scale_map}")
        for name, kind, scale_map in scale_arguments(model) + row_scales(model)
    ]
    names = ("sink", "out", "lse", "alibi", "mask", "key_lens", "query_offsets")
    operands += [operand(name, [(name, arguments[name])]) for name in names if name in arguments]
    if model.documents:
        region = Region()
        region.hide_documents(dict(arguments)["documents"])
        operands.append(region.text())
    if model.softcap:
        operands.append(f"      {{softcap = {model.softcap}.0 : f32}}")
    operation = "attention" + " causal" * model.causal
    for side in ("window_left", "window_right"):
        if getattr(model, side) is not None:
            operation += f" {side} = {getattr(model, side)}"
    operation += " alignment = top_left" * model.top_left
    return function(f"dense_{model.name}", arguments_of(model), operation, operands)


def merge(model):
    """Returns an entry point that merges two results of the model."""
    types = [dict(arguments_of(model))[name] for name in ("out", "lse")]
    parts = {
        "first": list(zip(("first_out", "first_lse"), types)),
        "second": list(zip(("second_out", "second_lse"), types)),
        "into": list(zip(("out", "lse"), types)),
    }
    operands = [operand(keyword, part) for keyword, part in parts.items()]
    return function(f"merge_dense_{model.name}", sum(parts.values(), []), "merge", operands)


def cpp(model):
    """Returns the row of the table."""
    values = ", ".join("&arguments." + camel_back(name) for name, _ in arguments_of(model))
    types = (model.key, model.value, model.query, model.out)
    fields = [
        f'"{model.name}"',
        ", ".join(f"FP8ATTN_TYPE_{TYPES[element]}" for element in types),
        f"{model.kv_heads}, {value_heads(model)}, {model.group}, {model.head_dim}, "
        f"{model.value_dim}",
        ", ".join(str(kind == "head").lower() for kind in (model.key_scale, model.value_scale)),
        row_scale_kinds(model),
        f"{optional(model.window_left)}, {optional(0 if model.causal else model.window_right)}",
        f"{str(model.top_left).lower()}, {str(model.sink).lower()}, "
        f"FP8ATTN_TYPE_{TYPES[model.per_head]}",
        f'{model.softcap}, {str(model.alibi).lower()}, "{model.mask}", "{model.shared}", '
        f"{str(model.documents).lower()}",
        f"{str(model.key_lens).lower()}, {str(model.query_offsets).lower()}",
        "[](fp8attn_context *context, const DenseArguments &arguments) {\n"
        f"      return dense_{model.name}(context, {values});\n    }}",
        f"dense_{model.name}_workspace_bytes",
    ]
    return "    {" + ",\n     ".join(fields) + "},"
