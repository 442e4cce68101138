#!/usr/bin/env python3
#===- check_style.py - what a machine can check of CONTRIBUTING.md --------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: check_style.py ROOT CLANG_FORMAT
#
# Checks the source files below ROOT that git tracks or would track: the opening
# lines, include guards, length, white space at line ends, markers of unfinished
# work, and the format of C and C++.
#
#===----------------------------------------------------------------------===//

import pathlib
import re
import subprocess
import sys

SPDX = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
C_LIKE = {".c", ".cpp", ".h"}
WITH_HEADER = C_LIKE | {".td", ".def", ".py", ".sh"}
TEXT = WITH_HEADER | {".md", ".mlir", ".txt", ".cmake", ".in", ".json"}

# Lines after which a file should have been split by duty.
MOST_LINES = 500


def list_files(root):
    """Returns the files that git tracks or would track, relative to root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(
        command, cwd=root, check=True, capture_output=True, text=True
    ).stdout
    paths = sorted({pathlib.Path(line) for line in listing.splitlines()})
    return [path for path in paths if (root / path).is_file()]


def include_guard(path):
    """Returns the guard of a header: FP8ATTN_ and its path as it is included."""
    parts = [re.sub(r"\W", "_", part).upper() for part in path.parts]
    for root in (["INCLUDE"], ["RUNTIME_KERNELS"]):
        if parts[: len(root)] == root:
            parts = parts[len(root) :]
    return "_".join(parts if parts[0] in ("FP8ATTN", "FP8ATTN_C") else ["FP8ATTN"] + parts)


def check_opening(path, lines):
    """Yields what is wrong with the first lines of a source file."""
    if lines and lines[0].startswith("#!"):
        lines = lines[1:]
    comment = "#" if path.suffix in {".py", ".sh"} else "//"
    opening = f"{comment}===- {path.name} - "
    if not lines or not lines[0].startswith(opening):
        yield f"expects the first line to begin with '{opening}'"
    elif path.suffix in C_LIKE and not lines[0].endswith("=//"):
        # clang-format wraps a longer one, and leaves half a ruler.
        yield "expects a title that fits the first line, up to '=//'"
    if SPDX not in "".join(lines[:4]):
        yield f"expects '{SPDX}' in the first lines"


def check_text(path, text):
    """Yields what is wrong with a file's text."""
    lines = text.splitlines()
    if path.suffix in WITH_HEADER:
        yield from check_opening(path, lines)
        if len(lines) > MOST_LINES:
            yield f"expects at most {MOST_LINES} lines, got {len(lines)}"
    if path.suffix == ".h" and path.parts[0] == "include":
        guard = include_guard(path)
        if f"#ifndef {guard}\n#define {guard}\n" not in text:
            yield f"expects the include guard {guard}"
    if path.suffix == ".h" and re.search(r"^using namespace", text, re.MULTILINE):
        yield "expects no 'using namespace' in a header"
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield f"line {number} ends in white space"
        if path.name != "check_style.py" and re.search(r"\b(TODO|FIXME|XXX)\b", line):
            yield f"line {number} marks unfinished work"
    if not text.endswith("\n"):
        yield "expects a line end at the end"


def check_format(root, paths, clang_format):
    """Returns what clang-format would change, as it reports it."""
    if not paths:
        return ""
    command = [clang_format, "--dry-run", "--Werror", "--ferror-limit=1"]
    result = subprocess.run(
        command + [str(path) for path in paths],
        cwd=root,
        capture_output=True,
        text=True,
    )
    return result.stderr if result.returncode else ""


def main():
    root, clang_format = pathlib.Path(sys.argv[1]), sys.argv[2]
    paths = [
        path
        for path in list_files(root)
        if path.suffix in TEXT or path.name == "CMakeLists.txt"
    ]
    errors = []
    for path in paths:
        text = (root / path).read_text(encoding="utf-8")
        errors += [f"{path}: {error}" for error in check_text(path, text)]
    sources = [path for path in paths if path.suffix in C_LIKE]
    report = check_format(root, sources, clang_format)
    for error in errors + [report] * bool(report):
        print(error, file=sys.stderr)
    print(f"{len(paths)} files checked")
    return 1 if errors or report or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
