#!/usr/bin/env python3
#===- check_kernel_names.py - the table against the built library --------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: check_kernel_names.py COSTS_DEF LIBRARY NM TABLE_DEF...
#
# Checks that each row of the files of microkernels keeps the grammar of its
# columns, that no two rows have the same name, that each row has a function in
# the library, that the library defines no kernel without a row, and that the table of
# costs has a row for each kernel of attention and no other.
#
#===----------------------------------------------------------------------===//

import itertools
import re
import subprocess
import sys

from kernel_costs import OPERATIONS, check_costs

# What the columns of a row may hold, in order.
GRAMMAR = {
    "op": r"query|init|qk|qk_blocks|softmax|pv|pv_blocks|attend|attend_blocks|prefill|prefill_mixed|join|finish|merge|store_key"
    r"|store_value|quantize|dequantize",
    "in": r"bf16|f16|f32|e4m3|e5m2",
    "cache": r"e4m3|e5m2|i8|e2m1|i4|nvfp4|bf16|f16|f32",
    "acc": r"f32",
    "M": r"[1-9]\d*",
    "N": r"[1-9]\d*",
    "K": r"[1-9]\d*",
    "isa": r"generic|avx2|avx512|avx512_bf16|amx_bf16",
    "layout": r"pairs|any",
    "exponent": r"0|[1-9]\d*",
}

# Functions of the library that are not kernels: who configures tiles must also
# release them, whatever kernels run in between.
NOT_KERNELS = {
    "fp8attn_uk_tile_begin_amx_bf16",
    "fp8attn_uk_tile_end_amx_bf16",
}


def read_rows(path):
    """Yields ("file:line", columns) of each row."""
    with open(path) as table:
        for number, line in enumerate(table, 1):
            match = re.match(r"FP8ATTN_KERNEL\((.*)\)\s*$", line)
            if match:
                yield f"{path}:{number}", [field.strip() for field in match[1].split(",")]
            elif line.startswith("FP8ATTN_KERNEL"):
                yield f"{path}:{number}", []


def check_row(columns):
    """Returns what is wrong with a row, or None."""
    if len(columns) != len(GRAMMAR):
        return f"expects {len(GRAMMAR)} columns on one line, got {len(columns)}"
    for (name, pattern), value in zip(GRAMMAR.items(), columns):
        if not re.fullmatch(pattern, value):
            return f"expects {name} to match {pattern}, got '{value}'"
    return None


def kernel_name(columns):
    op, source, cache, acc, m, n, k, isa = columns[:8]
    return f"fp8attn_uk_{op}_{source}_{cache}_{acc}_{m}x{n}x{k}_{isa}"


def defined_kernels(library, nm):
    """Returns the kernels that the library defines, without NOT_KERNELS."""
    listing = subprocess.run(
        [nm, "--defined-only", library], check=True, capture_output=True, text=True
    ).stdout
    symbols = re.findall(r" T (fp8attn_uk_\w+)$", listing, re.MULTILINE)
    return set(symbols) - NOT_KERNELS


def main():
    costs, library, nm, *tables = sys.argv[1:]
    errors = []
    places = {}
    costed = set()
    for place, columns in itertools.chain.from_iterable(map(read_rows, tables)):
        error = check_row(columns)
        if error:
            errors.append(f"{place}: {error}")
            continue
        name = kernel_name(columns)
        if name in places:
            errors.append(f"{place}: '{name}' is at {places[name]} too")
        places[name] = place
        if columns[0] in OPERATIONS:
            costed.add((columns[0], columns[2], columns[7]))

    defined = defined_kernels(library, nm)
    for name in sorted(places.keys() - defined):
        errors.append(f"{places[name]}: no function '{name}' in {library}")
    for name in sorted(defined - places.keys()):
        errors.append(f"{library}: '{name}' has no row in {', '.join(tables)}")
    errors += check_costs(costs, costed)
    for error in errors:
        print(error, file=sys.stderr)
    print(f"{len(places)} kernels in the table, {len(defined)} in the library")
    return 1 if errors or not places else 0


if __name__ == "__main__":
    sys.exit(main())
