#!/usr/bin/env python3
#===- calibrate.py - predicted against measured cost of kernels -----------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: calibrate.py [--tools DIR] [--rounds N] [--filter TEXT] [--context N]
#
# For each of some shapes, asks `fp8attn-compile --explain=all` which kernels could
# compute it on this host and what they should cost, forces each of them in
# `fp8attn-run --time`, all in turn, round after round, and prints predicted
# beside measured time (the best of all rounds), both as multiples of those of
# the kernels that the compiler picks. A pick is good if nothing is faster by more
# than a tenth. The exit code is 0 whatever is fast. On a terminal, a line says how
# far it is.
#
#===----------------------------------------------------------------------===//

import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "utils"))
from progress import Progress

Shape = collections.namedtuple(
    "Shape",
    "name key value heads kv_heads key_dim value_dim seqs context queries softcap",
    defaults=(0,),
)


def decode(name, key, value, heads, kv_heads, dim, seqs, context, **other):
    dims = dim if isinstance(dim, tuple) else (dim, dim)
    return Shape(
        "decode-" + name, key, value, heads, kv_heads, *dims, seqs, context, 1, **other
    )


def prefill(name, key, value, heads, kv_heads, dim, context, queries):
    return Shape(
        "prefill-" + name, key, value, heads, kv_heads, dim, dim, 1, context, queries
    )


# Caches of decode, but for the short one, are too large for L2.
SHAPES = [
    decode("mha", "e4m3", "e4m3", 8, 8, 128, 2, 2048),
    decode("gqa2-d64", "e4m3", "e4m3", 16, 8, 64, 4, 2048),
    decode("gqa3-d96", "e5m2", "e5m2", 24, 8, 96, 2, 2048),
    decode("gqa4", "e4m3", "e4m3", 32, 8, 128, 8, 2048),
    decode("gqa4-e5m2", "e5m2", "e5m2", 32, 8, 128, 2, 2048),
    decode("gqa4-bf16", "bf16", "bf16", 32, 8, 128, 2, 1024),
    decode("gqa4-d256", "e4m3", "e4m3", 16, 4, 256, 2, 2048),
    decode("gqa4-mixed", "e4m3", "bf16", 32, 8, 128, 2, 1024),
    decode("gqa4-softcap", "e4m3", "e4m3", 32, 8, 128, 2, 2048, softcap=50),
    decode("gqa4-short", "e4m3", "e4m3", 32, 8, 128, 4, 64),
    decode("gqa7-bf16", "bf16", "bf16", 28, 4, 128, 1, 4096),
    decode("gqa8", "e4m3", "e4m3", 64, 8, 128, 2, 2048),
    decode("gqa16-long", "e4m3", "e4m3", 32, 2, 128, 1, 16384),
    decode("mla16", "e4m3", "e4m3", 16, 1, (576, 512), 2, 4096),
    decode("mla128", "bf16", "bf16", 128, 1, (576, 512), 1, 2048),
    prefill("gqa4", "e4m3", "e4m3", 8, 2, 128, 512, 512),
    prefill("gqa4-bf16", "bf16", "bf16", 8, 2, 128, 512, 512),
    prefill("mha-d64", "e5m2", "e5m2", 2, 2, 64, 1024, 1024),
    prefill("gqa2-d256-mixed", "e4m3", "bf16", 4, 2, 256, 256, 256),
    prefill("gqa4-d96-chunk", "e4m3", "e4m3", 8, 2, 96, 4096, 64),
]

TYPES = {"e4m3": "f8E4M3FN", "e5m2": "f8E5M2", "bf16": "bf16"}
PAGE_TOKENS = 64
# Most rows of the work items that the phase "decode" is for.
DECODE_ROWS = 16
# How much longer than the best a good pick may take.
TOLERANCE = 1.1


def write_model(shape):
    """Returns the MLIR of a shape."""

    def cache(content, element, dim):
        return (
            f"!fp8attn.cache<{content}, heads = {shape.kv_heads}, head_dim = {dim}, "
            f"page = {PAGE_TOKENS}, {TYPES[element]}, #fp8attn.layout<pairs>>"
        )

    caches = {
        "keys": cache("key", shape.key, shape.key_dim),
        "values": cache("value", shape.value, shape.value_dim),
    }
    if (shape.key, shape.key_dim) == (shape.value, shape.value_dim):
        caches = {"kv": cache("key_value", shape.key, shape.key_dim)}
    names = ", ".join(f"%{name}" for name in caches)
    scales = "".join(
        f" {part}_scale(%scale : memref<f32>, #tensor)"
        for part in ("key", "value")
        if getattr(shape, part) != "bf16"
    )
    softcap = f" {{softcap = {shape.softcap}.0 : f32}}" if shape.softcap else ""
    query = f"memref<?x{shape.heads}x{shape.key_dim}xbf16>"
    out = f"memref<?x{shape.heads}x{shape.value_dim}xbf16>"
    arguments = "".join(f"%{name}: {type}, " for name, type in caches.items())
    if scales:
        arguments += "%scale: memref<f32>, "
    return f"""#tensor = affine_map<(page, head, token, channel) -> ()>
func.func @attend(%query: {query}, {arguments}
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: {out}) {{
  fp8attn.paged_attention causal query(%query : {query}) cache({names} : {", ".join(caches.values())}){scales}
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : {out}){softcap}
  return
}}
"""


class Tools:
    """The tools of a folder, or of PATH if it is None."""

    def __init__(self, folder):
        self.folder = folder

    def call(self, tool, model, *options):
        path = str(pathlib.Path(self.folder) / tool) if self.folder else tool
        command = [path, "-", *options]
        result = subprocess.run(command, input=model, capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(" ".join(command) + ":\n" + result.stderr)
        return result.stdout

    def host_isa(self, model):
        report = self.call("fp8attn-run", model, "--context=1", "--json")
        return json.loads(report)["isa"]

    def candidates(self, model, isa, phase):
        """Returns {kernels: predicted cycles}, the pick first."""
        table = self.call("fp8attn-compile", model, "--explain=all", f"--isa={isa}")
        (section,) = [
            part for part in table.split("\n\n") if f", phase {phase}:" in part
        ]
        rows = re.findall(
            r"^(?:  chosen)? +([\d.]+) +[\d.]+ +[\d.]+  (\w+(?: \+ \w+)?)",
            section,
            re.MULTILINE,
        )
        return {kernels: float(cycles) for cycles, kernels in rows}

    def seconds(self, model, isa, kernels, shape):
        report = self.call(
            "fp8attn-run",
            model,
            "--time",
            "--json",
            "--repetitions=5",
            f"--isa={isa}",
            "--force=" + kernels.replace(" + ", ","),
            f"--seqs={shape.seqs}",
            f"--context={shape.context}",
            f"--query-len={shape.queries}",
        )
        return json.loads(report)["time"]["best_seconds"]


def compare(tools, isa, shape, rounds, progress, done):
    """Prints a shape's table, where `done` shapes have theirs. Returns whether the pick is
    good."""
    model = write_model(shape)
    rows = shape.heads // shape.kv_heads * shape.queries
    phase = "decode" if rows <= DECODE_ROWS else "prefill"
    predicted = tools.candidates(model, isa, phase)
    times = {kernels: [] for kernels in predicted}
    for turn in range(rounds):
        for place, kernels in enumerate(predicted):
            part = (turn + place / len(predicted)) / rounds
            progress.reach(done + part, shape.name)
            times[kernels].append(tools.seconds(model, isa, kernels, shape))
    # Whatever disturbs a run makes it longer.
    measured = {kernels: min(times[kernels]) for kernels in times}
    pick = next(iter(predicted))
    best = min(measured, key=measured.get)
    progress.clear()
    print(
        f"{shape.name}: {shape.key}/{shape.value}, {shape.heads}/{shape.kv_heads} heads"
        f" of {shape.key_dim}/{shape.value_dim}, {shape.seqs} x {shape.queries} queries"
        f" on {shape.context} keys"
    )
    print("        predicted  measured         time  kernel (fp8attn_uk_...)")
    for kernels, cycles in predicted.items():
        mark = ("pick" if kernels == pick else "") + ("+best" if kernels == best else "")
        print(
            f"{mark.strip('+'):>9} {cycles / predicted[pick]:8.2f}"
            f"  {measured[kernels] / measured[pick]:8.2f}"
            f"  {measured[kernels] * 1e6:8.1f} us  {kernels}"
        )
    print(flush=True)
    return measured[pick] <= TOLERANCE * measured[best]


def main():
    parser = argparse.ArgumentParser(description="predicted against measured cost")
    parser.add_argument("--tools", help="folder of the tools (default: of PATH)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each kernel")
    parser.add_argument("--filter", default="", help="only shapes whose name has this")
    parser.add_argument("--context", type=int, help="keys instead of the shape's own")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"expects --rounds to be at least 1, got {options.rounds}")
    if options.context is not None and options.context < 1:
        parser.error(f"expects --context to be at least 1, got {options.context}")
    tools = Tools(options.tools)
    shapes = [shape for shape in SHAPES if options.filter in shape.name]
    if not shapes:
        names = ", ".join(shape.name for shape in SHAPES)
        parser.error(f"no shape's name has '{options.filter}'; there are {names}")
    if options.context:
        shapes = [
            shape._replace(
                context=options.context, queries=min(shape.queries, options.context)
            )
            for shape in shapes
        ]
    isa = tools.host_isa(write_model(shapes[0]))
    progress = Progress(len(shapes), "shapes")
    good = sum(
        compare(tools, isa, shape, options.rounds, progress, done)
        for done, shape in enumerate(shapes)
    )
    print(
        f"{good} of {len(shapes)} picks are the best or take at most"
        f" {TOLERANCE} times as long"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
