#!/usr/bin/env python3
#===- check_imports.py - what objects that stand alone import -------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""check_imports.py NM SOURCE_DIR OBJECT...: demands that objects import nothing but what
lib/Target/imports.def lists, and that docs/Runtime.md has the same list."""

import pathlib
import re
import subprocess
import sys

nm, root, objects = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
listed = set(re.findall(r"^FP8ATTN_IMPORT\((\w+)\)", (root / "lib/Target/imports.def").read_text(), re.M))
page = (root / "docs/Runtime.md").read_text()
sentence = re.search(r"the C library only:(.*?), at most", page, re.S).group(1)
described = set(re.findall(r"`(\w+)`", sentence))
errors = []
if described != listed:
    errors.append(f"docs/Runtime.md and imports.def differ by {sorted(described ^ listed)}")
for path in objects:
    run = subprocess.run([nm, "-u", "--format=just-symbols", path], check=True, capture_output=True, text=True)
    names = set(run.stdout.split())
    if names - listed or not names:
        errors.append(f"{path} imports {sorted(names - listed)}")
print(*errors, f"{len(objects)} objects, {len(errors)} failed", sep="\n")
sys.exit(bool(errors))
