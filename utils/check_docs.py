#!/usr/bin/env python3
#===- check_docs.py - definitions and documents against the code ----------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Checks what the definitions and some pages of docs say against the code.

  check_docs.py descriptions --tblgen=... --include=DIR... FILE.td...
      every operation, type, attribute and pass has a summary and a description
  check_docs.py examples --tblgen=... --include=DIR... --opt=fp8attn-opt FILE.td...
      every operation, type, attribute and pass has an ```mlir example, and every
      example with a function parses and verifies; an operation or type that has
      none must be in the example of another
  check_docs.py tags SOURCE_DIR
      every constraint of docs/Spec.md has a check that carries its tag and a
      test in *-invalid.mlir, and there is no other tag; it says that it is
      static, or names a check of lowering_abi.h that calls make, and then has a
      test in test/Integration, or says why none is needed
  check_docs.py errors SOURCE_DIR
      every text of the runtime, and every diagnostic of passes, target,
      embedding, compilation, C API, tools and benchmarks, has a row in docs/Errors.md, and every row has such a text, its
      status, and a test that exists and looks for the text
  check_docs.py sentences SOURCE_DIR
      every sentence of the table in docs/Testing.md stands where it says, and
      every test that would falsify it exists
  check_docs.py passes --compile=fp8attn-compile --opt=fp8attn-opt SOURCE_DIR
      docs/Passes.md has the passes of the pipeline, in its order, and its options

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
    definitions = list(read_definitions(args))
    texts = [match.group(2) for _, _, record in definitions for match in EXAMPLE.finditer(record.get("description") or "")]
    for kind, name, record in definitions:
        mnemonic = record.get("opName") or record.get("mnemonic")
        word = re.compile(rf"\bfp8attn\.{re.escape(mnemonic)}(?![\w.])") if mnemonic else None
        has_own = EXAMPLE.search(record.get("description") or "")
        if not has_own and not (word and any(word.search(text) for text in texts)):
            errors.append(f"{kind} {name} is in no example")
        for match in EXAMPLE.finditer(record.get("description") or ""):
            text = textwrap.dedent(match.group(2))
            if "func.func" not in text and "module" not in text:
                continue
            count += 1
            # Importers take what other dialects have.
            foreign = ["--allow-unregistered-dialect"] if name.startswith("Import") else []
            run = subprocess.run([args.opt, "-"] + foreign, input=text, capture_output=True, text=True)
            if run.returncode != 0:
                errors.append(f"example of {kind} {name}:\n{run.stderr}")
    return count, errors


def find_tags(paths, pattern=TAG):
    return {tag: path for path in sorted(paths) for tag in pattern.findall(path.read_text())}


def check_when_called(root):
    """Checks the column of docs/Spec.md that says what a call can violate."""
    declared = set(re.findall(r"\b(fp8attn_check_\w+)\(", (root / "include/fp8attn/Runtime/lowering_abi.h").read_text()))
    tests = "".join(path.read_text() for path in (root / "test/Integration").glob("*.cpp"))
    tested = set(TAG.findall(tests))
    errors = []
    rows = [line.strip("|").split("|") for line in (root / "docs/Spec.md").read_text().splitlines()]
    for tag, cell in [(row[0].strip(), row[-1].strip()) for row in rows if TAG.fullmatch(row[0].strip())]:
        checks = re.findall(r"`([^`]*)`", cell)
        if cell == "static" or cell.startswith("none: "):
            continue
        if not re.fullmatch(r"`[^`]*`(, `[^`]*`)*", cell):
            errors.append(f"{tag} says neither static, nor checks, nor none: why, but {cell}")
        errors += [f"{tag} names {check}, which lowering_abi.h has not" for check in checks if check not in declared]
        if tag not in tested:
            errors.append(f"{tag} has no test in test/Integration")
    return errors


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
    return len(tags), errors + check_when_called(root)


# What the code fills in, in a text.
GAP = "\0"
STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
CONVERSION = re.compile(r"%[-+ #0]*[0-9]*(?:\.[0-9]+)?(?:ll|l|z)?[a-zA-Z]")
RUNTIME_CALL = re.compile(r"\b(?:fail|explain|snprintf)\(")
DIAGNOSTIC_CALL = re.compile(r"\b(?:emitError|emitOpError|createStringError|reportError)\(")
GTEST = re.compile(r"\bTEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\s*\)")


def read_statement(text, start):
    """Returns the code from `start` to the end of its statement."""
    depth, end = 0, start
    while depth >= 0 and (depth > 0 or text[end] != ";"):
        literal = STRING.match(text, end)
        if literal:
            end = literal.end()
        else:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
    return text[start:end]


def unescape(text):
    return text.replace('\\"', '"')


def runtime_text(statement):
    """Returns the format of a call, a gap for each conversion, and its status."""
    status = re.search(r"\bFP8ATTN_([A-Z_]+)\s*,", statement)
    begin = STRING.search(statement)
    if not begin:
        return "", None
    # Literals side by side, and macros that are literals, are one.
    whole = re.match(r'(?:\s*(?:"(?:[^"\\]|\\.)*"|PRI\w+))+', statement[begin.start() :]).group(0)
    whole = re.sub(r"%\"\s*PRI\w+\s*\"?", GAP, whole)
    text = CONVERSION.sub(GAP, "".join(re.split(r'"\s*"|^\s*"|"\s*$', whole)))
    return unescape(text.replace('"', "")), status and status.group(1)


def diagnostic_text(statement):
    """Returns the literals of a statement, a gap for what is between them."""
    text, end = "", None
    for literal in STRING.finditer(statement):
        between = re.sub(r"[\s+<]", "", statement[end : literal.start()]) if end else ""
        text += (GAP if between else "") + literal.group(1)
        end = literal.end()
    if end and re.search(r"\w", statement[end:]):
        text += GAP
    # The separator of a list that is streamed last.
    return unescape(re.sub(GAP + ", $", GAP, text))


def read_texts(root):
    """Returns {text: (place, status)} of all refusals."""
    texts = {}
    places = [(root / "lib/Runtime", RUNTIME_CALL)]
    # Verifiers have tags instead; the reference compares numbers.
    folders = ("CAPI", "Compilation", "Conversion", "Embedding", "Pipelines", "Target", "Transforms")
    places += [(root / "lib" / name, DIAGNOSTIC_CALL) for name in folders]
    places += [(root / name, DIAGNOSTIC_CALL) for name in ("tools", "benchmarks")]
    for folder, call in places:
        for path in sorted(folder.rglob("*.cpp")):
            code = re.sub(r"//.*", "", path.read_text())
            for match in call.finditer(code):
                statement = read_statement(code, match.start())
                text, status = (
                    runtime_text(statement)
                    if call is RUNTIME_CALL
                    else (diagnostic_text(statement), None)
                )
                # What only hands on the text of another has none of its own.
                if re.search(r"[A-Za-z]{3}", text):
                    texts[text] = (path.relative_to(root), status)
    return texts


def read_rows(page):
    """Yields (status or None, text, test) of the rows of tables."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if not line.startswith("| ") or len(cells) < 2 or cells[-1] == "test":
            continue
        status = re.fullmatch(r"`([A-Z_]+)`", cells[0])
        text = cells[1] if status else cells[0]
        if text.startswith("`"):
            yield status and status.group(1), text.strip("`"), cells[-1].strip("` |")


def find_test(root, name):
    """Returns the text of the file with a test, its literals joined, or None."""
    if "/" in name:
        path = root / "test" / name
        return path.read_text() if path.exists() else None
    for path in [*(root / "unittests").rglob("*.cpp"), *(root / "test/Integration").rglob("*.cpp"),
                 *(root / "runtime_kernels/test").glob("*.cpp")]:
        text = path.read_text()
        if any(".".join(groups) == name for groups in GTEST.findall(text)):
            return unescape(re.sub(r'"\s*"', "", text))
    return None


def check_errors(args):
    root = pathlib.Path(args.source_dir)
    texts = read_texts(root)
    rows = list(read_rows((root / "docs/Errors.md").read_text()))
    errors, described = [], set()
    for status, row, test in rows:
        matching = [
            text
            for text in texts
            if re.fullmatch(".*".join(map(re.escape, text.split(GAP))), row) and texts[text][1] == status
        ]
        if not matching:
            errors.append(f"no code says {status or ''} `{row}`")
            continue
        # The longest is the most particular one: others have gaps there.
        text = max(matching, key=lambda text: len(text.replace(GAP, "")))
        described.add(text)
        if test.startswith("none: "):
            continue
        content = find_test(root, test)
        pieces = [piece for piece in text.split(GAP) if re.search(r"[a-z]{2}", piece)]
        if content is None:
            errors.append(f"there is no test {test}, of `{row}`")
        elif not all(piece.strip() in content for piece in pieces):
            errors.append(f"{test} does not look for `{row}`")
    for text in sorted(set(texts) - described):
        errors.append(f"docs/Errors.md has no row for `{text.replace(GAP, '...')}` of {texts[text][0]}")
    return len(rows), errors


def plain(text):
    """Returns text of Markdown without emphasis, links and line ends."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"\s+", " ", text.replace("*", "").replace("`", ""))


def check_sentences(args):
    root = pathlib.Path(args.source_dir)
    table = (root / "docs/Testing.md").read_text().split("| where | sentence |")[1].split("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    errors = []
    for page, sentence, tests in rows:
        link = re.search(r"\(([^)]*)\)", page).group(1)
        if plain(sentence) not in plain((root / "docs" / link).resolve().read_text()):
            errors.append(f"{link} does not say: {sentence}")
        names = re.findall(r"`([^`]+)`", tests)
        missing = [name for name in names if find_test(root, name) is None]
        errors += [f"there is no test {name}, of: {sentence}" for name in missing]
        if not names:
            errors.append(f"no test would falsify: {sentence}")
    return len(rows), errors


def check_passes(args):
    page = (pathlib.Path(args.source_dir) / "docs/Passes.md").read_text()
    table = page.split("| pass | job |")[1].split("\n\n")[0]
    first_cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    described = re.findall(r"`([\w-]+)`", " ".join(first_cells))
    # Debug information is the pass that only an option asks for.
    command = [args.compile, "-g", "--stop-after=none", "-o", "-", "-"]
    run = subprocess.run(command, input="", capture_output=True, text=True)
    passes = run.stderr.split("expects one of:")[-1].split()
    passes = [name.strip(",") for name in passes]
    errors = [] if described == passes else [f"docs/Passes.md has {described}, the pipeline {passes}"]

    table = page.split("| option | default |")[1].split("\n\n")[0]
    described = sorted(re.findall(r"^\| `([\w-]+)`", table, re.M))
    text = subprocess.run([args.opt, "--help"], check=True, capture_output=True, text=True).stdout
    section = re.search(r"^ {6}--fp8attn-to-llvm .*\n((?: {8}--.*\n)+)", text, re.M).group(1)
    options = sorted(re.findall(r"^ {8}--([\w-]+)", section, re.M))
    if described != options:
        errors.append(f"docs/Passes.md has the options {described}, the pipeline {options}")
    return len(passes) + len(options), errors


def check_recipes(args):
    page, folder = pathlib.Path(args.page).read_text(), pathlib.Path(args.folder)
    folder.mkdir(parents=True, exist_ok=True)
    blocks = re.findall(r"^```(mlir|c|python|sh|text)\n(.*?)^```", page, re.M | re.S)
    for language, text in blocks:
        if name := re.match(r"(?://|#) ([\w-]+\.(?:mlir|c|h|py))\n", text):
            (folder / name.group(1)).write_text(text)
    count, errors, printed = 0, [], ""
    for language, text in blocks:
        if language == "text":
            count += 1
            if text != printed:
                errors.append(f"{args.page} says\n{text}but it printed\n{printed}")
        if language != "sh":
            continue
        count += 1
        run = subprocess.run(["sh", "-euc", text], cwd=folder, capture_output=True, text=True)
        printed = run.stdout
        if run.returncode != 0:
            errors.append(f"{args.page}:\n{text}{run.stdout}{run.stderr}")
    return count, errors


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
    for name in ("tags", "errors", "sentences"):
        commands.add_parser(name).add_argument("source_dir")
    command = commands.add_parser("recipes")
    command.add_argument("--folder", required=True)
    command.add_argument("page")
    command = commands.add_parser("passes")
    command.add_argument("--compile", required=True)
    command.add_argument("--opt", required=True)
    command.add_argument("source_dir")
    args = parser.parse_args()
    check = {
        "descriptions": check_descriptions,
        "examples": check_examples,
        "tags": check_tags,
        "errors": check_errors,
        "sentences": check_sentences,
        "recipes": check_recipes,
        "passes": check_passes,
    }
    count, errors = check[args.command](args)
    for error in errors:
        print(f"error: {error}")
    print(f"{args.command}: {count} checked, {len(errors)} wrong")
    # Nothing to check means that the files were not understood.
    return 1 if errors or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
