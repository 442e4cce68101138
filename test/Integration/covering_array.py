#===- covering_array.py - rows with all pairs of values --------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Of any two columns of a covering array, each pair of values that may stand together
# is in some row. Rows are chosen greedily; the number makes them the same ones every
# time.
#
#===----------------------------------------------------------------------===//

import itertools
import random

MIX_SEED = 1


def cover(columns):
    """Returns rows that have all pairs of values of any two columns."""
    bits = random.Random(MIX_SEED)
    missing = {
        (left, right, x, y)
        for left, right in itertools.combinations(columns, 2)
        for x in columns[left]
        for y in columns[right]
    }

    def new_pairs(row):
        return [
            (left, right, row[left], row[right])
            for left, right in itertools.combinations(columns, 2)
            if (left, right, row[left], row[right]) in missing
        ]

    rows = []
    while missing:
        # A row around a pair that is missing, the best of some.
        left, right, x, y = min(missing, key=repr)
        candidates = []
        for _ in range(40):
            row = {name: bits.choice(values) for name, values in columns.items()}
            row[left], row[right] = x, y
            candidates.append(row)
        best = max(candidates, key=lambda row: len(new_pairs(row)))
        missing.difference_update(new_pairs(best))
        rows.append(best)
    return rows
