#!/usr/bin/env python3
#===- generate_models.py - models.py as MLIR and as a C++ table -----------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: generate_models.py mlir|cpp
#
# Prints the entry points write_MODEL and attend_MODEL of every model and the
# entry points of merge and repack, or the table through which the tests call the
# former.
#
#===----------------------------------------------------------------------===//

import sys

from models import LLAMA, MODELS, check_pairs

ELEMENTS = {"e4m3": "f8E4M3FN", "e5m2": "f8E5M2", "bf16": "bf16"}
TYPES = {"e4m3": "F8E4M3FN", "e5m2": "F8E5M2", "bf16": "BF16", "f16": "F16", "f32": "F32"}
SCALE_TYPES = {"tensor": "memref<f32>", "head": "memref<{heads}xf32>"}
SCALE_RESULTS = {"tensor": "", "head": "head"}


def value_cache(model):
    return model.value_cache or model.cache


def value_dim(model):
    return model.value_dim or model.head_dim


def cache_type(model, content, layout="pairs"):
    is_value = content == "value"
    head_dim = value_dim(model) if is_value else model.head_dim
    element = value_cache(model) if is_value else model.cache
    return (
        f"!fp8attn.cache<{content}, heads = {model.kv_heads}, "
        f"head_dim = {head_dim}, page = {model.page}, "
        f"{ELEMENTS[element]}, #fp8attn.layout<{layout}>>"
    )


def cache_arguments(model):
    """Returns (name, type) of the caches."""
    if model.split:
        return [(f"{content}_cache", cache_type(model, content)) for content in ("key", "value")]
    return [("cache", cache_type(model, "key_value"))]


def scale_arguments(model):
    """Returns (name, type, map) of the scales."""
    return [
        (
            name,
            SCALE_TYPES[kind].format(heads=model.kv_heads),
            "affine_map<(page, head, token, channel) -> "
            f"({SCALE_RESULTS[kind]})>",
        )
        for name, kind in (
            ("key_scale", model.key_scale),
            ("value_scale", model.value_scale),
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
    def tensor(head_dim):
        return memref(model, f"?x{model.kv_heads}x{head_dim}x{model.source}")

    arguments = [("key", tensor(model.head_dim)), ("value", tensor(value_dim(model)))]
    arguments += [("slots", "memref<?xi64>")]
    arguments += [scale[:2] for scale in scale_arguments(model)]
    return arguments + cache_arguments(model)


def attend_arguments(model):
    heads = model.kv_heads * model.group
    query = memref(model, f"?x{heads}x{model.head_dim}x{model.query}")
    out = memref(model, f"?x{heads}x{value_dim(model)}x{model.out}")
    arguments = [("query", query)] + cache_arguments(model)
    arguments += [scale[:2] for scale in scale_arguments(model)]
    arguments += [
        ("query_start", "memref<?xi32>"),
        ("seq_lens", "memref<?xi32>"),
        ("block_table", memref(model, "?x?xi32")),
    ]
    arguments += [("sink", f"memref<{heads}xf32>")] * model.sink + [("out", out)]
    arguments += [("lse", memref(model, f"?x{heads}xf32"))] * model.lse
    arguments += [("alibi", f"memref<{heads}xf32>")] * model.alibi
    if model.mask != "none":
        arguments += [("mask", memref(model, f"?x?x{model.mask}"))]
    return arguments + [("documents", memref(model, "?x?xi32"))] * model.documents


class Region:
    """The text of a score region."""

    def __init__(self):
        self.lines = []
        self.score = "%score"

    def op(self, text):
        """Adds an operation and returns its result."""
        self.lines.append(f"        %{len(self.lines)} = {text}")
        return f"%{len(self.lines) - 1}"

    def constant(self, value):
        return self.op(f"arith.constant {value} : f32")

    def keep_if(self, condition):
        masked = self.constant("0xFF800000")
        self.score = self.op(f"arith.select {condition}, {self.score}, {masked} : f32")

    def cap(self, cap):
        cap = self.constant(f"{cap}.0")
        ratio = self.op(f"arith.divf {self.score}, {cap} : f32")
        tanh = self.op(f"math.tanh {ratio} : f32")
        self.score = self.op(f"arith.mulf {tanh}, {cap} : f32")

    def add_alibi(self, kind):
        slope = self.op(f"memref.load %alibi[%head] : {kind}")
        distance = self.op("arith.subi %key, %q : index")
        distance = self.op(f"arith.index_cast {distance} : index to i32")
        distance = self.op(f"arith.sitofp {distance} : i32 to f32")
        bias = self.op(f"arith.mulf {slope}, {distance} : f32")
        self.score = self.op(f"arith.addf {self.score}, {bias} : f32")

    def hide_documents(self, kind):
        own = self.op(f"memref.load %documents[%sequence, %q] : {kind}")
        other = self.op(f"memref.load %documents[%sequence, %key] : {kind}")
        self.keep_if(self.op(f"arith.cmpi eq, {own}, {other} : i32"))

    def query_token(self, top_left):
        """The token's place among the sequence's queries is its position; or it is as
        far from their end as its position is from the end of the keys."""
        if top_left:
            start = self.op("memref.load %query_start[%sequence] : memref<?xi32>")
            start = self.op(f"arith.index_cast {start} : i32 to index")
            return self.op(f"arith.addi {start}, %q : index")
        one = self.op("arith.constant 1 : index")
        after = self.op(f"arith.addi %sequence, {one} : index")
        end = self.op(f"memref.load %query_start[{after}] : memref<?xi32>")
        end = self.op(f"arith.index_cast {end} : i32 to index")
        keys = self.op("memref.load %seq_lens[%sequence] : memref<?xi32>")
        keys = self.op(f"arith.index_cast {keys} : i32 to index")
        rest = self.op(f"arith.subi {keys}, %q : index")
        return self.op(f"arith.subi {end}, {rest} : index")

    def apply_mask(self, element, kind, top_left):
        token = self.query_token(top_left)
        value = self.op(f"memref.load %mask[{token}, %key] : {kind}")
        if element == "f32":
            self.score = self.op(f"arith.addf {self.score}, {value} : f32")
            return
        zero = self.op("arith.constant 0 : i8")
        self.keep_if(self.op(f"arith.cmpi ne, {value}, {zero} : i8"))

    def text(self):
        head = "^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):"
        tail = f"        fp8attn.yield {self.score} : f32"
        return "\n".join(["      score {", f"      {head}", *self.lines, tail, "      }"])


def score_operands(model, arguments):
    """Returns what modifies scores, as lines of assembly."""
    region = Region()
    if model.written:
        if model.softcap:
            region.cap(model.softcap)
        if model.alibi:
            region.add_alibi(arguments["alibi"])
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
    if region.lines:
        operands.append(region.text())
    if model.softcap and not model.written:
        operands.append(f"      {{softcap = {model.softcap}.0 : f32}}")
    return operands


def operand(keyword, arguments, extra=""):
    """Returns `keyword(%a, %b : type of a, type of b extra)`."""
    names = ", ".join(f"%{name}" for name, _ in arguments)
    types = ", ".join(kind for _, kind in arguments)
    return f"      {keyword}({names} : {types}{extra})"


def function(name, arguments, operation, operands):
    signature = ", ".join(f"%{argument}: {kind}" for argument, kind in arguments)
    lines = [f"func.func @{name}({signature}) {{", f"  fp8attn.{operation}"]
    return "\n".join(lines + operands + ["  return", "}", ""])


def print_mlir(model):
    scales = [
        operand(name, [(name, kind)], f", {scale_map}")
        for name, kind, scale_map in scale_arguments(model)
    ]
    arguments = dict(write_arguments(model))
    operands = [operand(name, [(name, arguments[name])]) for name in ("key", "value", "slots")]
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
    print(function(f"attend_{model.name}", attend_arguments(model), operation, operands))


def print_merge(model):
    """Prints merge_llama: heads and channels of the model are all that matters."""
    heads = model.kv_heads * model.group
    types = (f"memref<?x{heads}x{model.head_dim}xbf16>", f"memref<?x{heads}xf32>")
    parts = {
        "first": list(zip(("first_out", "first_lse"), types)),
        "second": list(zip(("second_out", "second_lse"), types)),
        "into": list(zip(("out", "lse"), types)),
    }
    operands = [operand(keyword, part) for keyword, part in parts.items()]
    print(function("merge_llama", sum(parts.values(), []), "merge", operands))


def print_repack(model, layout):
    """Prints the entry points export_MODEL_LAYOUT and import_MODEL_LAYOUT."""
    own = cache_type(model, "key_value")
    other = cache_type(model, "key_value", layout)
    for verb, source, destination in (("export", own, other), ("import", other, own)):
        arguments = [("source", source), ("destination", destination)]
        operands = [f"      %source into %destination : {source}, {destination}"]
        print(function(f"{verb}_{model.name}_{layout}", arguments, "repack", operands))


def camel_back(name):
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def entry(name, arguments):
    """Returns a C++ function that unpacks the arguments of an entry point."""
    values = [
        "&arguments." + camel_back("key_cache" if argument == "cache" else argument)
        for argument, _ in arguments
    ]
    return (
        "[](fp8attn_context *context, const Arguments &arguments) {\n"
        f"      return {name}(context, {', '.join(values)});\n    }}"
    )


def optional(number):
    return "std::nullopt" if number is None else f"int64_t({number})"


def print_cpp(model):
    flags = [model.key_scale == "head", model.value_scale == "head"]
    flags += [model.causal, model.lse, model.split]
    fields = [
        f'"{model.name}"',
        ", ".join(
            f"FP8ATTN_TYPE_{TYPES[element]}"
            for element in (
                model.cache, value_cache(model), model.source, model.query, model.out
            )
        ),
        f"{model.kv_heads}, {model.group}, {model.head_dim}, {value_dim(model)}, {model.page}",
        ", ".join(str(flag).lower() for flag in flags),
        f"{optional(model.window_left)}, {optional(model.window_right)}",
        f"{str(model.top_left).lower()}, {str(model.sink).lower()}",
        f'{model.softcap}, {str(model.alibi).lower()}, "{model.mask}", '
        f"{str(model.documents).lower()}, {str(model.strided).lower()}",
        entry(f"write_{model.name}", write_arguments(model)),
        f"write_{model.name}_workspace_bytes",
        entry(f"attend_{model.name}", attend_arguments(model)),
        f"attend_{model.name}_workspace_bytes",
    ]
    print("    {" + ",\n     ".join(fields) + "},")


def main():
    check_pairs()
    if sys.argv[1] == "mlir":
        for model in MODELS:
            print_mlir(model)
        print_merge(LLAMA[0])
        for model in LLAMA:
            for layout in ("row_major", "vllm_amx", "vllm_vector"):
                print_repack(model, layout)
        return
    print('#include "Model.h"\n#include "models_entry_points.h"\n')
    print("const Model kModels[] = {")
    for model in MODELS:
        print_cpp(model)
    print("};\nconst size_t kNumModels = sizeof kModels / sizeof *kModels;")


if __name__ == "__main__":
    main()
