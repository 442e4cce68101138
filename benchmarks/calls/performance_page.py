#!/usr/bin/env python3
#===- performance_page.py - docs/Performance.md from runs -----------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: performance_page.py RUN.json... > docs/Performance.md
#
# Writes the page of times from files that `fp8attn-bench-calls --json` wrote: for
# each run its machine, date, command and load, its picture, and a table. Medians, best times
# and fractions are those of the file, of steady samples only.
#
#===----------------------------------------------------------------------===//

import json
import pathlib
import sys

INTRODUCTION = """\
# Performance

`benchmarks/calls/performance_page.py benchmarks/calls/runs/*.json` wrote this page;
a test compares the two. The runs are of

```
fp8attn-bench-calls
```

which times whole calls: models ([models.json](../benchmarks/calls/models.json)) are
compiled, linked with kernels and runtime, and called as a host calls them, checks of
arguments included. Calls of `overhead` have next to nothing to compute: their time is
that of a call. Unless a call is `hot`, one after the other takes other pages of a cache,
and other tokens of a source, of at least twice the last-level cache.

Right before and right after each sample the same threads measure what limits it: the
slower of multiplications in registers (the instruction is named) and of a read of the
call's memory, page after page. A read that takes lines of four pages in turn is faster;
it is the last column. A sample is steady if its limit moved by 3 % at most; medians, best
times and fractions are of steady samples, and where there is none, there is only a best
time. Fractions compare within a sample, and so across machines; times do not.

Rates are GFLOP/s of visible scores and outputs, or GB/s of the cache (of the bf16 source
in `kv_write`). Threads are given with the cores that they have: more threads than cores
are hyper-threads. The load counts processes that wanted to run: where it is more than the
threads', the machine was shared, and times say what it was able to do then.

A run is of the tree at its date. Since those on the Zen 3, the kernels of `kv_write` and of
the verification of drafts have changed, the queries and results of prefill are fetched
ahead, and so are the first keys of short contexts.

The picture of a run, `fp8attn-bench-calls --from=RUN.json --svg=docs/images/RUN.svg`, is its
roofline: operations a second over operations for each byte of the cache, below what
multiplications and reads allow.
"""

HEADER = """\
| call | median | best | rate | steady | of the limit | limit | of four pages at once |
|---|---|---|---|---|---|---|---|
"""


def format_seconds(seconds):
    if seconds is None:
        return "-"
    if seconds < 1e-5:
        return f"{seconds * 1e9:.0f} ns"
    if seconds < 1e-2:
        return f"{seconds * 1e6:.1f} us"
    return f"{seconds * 1e3:.2f} ms"


def format_limit(result):
    """Returns the cells of rate, fraction, limit and four pages at once."""
    limit, seconds = result["limit"], result["median_seconds"]
    if limit["amount"] == 0:
        return "", "", "", ""
    if seconds is None:
        return "-", "-", limit["name"], ""
    unit = "GB/s" if limit["unit"] == "B" else "GFLOP/s"
    rate = limit["amount"] / seconds
    four = result["interleaved_bytes"] if limit["name"] == "page reads" else 0
    return (
        f"{rate / 1e9:.1f} {unit}",
        f"{result['fraction']:.2f}",
        limit["name"],
        f"{rate / four:.2f}" if four else "",
    )


def format_row(result):
    rate, fraction, limit, four = format_limit(result)
    samples = result["samples"]
    steady = sum(sample["steady"] for sample in samples)
    cells = [
        result["call"],
        format_seconds(result["median_seconds"]),
        format_seconds(result["best_seconds"]),
        rate,
        f"{steady}/{len(samples)}",
        fraction,
        limit,
        four,
    ]
    return "| " + " | ".join(cells) + " |\n"


def count(number, what):
    return f"{number} {what}" + ("" if number == 1 else "s")


def group_title(result):
    threads = f"{count(result['threads'], 'thread')} on {count(result['cores'], 'core')}"
    return f"{result['model']}, {result['format']}, {result['isa']}, {threads}"


def format_run(path):
    """Returns the section of a run: its picture, and a table for each model, cache, ISA
    and number of threads."""
    run = json.loads(pathlib.Path(path).read_text())
    groups = {}
    for result in run["results"]:
        groups.setdefault(group_title(result), []).append(result)
    text = f"\n## {run['machine']}\n\n{run['date']}, load {run['load_before']:.1f} before "
    text += f"and {run['load_after']:.1f} after:\n\n```\n{run['command']}\n```\n"
    text += f"\n![Roofline](images/{pathlib.Path(path).stem}.svg)\n"
    for title, results in groups.items():
        text += f"\n### {title}\n\n{HEADER}" + "".join(map(format_row, results))
    return text


def main():
    paths = sys.argv[1:]
    if not paths:
        sys.exit("usage: performance_page.py RUN.json...")
    print(INTRODUCTION + "".join(map(format_run, paths)), end="")


if __name__ == "__main__":
    main()
