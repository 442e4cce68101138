#!/usr/bin/env python3
#===- generate_models.py - models.py as MLIR and as a C++ table -----------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: generate_models.py models|mixes|cpp|few|few_cpp
#
# Prints the entry points write_MODEL and attend_MODEL of every named model and the
# entry points of merge, repack, quantize and dequantize (models); those of the
# covering arrays of random problems (mixes); or the table through which the tests
# call both (cpp); or some of all these, and their table (few, few_cpp).
# generate_dense.py does the same for dense attention.
#
#===----------------------------------------------------------------------===//

import sys

import generate_dense
from dense_models import DENSE, DENSE_MIXES, FEW_DENSE, MERGED
from model_text import (
    ELEMENTS, TYPES, Region, camel_back, function, operand, optional, row_scale_arguments,
    row_scale_kinds,
)
from models import (
    FEW, LATENT, LLAMA, MIXES, MODELS, REPACKED, SCALED_MIXES, SELECTED_MIXES, SHAPES, check_pairs,
)
from scale_kinds import scale_map, scale_type

def value_cache(model):
    return model.value_cache or model.cache


def value_dim(model):
    return model.value_dim or model.head_dim


def value_heads(model):
    return model.value_heads or model.kv_heads


def cache_type(model, content, layout="pairs"):
    is_value = content == "value"
    heads = value_heads(model) if is_value else model.kv_heads
    head_dim = value_dim(model) if is_value else model.head_dim
    element = value_cache(model) if is_value else model.cache
    latent = f"value_head_dim = {value_dim(model)}, " if content == "latent" else ""
    latent += f"rope_head_dim = {model.rope_dim}, " if model.rope_dim else ""
    return (
        f"!fp8attn.cache<{content}, heads = {heads}, "
        f"head_dim = {head_dim}, {latent}page = {model.page}, "
        f"{ELEMENTS[element]}, #fp8attn.layout<{layout}>>"
    )


def cache_arguments(model):
    """Returns (name, type) of the caches."""
    if model.split:
        return [(f"{content}_cache", cache_type(model, content)) for content in ("key", "value")]
    return [("cache", cache_type(model, "latent" if model.latent else "key_value"))]


def scale_arguments(model):
    """Returns (name, type, map) of the scales."""
    return [
        (
            name,
            scale_type(kind, heads, model.page, channels),
            scale_map(kind, model.page),
        )
        for name, kind, heads, channels in (
            ("key_scale", model.key_scale, model.kv_heads, model.head_dim - model.rope_dim),
            ("value_scale", model.value_scale, value_heads(model), value_dim(model)),
        )
        if kind != "none"
    ]


def zero_point_arguments(model):
    """Returns (name, type, map) of the zero points."""
    return [
        (name, scale_type(kind, heads, model.page, channels, zero=True), scale_map(kind, model.page))
        for name, kind, heads, channels in (
            ("key_zero_point", model.key_zero, model.kv_heads, model.head_dim),
            ("value_zero_point", model.value_zero, value_heads(model), value_dim(model)),
        )
        if kind != "none"
    ]


def memref(model, shape):
    """Returns the type of a tensor, which may have gaps if the model is strided."""
    if not model.strided:
        return f"memref<{shape}>"
    outer = "?, " * (shape.count("x") - 1)
    return f"memref<{shape}, strided<[{outer}1]>>"


def write_arguments(model):
    def tensor(heads, head_dim):
        return memref(model, f"?x{heads}x{head_dim}x{model.source}")

    arguments = [("key", tensor(model.kv_heads, model.head_dim))]
    if not model.latent:
        arguments += [("value", tensor(value_heads(model), value_dim(model)))]
    arguments += [("slots", "memref<?xi64>")]
    arguments += [scale[:2] for scale in scale_arguments(model) + zero_point_arguments(model)]
    return arguments + cache_arguments(model)


def row_scales(model):
    """Returns (name, type, map) of the scales of the query and of the output."""
    return row_scale_arguments(model, ("token", "head", "channel"))


def attend_arguments(model):
    heads = model.kv_heads * model.group
    query, out = (ELEMENTS.get(element, element) for element in (model.query, model.out))
    query = memref(model, f"?x{heads}x{model.head_dim}x{query}")
    out = memref(model, f"?x{heads}x{value_dim(model)}x{out}")
    arguments = [("query", query)] + cache_arguments(model)
    arguments += [scale[:2] for scale in scale_arguments(model) + zero_point_arguments(model)]
    arguments += [
        ("query_start", "memref<?xi32>"),
        ("seq_lens", "memref<?xi32>"),
        ("block_table", memref(model, "?x?xi32")),
    ]
    arguments += [("sink", f"memref<{heads}x{model.per_head}>")] * model.sink + [("out", out)]
    arguments += [("lse", memref(model, f"?x{heads}xf32"))] * model.lse
    arguments += [("alibi", f"memref<{heads}x{model.per_head}>")] * model.alibi
    if model.mask != "none":
        arguments += [("mask", memref(model, f"?x?x{model.mask}"))]
    if model.draft != "none":
        arguments += [("draft_mask", memref(model, f"?x?x{model.draft}"))]
    arguments += [scale[:2] for scale in row_scales(model)]
    if model.selected != "none":
        shape = f"?x{model.lists}x?" if model.lists else "?x?"
        arguments += [(f"selected_{model.selected}", memref(model, f"{shape}xi32"))]
    return arguments + [("documents", memref(model, "?x?xi32"))] * model.documents


def score_operands(model, arguments):
    """Returns what modifies scores, as lines of assembly."""
    region = Region()
    if model.written:
        if model.softcap:
            region.cap(model.softcap)
        if model.alibi:
            region.add_alibi(model.per_head, arguments["alibi"])
    if model.documents:
        region.hide_documents(arguments["documents"])
    if model.written and model.mask != "none":
        region.apply_mask(model.mask, arguments["mask"], model.top_left)
    operands = []
    if not model.written:
        operands += [
            operand(name, [(name, arguments[name])])
            for name in ("alibi", "mask")
            if name in arguments
        ]
    if "draft_mask" in arguments:
        operands.append(operand("draft_mask", [("draft_mask", arguments["draft_mask"])]))
    operands += [operand(name, [(name, kind)], f", {scale_map}")
                 for name, kind, scale_map in row_scales(model)]
    operands += [operand(name, [(name, kind)]) for name, kind in arguments.items()
                 if name.startswith("selected_")]
    if region.lines:
        operands.append(region.text())
    if model.softcap and not model.written:
        operands.append(f"      {{softcap = {model.softcap}.0 : f32}}")
    return operands


def print_mlir(model):
    scales = [
        operand(name, [(name, kind)], f", {scale_map}")
        for name, kind, scale_map in scale_arguments(model) + zero_point_arguments(model)
    ]
    arguments = dict(write_arguments(model))
    operands = [
        operand(name, [(name, arguments[name])])
        for name in ("key", "value", "slots")
        if name in arguments
    ]
    operands += scales + [operand("cache", cache_arguments(model))]
    print(function(f"write_{model.name}", write_arguments(model), "kv_write", operands))

    arguments = dict(attend_arguments(model))
    batch = ("query_start", "seq_lens", "block_table")
    operands = [operand("query", [("query", arguments["query"])])]
    operands += [operand("cache", cache_arguments(model))] + scales
    operands += [operand("batch", [(name, arguments[name]) for name in batch])]
    operands += [
        operand(name, [(name, arguments[name])])
        for name in ("sink", "out", "lse")
        if name in arguments
    ]
    operands += score_operands(model, arguments)
    operation = "paged_attention" + " causal" * model.causal
    for side in ("window_left", "window_right"):
        if getattr(model, side) is not None:
            operation += f" {side} = {getattr(model, side)}"
    operation += " alignment = top_left" * model.top_left
    operation += " precision = f32" * model.f32_products
    print(function(f"attend_{model.name}", attend_arguments(model), operation, operands))


def print_merge(name, model):
    """Prints merge_NAME: heads and channels of the results are all that matters."""
    heads = model.kv_heads * model.group
    types = (f"memref<?x{heads}x{value_dim(model)}xbf16>", f"memref<?x{heads}xf32>")
    parts = {
        "first": list(zip(("first_out", "first_lse"), types)),
        "second": list(zip(("second_out", "second_lse"), types)),
        "into": list(zip(("out", "lse"), types)),
    }
    operands = [operand(keyword, part) for keyword, part in parts.items()]
    print(function(f"merge_{name}", sum(parts.values(), []), "merge", operands))


def print_repack(model, layout):
    """Prints export_MODEL_LAYOUT and import_MODEL_LAYOUT, and the same with a list of
    pages, export_pages_MODEL_LAYOUT and import_pages_MODEL_LAYOUT."""
    own = cache_type(model, "key_value")
    other = cache_type(model, "key_value", layout)
    for verb, source, destination in (("export", own, other), ("import", other, own)):
        arguments = [("source", source), ("destination", destination)]
        kinds = f"{source}, {destination}"
        operands = [f"      %source into %destination : {kinds}"]
        print(function(f"{verb}_{model.name}_{layout}", arguments, "repack", operands))
        arguments += [("pages", "memref<?x2xi32>")]
        operands = [f"      %source into %destination pages(%pages : memref<?x2xi32>) : {kinds}"]
        print(function(f"{verb}_pages_{model.name}_{layout}", arguments, "repack", operands))


def print_convert(heads, channels):
    """Prints quantize_heads and dequantize_heads, with a scale for each head."""
    values, codes = (f"memref<?x{heads}x{channels}x{kind}>" for kind in ("bf16", "f8E4M3FN"))
    scale = f"memref<{heads}xf32>"
    for operation, source, destination in (
        ("quantize", values, codes),
        ("dequantize", codes, values),
    ):
        arguments = [("source", source), ("scale", scale), ("destination", destination)]
        operands = [
            "      %source scale(%scale, affine_map<(t, h, c) -> (h)>) into %destination",
            f"      : {source}, {scale}, {destination}",
        ]
        print(function(f"{operation}_heads", arguments, operation, operands))



def entry(name, arguments):
    """Returns a C++ function that unpacks the arguments of an entry point."""
    values = [
        "&arguments." + camel_back(
            "key_cache" if argument == "cache"
            else "selected" if argument.startswith("selected_") else argument)
        for argument, _ in arguments
    ]
    return (
        "[](fp8attn_context *context, const Arguments &arguments) {\n"
        f"      return {name}(context, {', '.join(values)});\n    }}"
    )


def print_cpp(model):
    flags = [model.causal, model.lse, model.split, model.latent]
    fields = [
        f'"{model.name}"',
        ", ".join(
            f"FP8ATTN_TYPE_{TYPES[element]}"
            for element in (
                model.cache, value_cache(model), model.source, model.query, model.out
            )
        ),
        f"{model.kv_heads}, {value_heads(model)}, {model.group}, {model.head_dim}, {value_dim(model)}, {model.rope_dim}, {model.page}",
        f'"{model.key_scale}", "{model.value_scale}", "{model.key_zero}", "{model.value_zero}"',
        row_scale_kinds(model),
        ", ".join(str(flag).lower() for flag in flags),
        f"{optional(model.window_left)}, {optional(model.window_right)}",
        f"{str(model.top_left).lower()}, {str(model.sink).lower()}, "
        f"FP8ATTN_TYPE_{TYPES[model.per_head]}",
        f'{model.softcap}, {str(model.alibi).lower()}, "{model.mask}", "{model.draft}", '
        f"{str(model.documents).lower()}, {str(model.written).lower()}, {str(model.strided).lower()}, "
        f'{str(model.f32_products).lower()}, "{model.selected}", {model.lists}',
        entry(f"write_{model.name}", write_arguments(model)),
        f"write_{model.name}_workspace_bytes",
        entry(f"attend_{model.name}", attend_arguments(model)),
        f"attend_{model.name}_workspace_bytes",
    ]
    print("    {" + ",\n     ".join(fields) + "},")


def print_models():
    for model in MODELS:
        print_mlir(model)
    print_merge("llama", LLAMA[0])
    print_merge(LATENT[0].name, LATENT[0])
    print_convert(heads=4, channels=64)
    for model in LLAMA + [model for model in SHAPES if model.name in REPACKED]:
        for layout in ("row_major", "vllm_amx", "vllm_vector", "hnd", "nhd", "hnd_packed"):
            if layout != "vllm_amx" or model.head_dim % 16 == 0:
                print_repack(model, layout)
    for model in DENSE:
        print(generate_dense.mlir(model))
        if model.name in MERGED:
            print(generate_dense.merge(model))


def print_mixes():
    for model in MIXES + SCALED_MIXES + SELECTED_MIXES:
        print_mlir(model)
    for model in DENSE_MIXES:
        print(generate_dense.mlir(model))


def print_few():
    for model in FEW:
        print_mlir(model)
    for model in FEW_DENSE:
        print(generate_dense.mlir(model))


def print_table(headers, models, dense):
    for header in ("DenseModel.h", "Model.h", *headers):
        print(f'#include "{header}"')
    print("\nconst Model kModels[] = {")
    for model in models:
        print_cpp(model)
    print("};\nconst size_t kNumModels = sizeof kModels / sizeof *kModels;\n")
    print("const DenseModel kDenseModels[] = {")
    for model in dense:
        print(generate_dense.cpp(model))
    print("};\nconst size_t kNumDenseModels = sizeof kDenseModels / sizeof *kDenseModels;")


def main():
    check_pairs()
    {
        "models": print_models,
        "mixes": print_mixes,
        "cpp": lambda: print_table(
            ("mixes_entry_points.h", "models_entry_points.h"),
            MODELS + MIXES + SCALED_MIXES + SELECTED_MIXES,
            DENSE + DENSE_MIXES,
        ),
        "few": print_few,
        "few_cpp": lambda: print_table(("few_entry_points.h",), FEW, FEW_DENSE),
    }[sys.argv[1]]()


if __name__ == "__main__":
    main()
