#!/usr/bin/env python3
"""Sums up `llvm-cov show --show-branches=count`: coverage.py [--missing] FOLDER <SHOWN

Prints a row of figures for each file and for all of them; with --missing also each line that was not
reached and each branch that went one way only.
"""

import re
import sys

HEADER = re.compile(r"^([^ |]+):$")
# Those of an instantiation stand under what all of them are together, and are right where it is not.
LINE = re.compile(r"^(?:  \|)* *(\d+)\| *([^| ]*)\|(.*)$")
BRANCH = re.compile(r"Branch \((\d+):(\d+)\): \[True: ([^,]+), False: ([^\]]+)\]")
# Bazel has the headers in bazel-out/*/bin/alloc/_virtual_includes/LIBRARY/weir/alloc/.
VIRTUAL = re.compile(r".*/bin/(\w+)/_virtual_includes/[^/]*/weir/(?:\1/)?")


class File:
    def __init__(self):
        self.lines = {}  # number -> whether it was reached
        self.branches = {}  # (line, column) -> whether it was true, and false, in any instantiation
        self.text = {}

    def figures(self):
        ways = [way for both in self.branches.values() for way in both]
        return [sum(self.lines.values()), len(self.lines), sum(ways), len(ways)]

    def missing(self):
        """(line, what is wrong with it), in order."""
        found = [(number, 0, "not reached") for number, hit in self.lines.items() if not hit]
        for (number, column), (true, false) in self.branches.items():
            if not (true and false) and self.lines.get(number, True):
                never = "true" if false else "false" if true else "evaluated"
                found.append((number, column, f"column {column} never {never}"))
        for number, _, what in sorted(found):
            yield number, what


def read(shown, folder):
    files = {}
    file = None
    for row in shown:
        header = HEADER.match(row)
        if header:
            name = VIRTUAL.sub(r"\1/", header[1])
            file = files.setdefault(name, File()) if name.startswith(folder) else None
        if not file:
            continue
        line = LINE.match(row)
        if line:
            number = int(line[1])
            file.text[number] = line[3].strip()
            if line[2]:
                file.lines[number] = file.lines.get(number, False) or line[2] != "0"
            continue
        branch = BRANCH.search(row)
        if branch:
            both = file.branches.setdefault((int(branch[1]), int(branch[2])), [False, False])
            for way in (0, 1):
                both[way] = both[way] or branch[3 + way] != "0"
    return {name: file for name, file in files.items() if file.lines}


def print_row(name, reached, lines, taken, ways):
    def share(part, whole):
        return f"{part:5} of {whole:5}", f"{100 * part / whole if whole else 100:6.2f}%"

    print(f"{name:28}", *share(reached, lines), "of lines ", *share(taken, ways), "of branches")


def main(arguments):
    folder = arguments[-1].rstrip("/") + "/"
    files = read(sys.stdin, folder)
    if not files:
        sys.exit(f"coverage: no code of {folder} was shown")
    for name in sorted(files):
        print_row(name, *files[name].figures())
        for number, what in files[name].missing() if "--missing" in arguments else ():
            print(f"  {name}:{number}: {what}: {files[name].text.get(number, '')}")
    print_row("all of " + folder, *map(sum, zip(*(f.figures() for f in files.values()))))


if __name__ == "__main__":
    main(sys.argv[1:])
