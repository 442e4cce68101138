#!/usr/bin/env python3
#===- scaling.py - what more ranks should cost ----------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# A model of a step that is sharded by sequence, of four constants that `measure`
# takes from runs of `distribute`. docs/Distributed.md says what it leaves out.
#
#===----------------------------------------------------------------------===//

import argparse
import json
import math
import os
import re
import subprocess
import sys

RANKS = [2**i for i in range(11)]
KEYS = [8192, 131072, 1048576]
# Of a group of 8 query heads of size 128 with a log-sum-exp each, in f32.
PARTIAL_BYTES = 8 * 129 * 4


def run(program, ranks, **options):
    """Runs `distribute`; returns milliseconds of each phase."""
    command = ["mpiexec", "-n", str(ranks), program]
    command += [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {name: float(ms) for name, ms in re.findall(r"(?m)^(\w+) +([\d.]+) ms", output)}


def measure(program):
    """Returns the constants of this machine, in seconds and bytes."""
    segments, tokens = 4, 32768
    alone = run(program, 1, segments=segments, segment_tokens=tokens, repeat=20)
    # Messages of one group of heads, and of many: both ranks have as much to do, so that
    # neither waits for the other.
    groups = 64
    few = run(program, 2, segments=2, segment_tokens=1024, repeat=500)
    many = run(program, 2, segments=2, segment_tokens=1024, groups=groups, repeat=100)
    one, all_groups = few["exchange"] / 1e3, many["exchange"] / 1e3
    if all_groups <= one:
        sys.exit(f"expects to exchange {groups} groups in more than the {one * 1e6:.1f} us of one, "
                 f"got {all_groups * 1e6:.1f} us: measure while nothing else runs")
    bandwidth = (groups - 1) * PARTIAL_BYTES / (all_groups - one)
    return {
        "seconds_per_key": alone["attention"] / 1e3 / (segments * tokens),
        "seconds_per_merge": alone["merge"] / 1e3 / (segments - 1),
        "message_seconds": max(0, one - PARTIAL_BYTES / bandwidth),
        "bytes_per_second": bandwidth,
    }


def step_seconds(constants, ranks, keys):
    """Returns the time of a decode step of one token: each rank has one segment,
    sends its partial result to all others, and merges all."""
    message = constants["message_seconds"] + PARTIAL_BYTES / constants["bytes_per_second"]
    return (
        constants["seconds_per_key"] * keys / ranks
        + message * (ranks - 1)
        + constants["seconds_per_merge"] * (ranks - 1)
    )


def table(constants):
    header = "| ranks | " + " | ".join(f"{keys:,} keys" for keys in KEYS) + " |"
    lines = [header, "|---" * (len(KEYS) + 1) + "|"]
    for ranks in RANKS:
        cells = []
        for keys in KEYS:
            seconds = step_seconds(constants, ranks, keys)
            speedup = step_seconds(constants, 1, keys) / seconds
            cells.append(f"{seconds * 1e3:.3g} ms, {speedup:.3g}x")
        lines.append(f"| {ranks} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def svg(constants):
    """Returns a picture: time of a step over ranks, both logarithmic."""
    width, height, left, bottom = 640, 400, 70, 50
    times = [step_seconds(constants, r, k) * 1e3 for r in RANKS for k in KEYS]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))

    def x(ranks):
        return left + math.log2(ranks) / 10 * (width - left - 130)

    def y(ms):
        return height - bottom - (math.log10(ms) - low) / (high - low) * (height - bottom - 20)

    text = '<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for power in range(low, high + 1):
        at = y(10.0**power)
        lines.append(f'<path d="M{left} {at:.1f}H{x(1024):.1f}" stroke="#ddd"/>')
        lines.append(text.format(left - 8, at + 4, "end", f"{10.0**power:g} ms"))
    for ranks in RANKS:
        lines.append(text.format(x(ranks), height - bottom + 18, "middle", ranks))
    lines.append(text.format((left + x(1024)) / 2, height - 10, "middle", "ranks"))
    for keys, color in zip(KEYS, ["#1b6ca8", "#c0392b", "#2d7d46"]):
        points = [(x(r), y(step_seconds(constants, r, keys) * 1e3)) for r in RANKS]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        best = min(RANKS, key=lambda r: step_seconds(constants, r, keys))
        at = y(step_seconds(constants, best, keys) * 1e3)
        lines.append(f'<circle cx="{x(best):.1f}" cy="{at:.1f}" r="4" fill="{color}"/>')
        label = f"{keys:,} keys"
        lines.append(f'<text x="{x(1) + 6:.1f}" y="{points[0][1] - 8:.1f}" fill="{color}">{label}</text>')
    return "\n".join(lines + ["</svg>"])


def main():
    parser = argparse.ArgumentParser(description="a model of attention that is sharded by sequence")
    commands = parser.add_subparsers(dest="command", required=True)
    measuring = commands.add_parser("measure", help="prints constants, as JSON")
    measuring.add_argument("program", help="distribute, built with MPI")
    for name, what in [("table", "a table in Markdown"), ("plot", "a picture in SVG")]:
        command = commands.add_parser(name, help=f"prints {what}")
        command.add_argument("constants", help="file that `measure` made")
        command.add_argument("--message-seconds", type=float, help="of another network")
        command.add_argument("--bytes-per-second", type=float, help="of another network")
    args = parser.parse_args()
    if args.command == "measure":
        if not os.access(args.program, os.X_OK):
            parser.error(f"cannot run {args.program}")
        json.dump(measure(args.program), sys.stdout, indent=2)
        print()
        return
    with open(args.constants) as file:
        constants = json.load(file)
    for name in ["message_seconds", "bytes_per_second"]:
        given = getattr(args, name)
        if given is not None and not given > 0:
            parser.error(f"expects a number greater than 0, got {given}")
        constants[name] = given or constants[name]
    print(table(constants) if args.command == "table" else svg(constants))


if __name__ == "__main__":
    main()
