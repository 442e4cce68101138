#===- progress.py - how far a run is --------------------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""What tools/common/Progress.h is for C++: one line on the terminal, which the next one
replaces; nothing if the errors of the program go elsewhere."""

import math
import sys
import time


class Progress:
    def __init__(self, total, units):
        self.total, self.units = total, units
        self.begin, self.drawn = time.monotonic(), -math.inf
        self.is_there = False

    def reach(self, done, what=""):
        """Sets how many units are done, parts of one included, and shows it a few times a
        second."""
        now = time.monotonic()
        if not sys.stderr.isatty() or now - self.drawn < 0.2:
            return
        left = ""
        if done > 0:
            seconds = (now - self.begin) / done * (self.total - done)
            left = f", {seconds:.0f} s left" if seconds < 120 else f", {seconds / 60:.0f} min left"
        print(f"\r\033[K{int(done)} of {self.total} {self.units}{left}{': ' * bool(what)}{what}",
              end="", file=sys.stderr, flush=True)
        self.drawn, self.is_there = now, True

    def clear(self):
        """Takes the line away, before something else is printed."""
        if self.is_there:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        self.is_there = False
