#!/usr/bin/env python3
#===- report_tile_loops.py - what is in the hot loops of AMX kernels -----===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: report_tile_loops.py OBJECT_OR_LIBRARY [FUNCTIONS [LOOP]]
#
# Prints a line for each innermost loop with products of tiles in the functions
# whose names begin with the regular expression FUNCTIONS: how many products,
# loads (of them TILELOADDT1) and stores of tiles it has, instructions on vectors
# and other ones, and what should not be there. Loops without products in it do
# not count. With LOOP, prints the instructions of the loop of that number, from 1
# on, for llvm-mca. Fails, and says which, if a loop
# has a vector on the stack, loads more constants than one or calls something, and
# if there is no loop. Needs llvm-objdump or llvm-objdump-22 in PATH.
#
#===----------------------------------------------------------------------===//

import re
import shutil
import subprocess
import sys

# The loops beside whose tiles vectors work. Those of qk and pv call on purpose.
STREAMS = r"attendUnits|streamColumns|streamValues|streamPair|streamLatentValues"

COLUMNS = ["products", "loads", "T1", "stores", "vectors", "others", "stack", "vector stack", "constants", "calls"]


def table_line(cells, function):
    return "".join(f"{cell:>{max(len(column), 4) + 2}}" for column, cell in zip(COLUMNS, cells)) + "  " + function


class Instruction:
    def __init__(self, address, text):
        self.address = address
        self.name, _, self.operands = text.partition("\t")
        target = re.match(r"0x([0-9a-f]+)", self.operands)
        self.target = int(target[1], 16) if target and self.name[0] == "j" else None

    def is_vector(self):
        return bool(re.search(r"%[xyz]mm|%k[0-7]", self.operands))

    def is_on_stack(self, frame):
        return bool(re.search(r"\(%(rsp|rbp)" if frame else r"\(%rsp", self.operands))


def functions_of(path, wanted):
    """Returns (name, instructions) of the functions."""
    objdump = shutil.which("llvm-objdump") or "llvm-objdump-22"
    text = subprocess.run([objdump, "-d", "-C", "--no-show-raw-insn", path], check=True, capture_output=True, text=True).stdout
    found, current = [], None
    for line in text.splitlines():
        if start := re.match(r"[0-9a-f]+ <(.*)>:$", line):
            name = re.sub(r"^(void|bool|auto) |fp8attn::amx::|\(.*", "", start[1]).replace("> >", ">>")
            current = [] if re.match(wanted, name) and "fp8attn::amx::" in start[1] else None
            if current is not None:
                found.append((name, current))
        elif current is not None and (code := re.match(r" *([0-9a-f]+):\s+(\S.*)$", line)):
            current.append(Instruction(int(code[1], 16), code[2].split(" #")[0].strip()))
    return found


def blocks_of(code):
    """Returns ranges of instructions without jumps among them, and where each
    may go on."""
    index = {instruction.address: i for i, instruction in enumerate(code)}
    leaders = {0}
    for i, instruction in enumerate(code):
        if instruction.name[0] == "j" or instruction.name.startswith("ret"):
            leaders.add(i + 1)
        if instruction.target in index:
            leaders.add(index[instruction.target])
    starts = sorted(leaders - {len(code)})
    ends = starts[1:] + [len(code)]
    number = {start: block for block, start in enumerate(starts)}
    successors = []
    for end in ends:
        last, to = code[end - 1], []
        if last.target in index:
            to.append(number[index[last.target]])
        if last.name != "jmp" and not last.name.startswith("ret") and end in number:
            to.append(number[end])
        successors.append(to)
    return list(zip(starts, ends)), successors


def loops_of(successors):
    """Returns the sets of blocks of the loops."""
    # Nothing jumps to what pads code.
    predecessors, todo = {0: []}, [0]
    while todo:
        block = todo.pop()
        for to in successors[block]:
            if to not in predecessors:
                predecessors[to] = []
                todo.append(to)
            predecessors[to].append(block)
    dominators = {block: set(predecessors) for block in predecessors}
    dominators[0] = {0}
    changed = True
    while changed:
        changed = False
        for block in set(predecessors) - {0}:
            now = {block} | set.intersection(*(dominators[p] for p in predecessors[block]))
            if now != dominators[block]:
                dominators[block], changed = now, True
    loops = {}
    for block in predecessors:
        for head in successors[block]:
            if head in dominators[block]:
                body, todo = loops.setdefault(head, {head}), [block]
                while todo:
                    inside = todo.pop()
                    if inside not in body:
                        body.add(inside)
                        todo += predecessors[inside]
    return list(loops.values())


def count(instructions, frame):
    named = lambda *names: sum(i.name in names for i in instructions)
    vectors = [i for i in instructions if i.is_vector()]
    stack = [i for i in instructions if i.is_on_stack(frame)]
    tiles = [i for i in instructions if "%tmm" in i.operands]
    return {
        "products": named("tdpbf16ps"),
        "loads": named("tileloadd", "tileloaddt1"),
        "T1": named("tileloaddt1"),
        "stores": named("tilestored"),
        "vectors": len(vectors),
        "others": len(instructions) - len(vectors) - len(tiles),
        "stack": len(stack),
        "vector stack": sum(i.is_vector() for i in stack),
        "constants": sum("(%rip)" in i.operands for i in vectors),
        "calls": sum(i.name.startswith("call") for i in instructions),
    }


def main():
    path, wanted, printed = (sys.argv[1:] + [STREAMS, None][len(sys.argv) - 2 :])[:3]
    if not printed:
        print(table_line(COLUMNS, "loop of"))
    loops, bad = 0, 0
    for name, code in functions_of(path, wanted):
        frame = any(i.name == "movq" and i.operands == "%rsp, %rbp" for i in code)
        blocks, successors = blocks_of(code)
        instructions = lambda body: [i for b in sorted(body) for i in code[slice(*blocks[b])]]
        all_loops = loops_of(successors)
        multiplying = [body for body in all_loops if count(instructions(body), frame)["products"]]
        for body in multiplying:
            if any(other < body for other in multiplying):
                continue
            # What is done between products now and then is a loop, too.
            rare = set().union(*(other for other in all_loops if other < body))
            figures = count(instructions(body - rare), frame)
            loops += 1
            if printed:
                if loops == int(printed):
                    # Jumps and padding take no unit that is scarce.
                    for i in instructions(body - rare):
                        if i.name[0] != "j" and not i.name.startswith("nop"):
                            print(i.name + "\t" + re.sub(" <.*", "", i.operands))
                continue
            wrong = figures["vector stack"] or figures["constants"] > 1 or figures["calls"]
            bad += bool(wrong)
            print(table_line(figures.values(), name + (" <- not inlined, or spilled" if wrong else "")))
    if not loops:
        sys.exit(f"error: no loop with products of tiles in functions {wanted} of {path}")
    if bad:
        sys.exit(f"error: {bad} loops have vectors on the stack, constants or calls")


if __name__ == "__main__":
    main()
