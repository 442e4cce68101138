#!/usr/bin/env python3
#===- sum_up_results.py - counts the cases of all test programs -----------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: sum_up_results.py DIRECTORY
#
# DIRECTORY holds ctest.xml, with one case a program, and PROGRAM.xml, with the
# cases of a GoogleTest program or of lit. All are JUnit files. A program counts
# by its own cases; one without a file of its own counts as one case, and so
# does one that failed although none of its cases did (it crashed). Prints what
# failed, what was skipped by reason, and the totals as the last line. The exit
# code is 1 if something failed or nothing ran.
#
#===----------------------------------------------------------------------===//

import collections
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

Case = collections.namedtuple("Case", "name outcome reason")


def read_cases(path):
    """Returns the cases of a JUnit file."""
    cases = []
    for element in ElementTree.parse(path).iter("testcase"):
        name = element.get("classname", "") + "." + element.get("name", "")
        failure = element.find("failure")
        if failure is None:
            failure = element.find("error")
        skipped = element.find("skipped")
        if failure is not None or element.get("status") == "fail":
            cases.append(Case(name, "failed", ""))
        elif skipped is not None:
            # GoogleTest puts the place in front of the text, on its own line.
            reason = skipped.get("message", "").strip().split("\n")[-1]
            cases.append(Case(name, "skipped", reason))
        elif element.get("status") in ("notrun", "disabled"):
            cases.append(Case(name, "skipped", "disabled"))
        else:
            cases.append(Case(name, "passed", ""))
    return cases


def read_program(directory, program):
    """Returns the cases of one ctest case, from the program's file if any."""
    path = directory / (program.name.split(".")[-1] + ".xml")
    cases = read_cases(path) if path.exists() else []
    if not cases:
        return [program]
    if program.outcome == "failed" and not any(
        case.outcome == "failed" for case in cases
    ):
        cases.append(program)
    return cases


def main():
    directory = pathlib.Path(sys.argv[1])
    cases = []
    for program in read_cases(directory / "ctest.xml"):
        cases += read_program(directory, program)

    reasons = collections.Counter()
    totals = collections.Counter()
    for case in cases:
        totals[case.outcome] += 1
        if case.outcome == "failed":
            print(f"failed: {case.name}")
        elif case.outcome == "skipped":
            reasons[case.reason] += 1
    for reason, count in sorted(reasons.items()):
        print(f"skipped {count}: {reason}")
    print(
        f"{totals['passed']} passed, {totals['failed']} failed, "
        f"{totals['skipped']} skipped"
    )
    return 1 if totals["failed"] or not totals["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
