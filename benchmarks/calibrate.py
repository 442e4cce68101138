#!/usr/bin/env python3
#===- calibrate.py - predicted against measured cost of kernels -----------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: calibrate.py [--tools DIR] [--rounds N] [--filter TEXT] [--context N] [--write]
#
# For each of some shapes, asks `fp8attn-compile --explain=all` which kernels could
# compute it on this host and what they should cost, forces each of them in
# `fp8attn-run --time`, all in turn, round after round, and prints predicted
# beside measured time (the best of all rounds), both as multiples of those of
# the kernels that the compiler picks. A pick is good if nothing is faster by more
# than a tenth. The exit code is 0 whatever is fast. On a terminal, a line says how
# far it is.
#
# --write fits costs to the times, the least sum of relative errors, and writes them into
# this host's column of runtime_kernels/costs.def. Those of i8 and of softmax, which no
# shape tells, stay.
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
from kernel_costs import cells_of, figures_of, read_costs, write_costs
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

COSTS_DEF = (
    pathlib.Path(__file__).resolve().parents[1] / "runtime_kernels" / "costs.def"
)
# Rows of a block whose keys are decoded once, but for fused prefill (docs/Kernels.md).
BLOCK_ROWS = 48
# Of the peak that fp8attn-run measures for avx2: two multiply-adds of 8 floats, on all
# CPUs that costs.def has.
FLOPS_PER_CYCLE = 32
# As many rows as most calls of decode have.
TRADED_ROWS = 4


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

    def cycles_per_second(self, model):
        """Returns the clock of a core, as multiply-adds show it; the best of some runs."""
        peaks = []
        for _ in range(5):
            report = self.call(
                "fp8attn-run", model, "--context=1", "--isa=avx2", "--time", "--json"
            )
            peaks.append(json.loads(report)["time"]["peak_flops_per_second"])
        return max(peaks) / FLOPS_PER_CYCLE

    def candidates(self, model, isa, phase):
        """Returns the class of CPUs whose costs count, and {kernels: predicted cycles}, the
        pick first."""
        table = self.call("fp8attn-compile", model, "--explain=all", f"--isa={isa}")
        (section,) = [
            part for part in table.split("\n\n") if f", phase {phase}:" in part
        ]
        rows = re.findall(
            r"^(?:  chosen)? +([\d.]+) +[\d.]+ +[\d.]+  (\w+(?: \+ \w+)?)",
            section,
            re.MULTILINE,
        )
        cpu = re.search(r", costs of (\w+)$", section, re.MULTILINE)[1]
        return cpu, {kernels: float(cycles) for cycles, kernels in rows}

    def time(self, model, isa, kernels, shape):
        """Returns the best seconds of a call, and those of reading its cache."""
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
        time = json.loads(report)["time"]
        return time["best_seconds"], time["read_seconds"]


# The best seconds of a shape's call by some kernels, and of reading the cache.
Sample = collections.namedtuple("Sample", "shape kernels seconds read_seconds")


def phase_of(shape):
    rows = shape.heads // shape.kv_heads * shape.queries
    return "decode" if rows <= DECODE_ROWS else "prefill"


class Comparison:
    """What kernels should take for a shape, and what they take."""

    def __init__(self, tools, isa, shape):
        self.shape = shape
        self.model = write_model(shape)
        self.cpu, self.predicted = tools.candidates(self.model, isa, phase_of(shape))
        self.times = {kernels: [] for kernels in self.predicted}

    def measure(self, tools, isa, reach):
        """Times each kernel once; calls `reach` with the part that is done."""
        for place, kernels in enumerate(self.times):
            reach(place / len(self.times))
            time = tools.time(self.model, isa, kernels, self.shape)
            self.times[kernels].append(time)

    def samples(self):
        # Whatever disturbs a run makes it longer.
        reading = min(read for turns in self.times.values() for _, read in turns)
        return [
            Sample(self.shape, kernels, min(turns)[0], reading)
            for kernels, turns in self.times.items()
        ]


def print_table(comparison):
    """Prints a shape's table. Returns whether the pick is good."""
    shape, predicted = comparison.shape, comparison.predicted
    measured = {sample.kernels: sample.seconds for sample in comparison.samples()}
    pick = next(iter(predicted))
    best = min(measured, key=measured.get)
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


def kernel_of(name):
    """Returns the words of costs.def: "attend_bf16_e4m3_f32_16x256x32_avx2" is (attend,
    e4m3, avx2)."""
    op, _, cache, _, _, isa = name.split("_", 5)
    return op, cache, isa


def cycles_of(sample, figures, clock):
    """Returns what the call should take: the larger one of computing, with costs
    {(op, cache, isa): (decodeCycles, rowCycles, rowGranule)}, and reading."""
    shape = sample.shape
    group = shape.heads // shape.kv_heads
    before = shape.context - shape.queries
    visible = shape.queries * before + shape.queries * (shape.queries + 1) // 2
    pairs = visible * group * shape.kv_heads * shape.seqs
    rows = group if phase_of(shape) == "decode" else BLOCK_ROWS
    kernels = [kernel_of(name) for name in sample.kernels.split(" + ")]
    computing = 0
    for (op, cache, isa), channels in zip(
        (kernels[0], kernels[-1]), (shape.key_dim, shape.value_dim)
    ):
        decode, row, granule = figures[op, cache, isa]
        computed = -(-rows // granule) * granule
        computing += channels / 64 * (decode + row * computed) / rows
    softmax = "avx512_bf16" if kernels[0][2] == "amx_bf16" else kernels[0][2]
    computing += figures["softmax", "bf16", softmax][1] / 64
    return max(pairs * computing, sample.read_seconds * clock)


def fit(samples, figures, clock):
    """Returns figures of the samples' kernels such that the sum of relative errors is least.
    The separate kernels and `attend` run the same loops and share theirs; all types of an
    ISA share the cost of rows. Beside that of so many rows as `prefill` has, what it costs to
    decode for them cannot be seen, and stays."""

    def error(figures):
        return sum(
            abs(cycles_of(sample, figures, clock) / (sample.seconds * clock) - 1)
            for sample in samples
        )

    kernels = {
        kernel_of(name) for sample in samples for name in sample.kernels.split(" + ")
    }
    # What changes together, by loops and ISA: decodeCycles of these kernels, rowCycles of
    # those.
    decodes, rows = collections.defaultdict(set), collections.defaultdict(set)
    for op, cache, isa in kernels:
        loops = ("prefill",) if op == "prefill" else ("qk", "pv", "attend")
        for same in loops:
            rows[loops, isa].add((same, cache, isa))
            if op != "prefill":
                decodes[loops, isa, cache].add((same, cache, isa))

    def scaled(names, decode_factor, row_factor):
        changed = dict(figures)
        for name in names:
            decode, row, granule = figures[name]
            changed[name] = (decode * decode_factor, row * row_factor, granule)
        return changed

    def traded(names, factor):
        """Gives rows what is taken from decoding, or the reverse: few rows cost the same."""
        changed = dict(figures)
        for name in names:
            decode, row, granule = figures[name]
            less = row * (factor - 1) * max(granule, TRADED_ROWS)
            changed[name] = (max(decode - less, 0), row * factor, granule)
        return changed

    least = error(figures)
    for step in (2, 1.4, 1.2, 1.1, 1.05, 1.02, 1.01):
        improves = True
        while improves:
            improves = False
            for factor in (step, 1 / step):
                moves = [lambda n=names: scaled(n, factor, 1) for names in decodes.values()]
                moves += [lambda n=names: scaled(n, 1, factor) for names in rows.values()]
                moves += [
                    lambda n=names: traded(n, factor)
                    for (loops, _), names in rows.items()
                    if "prefill" not in loops
                ]
                for move in moves:
                    changed = move()
                    changed_error = error(changed)
                    if changed_error < least * (1 - 1e-6):
                        figures, least, improves = changed, changed_error, True
    return {name: figures[name] for names in rows.values() for name in names}


def write_column(cpu, samples, clock):
    """Fits costs and writes them into the column of `cpu`."""
    figures = {}
    for number, row in read_costs(COSTS_DEF):
        if not row:
            sys.exit(f"{COSTS_DEF}:{number}: this is no row")
        cell = cells_of(row)[cpu]
        if cell != "none":
            kernel = (row["op"], row["cache"], row["isa"])
            figures[kernel] = (*figures_of(cell), int(row["granule"]))
    fitted = fit(samples, figures, clock)
    write_costs(COSTS_DEF, cpu, {name: costs[:2] for name, costs in fitted.items()})
    figures |= fitted
    worst = max(
        samples,
        key=lambda sample: abs(
            cycles_of(sample, figures, clock) / (sample.seconds * clock) - 1
        ),
    )
    ratio = cycles_of(worst, figures, clock) / (worst.seconds * clock)
    print(
        f"wrote {len(fitted)} cells of {cpu} at {clock / 1e9:.2f} GHz; the worst is"
        f" {worst.kernels} of {worst.shape.name}, predicted / measured {ratio:.2f}"
    )


def main():
    parser = argparse.ArgumentParser(description="predicted against measured cost")
    parser.add_argument("--tools", help="folder of the tools (default: of PATH)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each kernel")
    parser.add_argument("--filter", default="", help="only shapes whose name has this")
    parser.add_argument("--context", type=int, help="keys instead of the shape's own")
    parser.add_argument(
        "--write", action="store_true", help="write fitted costs into costs.def"
    )
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
    comparisons = [Comparison(tools, isa, shape) for shape in shapes]
    # A neighbour who is busy for a while does not spoil all turns of a shape.
    progress = Progress(len(shapes) * options.rounds, "turns")
    for turn in range(options.rounds):
        for place, comparison in enumerate(comparisons):
            done = turn * len(shapes) + place
            comparison.measure(
                tools,
                isa,
                lambda part: progress.reach(done + part, comparison.shape.name),
            )
    progress.clear()
    good = sum([print_table(comparison) for comparison in comparisons])
    print(
        f"{good} of {len(shapes)} picks are the best or take at most"
        f" {TOLERANCE} times as long"
    )
    if options.write:
        samples = [
            sample for comparison in comparisons for sample in comparison.samples()
        ]
        clock = tools.cycles_per_second(comparisons[0].model)
        write_column(comparisons[0].cpu, samples, clock)
    return 0


if __name__ == "__main__":
    sys.exit(main())
