#!/usr/bin/env python3
#===- roofline.py - calls beside the limits of their machine --------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Draws the calls of a run of fp8attn-bench-calls below the roofs of the machine, as measured
in the same run: multiplications in registers, and reads of pages.

  fp8attn-bench-calls --models=llama3-8b --calls=prefill,decode --json=run.json
  roofline.py run.json roofline.svg

SVG or PNG, as the name says. Needs matplotlib (Debian: python3-matplotlib); where there is
none, there is no picture, and a line that says so.
"""

import json
import pathlib
import statistics
import sys

from pictures import load_pyplot

GIGA = 1e9


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    run = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    # Calls of which no sample was steady have no median; writes of the cache compute nothing.
    results = [result for result in run["results"] if result.get("median_seconds") and result["flops"] and result["bytes"]]
    if not results:
        sys.exit(f"roofline.py: expects steady results with FLOP and bytes in {sys.argv[1]}, got none")
    peak = statistics.median(result["peak_flops"] for result in results) / GIGA
    # Of calls that are hot or small, pages come from a cache of the CPU, which is no roof.
    read = min(result["read_bytes"] for result in results) / GIGA
    points = [(result["call"], result["flops"] / result["bytes"], result["flops"] / result["median_seconds"] / GIGA) for result in results]
    print(f"roofs: {peak:.1f} GFLOP/s, {read:.1f} GB/s")
    for name, intensity, rate in points:
        print(f"{name}: {intensity:.1f} FLOP/byte, {rate:.1f} GFLOP/s")
    pyplot = load_pyplot()
    if not pyplot:
        return
    figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    low = min(intensity for _, intensity, _ in points) / 3
    high = max(max(intensity for _, intensity, _ in points), peak / read) * 3
    axes.plot([low, peak / read, high], [read * low, peak, peak], color="#333", label=f"{peak:.0f} GFLOP/s in registers, {read:.1f} GB/s of pages")
    axes.plot([intensity for _, intensity, _ in points], [rate for _, _, rate in points], "o", color="#36c")
    for name, intensity, rate in points:
        axes.annotate(name, (intensity, rate), textcoords="offset points", xytext=(6, -3), fontsize=7)
    axes.set(xscale="log", yscale="log", xlabel="FLOP per byte of the cache", ylabel="GFLOP/s", title=run["machine"].split(",")[0])
    axes.legend(loc="lower right")
    figure.savefig(sys.argv[2])
    print(f"picture: {sys.argv[2]}")


if __name__ == "__main__":
    main()
