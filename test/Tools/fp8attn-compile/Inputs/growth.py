#===- growth.py - how LLVM IR grows with the operations ---------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Prints how many lines each file of LLVM IR has more than the file before, in all and in
the body for generic CPUs."""

import re
import sys


def count(path):
    text = open(path).read()
    body = re.search(r"^define internal [^\n]*@layers\.generic\(.*?^}", text, re.M | re.S)
    return text.count("\n"), body.group(0).count("\n")


counts = [count(path) for path in sys.argv[1:]]
for (lines_before, body_before), (lines, body) in zip(counts, counts[1:]):
    print("more lines", lines - lines_before, "of which in a body", body - body_before)
