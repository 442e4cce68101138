#!/usr/bin/env python3
#===- check_docs.py - definitions and docs/Spec.md against the code -------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Checks what the definitions and docs/Spec.md say against the code.

  check_docs.py descriptions --tblgen=... --include=DIR... FILE.td...
      every operation, type, attribute and pass has a summary and a description
  check_docs.py examples --tblgen=... --include=DIR... --opt=fp8attn-opt FILE.td...
      every ```mlir example with a function parses and verifies
  check_docs.py tags SOURCE_DIR
      every constraint of docs/Spec.md has a check that carries its tag and a
      test in *-invalid.mlir, and there is no other tag

Ends with the number of things checked; fails on the first kind of offence.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import textwrap

KINDS = {"Op": "operation", "TypeDef": "type", "AttrDef": "attribute", "PassBase": "pass"}
TAG = re.compile(r"\b[a-z][a-z_]*_c[0-9]+\b")
EXAMPLE = re.compile(r"^( *)```mlir\n(.*?)^ *```", re.M | re.S)


def read_definitions(args):
    """Yields (kind, name, record) of all definitions of this project."""
    for file in args.files:
        command = [args.tblgen, "-dump-json", file] + ["-I" + d for d in args.include]
        records = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        for base, kind in KINDS.items():
            for name in records["!instanceof"].get(base, []):
                record = records[name]
                dialect = record.get("opDialect") or record.get("dialect")
                if base == "PassBase" or dialect["def"] == "Fp8Attn_Dialect":
                    yield kind, name, record


def check_descriptions(args):
    count, errors = 0, []
    for kind, name, record in read_definitions(args):
        count += 1
        for field in ("summary", "description"):
            if not (record.get(field) or "").strip():
                errors.append(f"{kind} {name} has no {field}")
    return count, errors


def check_examples(args):
    count, errors = 0, []
    for kind, name, record in read_definitions(args):
        for match in EXAMPLE.finditer(record.get("description") or ""):
            text = textwrap.dedent(match.group(2))
            if "func.func" not in text and "module" not in text:
                continue
            count += 1
            run = subprocess.run([args.opt, "-"], input=text, capture_output=True, text=True)
            if run.returncode != 0:
                errors.append(f"example of {kind} {name}:\n{run.stderr}")
    return count, errors


def find_tags(paths, pattern=TAG):
    return {tag: path for path in sorted(paths) for tag in pattern.findall(path.read_text())}


def check_tags(args):
    root = pathlib.Path(args.source_dir)
    # A check carries its tag in a comment; code has names like it.
    comment = re.compile(r"//.*?\b([a-z][a-z_]*_c[0-9]+)\b")
    sources = list((root / "lib/Dialect").rglob("*.cpp")) + list((root / "include/fp8attn/Dialect").rglob("*.td"))
    places = {
        "docs/Spec.md": find_tags([root / "docs/Spec.md"]),
        "a check": find_tags(sources, comment),
        "a test": find_tags((root / "test/Dialect").rglob("*-invalid.mlir"), comment),
    }
    tags = sorted(set().union(*places.values()))
    errors = [
        f"{tag} is not in {place}" for tag in tags for place, found in places.items() if tag not in found
    ]
    return len(tags), errors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("descriptions", "examples"):
        command = commands.add_parser(name)
        command.add_argument("--tblgen", required=True)
        command.add_argument("--include", action="append", default=[])
        command.add_argument("files", nargs="+")
        if name == "examples":
            command.add_argument("--opt", required=True)
    commands.add_parser("tags").add_argument("source_dir")
    args = parser.parse_args()
    check = {"descriptions": check_descriptions, "examples": check_examples, "tags": check_tags}
    count, errors = check[args.command](args)
    for error in errors:
        print(f"error: {error}")
    print(f"{args.command}: {count} checked, {len(errors)} wrong")
    # Nothing to check means that the files were not understood.
    return 1 if errors or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
