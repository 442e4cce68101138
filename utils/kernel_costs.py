#===- kernel_costs.py - the table of kernels' costs -----------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Reads and writes runtime_kernels/costs.def, which explains its columns.
#
#===----------------------------------------------------------------------===//

import re

# Classes of CPUs, in the order of the columns.
CPUS = ("skylake", "zen3", "sapphirerapids", "graniterapids", "zen4", "zen5")
# The operations that the table has, and the ISAs, best last.
OPERATIONS = ("qk", "pv", "qk_blocks", "pv_blocks", "attend", "attend_blocks", "prefill", "prefill_mixed", "softmax")
ISAS = ("generic", "avx2", "avx512", "avx512_bf16", "amx_bf16")

NUMBER = r"\d+(?:\.\d+)?"
CELL = rf"none|(?:measured|derived)\({NUMBER}, {NUMBER}\)"
ROW = re.compile(
    rf"FP8ATTN_COSTS\((?P<op>\w+), (?P<cache>\w+), (?P<isa>\w+),"
    rf" (?P<granule>[1-9]\d*)"
    rf"(?P<cells>(?:, (?:{CELL})){{{len(CPUS)}}})\)"
)


def read_costs(path):
    """Yields (line number, row) of each line of the table: the match of ROW, or None if the
    line is no such row."""
    with open(path) as table:
        for number, line in enumerate(table, 1):
            if line.startswith("FP8ATTN_COSTS"):
                yield number, ROW.fullmatch(line.rstrip("\n"))


def cells_of(row):
    """Returns {CPU: cell} of a row."""
    return dict(zip(CPUS, re.findall(CELL, row["cells"])))


def figures_of(cell):
    """Returns (decodeCycles, rowCycles) of a cell that is not `none`."""
    decode, row = re.findall(NUMBER, cell)
    return float(decode), float(row)


def write_costs(path, cpu, figures):
    """Replaces cells of `cpu` by what was measured: {(op, cache, isa): (decodeCycles,
    rowCycles)}."""
    with open(path) as table:
        lines = table.read().split("\n")
    for number, row in read_costs(path):
        measured = row and figures.get((row["op"], row["cache"], row["isa"]))
        if not measured:
            continue
        cells = cells_of(row)
        cells[cpu] = "measured({:.3g}, {:.3g})".format(*measured)
        begin = lines[number - 1][: row.start("cells")]
        lines[number - 1] = begin + "".join(f", {cell}" for cell in cells.values()) + ")"
    with open(path, "w") as table:
        table.write("\n".join(lines))


def check_costs(path, kernels):
    """Returns what is wrong with the table beside `kernels`, the (op, cache, isa) of those
    that have costs."""
    errors, lines = [], {}
    for number, row in read_costs(path):
        if not row:
            errors.append(
                f"{path}:{number}: expects op, cache, isa, a granule, and for each of"
                f" {', '.join(CPUS)} none, measured(n, n) or derived(n, n)"
            )
            continue
        kernel = (row["op"], row["cache"], row["isa"])
        words = " ".join(kernel)
        if kernel not in kernels:
            errors.append(f"{path}:{number}: there is no kernel '{words}'")
        if kernel in lines:
            errors.append(f"{path}:{number}: '{words}' is on line {lines[kernel]} too")
        lines[kernel] = number
        for cpu, cell in cells_of(row).items():
            if (cell == "none") == has_isa(cpu, row["isa"]):
                errors.append(f"{path}:{number}: {cpu} and {row['isa']}: got '{cell}'")
    for kernel in sorted(kernels - lines.keys()):
        errors.append(f"{path}: no costs of '{' '.join(kernel)}'")
    return errors


def has_isa(cpu, isa):
    """Whether some CPUs of the class have the ISA."""
    best = {"skylake": "avx512", "zen3": "avx2", "zen4": "avx512_bf16"}
    best["zen5"] = best["zen4"]
    return ISAS.index(isa) <= ISAS.index(best.get(cpu, "amx_bf16"))
