#!/usr/bin/env python3
#===- build.py - builds, and says how long it takes still -----------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Usage: build.py [--target NAME...]

Builds the targets, or all, of the preset `release`. On a terminal, one line says how
many steps are done and how long the others will take if they take as long each; else
each step is a line. What compilers print is shown in both.
"""

import os
import re
import subprocess
import sys

from progress import Progress


def main():
    command = ["cmake", "--build", "--preset", "release", *sys.argv[1:]]
    if not sys.stderr.isatty():
        os.execvp(command[0], command)
    # Ninja of Debian 12 knows no time that is left.
    build = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace",
                             env={**os.environ, "NINJA_STATUS": "@%f %t "})
    progress = Progress(0, "steps")
    for line in build.stdout:
        step = re.match(r"@(\d+) (\d+) (.*)", line)
        if step:
            # Ninja drops steps that it finds need not be done.
            progress.total = int(step[2])
            progress.reach(int(step[1]), step[3][:50])
        else:
            progress.clear()
            print(line, end="", flush=True)
    progress.clear()
    sys.exit(build.wait())


main()
