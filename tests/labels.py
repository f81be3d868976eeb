#!/usr/bin/env python3
"""Checks the labels of memory orders: none dangling, none one-sided.

A label such as [C4] stands in the comment of every non-relaxed atomic operation. One place defines
it, by naming an order and the partner:  // [C4] acquire: pairs with [C2], ...
Elsewhere  // [C4]  refers to that place. The partner's definition must name this one in turn.

usage: labels.py FILE...      exits 1 and prints what is wrong, or prints the number of labels
"""
import re
import sys

ORDERS = "relaxed|acquire|release|acq_rel|seq_cst|pairs"
DEFINES = re.compile(r"\[([A-Z]\d+)\](?: and \[[A-Z]\d+\])* (?:%s)\b" % ORDERS)
PARTNERS = re.compile(r"pairs with ([^.;]*)")
LABEL = re.compile(r"\[([A-Z]\d+)\]")
STRONG = re.compile(r"memory_order_(?:acquire|release|acq_rel|seq_cst)")


def comments(lines):
    """Yields (line number, text) of each run of comment text, trailing comments included."""
    start, text = 0, []
    for number, line in enumerate(lines, 1):
        at = line.find("//")
        code = line[:at] if at >= 0 else line
        if at >= 0 and (not code.strip() or not text):
            if not text:
                start = number
            text.append(line[at + 2:].strip())
        if (at < 0 or code.strip()) and text:
            yield start, " ".join(text)
            text = []
    if text:
        yield start, " ".join(text)


def main(files):
    wrong = []
    defined = {}  # label -> (place, text)
    used = {}  # label -> first place
    for name in files:
        lines = open(name, encoding="utf-8").read().split("\n")
        for number, text in comments(lines):
            for label in LABEL.findall(text):
                used.setdefault(label, "%s:%d" % (name, number))
            starts = list(DEFINES.finditer(text))
            for i, start in enumerate(starts):
                end = starts[i + 1].start() if i + 1 < len(starts) else len(text)
                label, body = start.group(1), text[start.start():end]
                place = "%s:%d" % (name, number)
                if label in defined and name not in defined[label][0]:
                    wrong.append("%s: [%s] is defined at %s too" % (place, label, defined[label][0]))
                old = defined.get(label, (place, ""))
                defined[label] = (old[0], old[1] + " " + body)
        # Every strong order has a label on its statement or in the comment above it.
        for number, line in enumerate(lines, 1):
            if not STRONG.search(line.split("//")[0]):
                continue
            window = " ".join(lines[max(0, number - 12):number + 2])
            if not LABEL.search(window) and "signal_fence" not in line:
                wrong.append("%s:%d: an order without a label" % (name, number))
    for label, place in sorted(used.items()):
        if label not in defined:
            wrong.append("%s: [%s] is defined nowhere" % (place, label))
    for label, (place, text) in sorted(defined.items()):
        partners = set(LABEL.findall(" ".join(PARTNERS.findall(text)))) - {label}
        if not partners:
            wrong.append("%s: [%s] names no partner" % (place, label))
        for partner in sorted(partners):
            if partner in defined and label not in LABEL.findall(defined[partner][1]):
                wrong.append("%s: [%s] names [%s], which does not name it (%s)" %
                             (place, label, partner, defined[partner][0]))
    print("\n".join(wrong) if wrong else "%d labels, each with its partner" % len(defined))
    return 1 if wrong or not defined else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
