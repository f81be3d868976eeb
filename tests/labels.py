#!/usr/bin/env python3
"""Checks the labels of memory orders: none dangling, none one-sided. Documents them.

A label such as [C4] stands in the comment of every non-relaxed atomic operation. One place defines
it, by naming an order and the partner:  // [C4] acquire: pairs with [C2], ...
Elsewhere  // [C4]  refers to that place. The partner's definition must name this one in turn.

usage: labels.py FILE...               exits 1 and prints what is wrong, or prints how many there are
       labels.py --write DOC FILE...   also writes all that they say into DOC, below the mark in it
       labels.py --check DOC FILE...   also exits 1 if DOC does not say that
"""
import re
import sys

ORDERS = "relaxed|acquire|release|acq_rel|seq_cst"
DEFINES = re.compile(r"\[([A-Z]\d+)\](?: and \[[A-Z]\d+\])* (?:%s|pairs)\b" % ORDERS)
PARTNERS = re.compile(r"pairs with ([^.;]*)")
LABEL = re.compile(r"\[([A-Z]\d+)\]")
STRONG = re.compile(r"memory_order_(?:acquire|release|acq_rel|seq_cst)")
ORDER = re.compile(r"memory_order_(%s)" % ORDERS)
OPERATION = re.compile(
    r"(\w+)(?:\([^()]*\)|\[[^][]*\])*(?:\.|->)(load|store|exchange|fetch_\w+|compare_exchange_\w+)\(")
MARK = "<!-- What follows is written by tests/labels.py. -->"


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


class Label:
    """What the comments say where a label is defined."""

    def __init__(self, name, place, lines, line):
        self.name = name
        self.place = place
        self.file = place.rsplit(":", 1)[0]
        self.text = ""
        self.orders = []
        self.operation = ""
        # The operation stands behind or below its comment.
        below = " ".join(code.split("//")[0].strip() for code in lines[line - 1:line + 13])
        found = OPERATION.search(below)
        if found:
            self.operation = "%s.%s" % (found.group(1), found.group(2))
            order = ORDER.search(below[found.end():])
            self.code_order = order.group(1) if order else ""
        else:
            self.code_order = ""

    def add(self, body):
        if body.strip() not in self.text:
            self.text = (self.text + " " + body).strip()
        said = re.findall(r"(?:^\S+ |[ ;] ?)(%s)(?:[:,]| besides| on| as)" % ORDERS, " " + body)
        self.orders += [o for o in said if o not in self.orders]

    def partners(self):
        return set(LABEL.findall(" ".join(PARTNERS.findall(self.text)))) - {self.name}


def read(files):
    """The labels by name, and what is wrong."""
    wrong, defined, used = [], {}, {}
    for name in files:
        lines = open(name, encoding="utf-8").read().split("\n")
        for number, text in comments(lines):
            for label in LABEL.findall(text):
                used.setdefault(label, "%s:%d" % (name, number))
            starts = list(DEFINES.finditer(text))
            for i, start in enumerate(starts):
                end = starts[i + 1].start() if i + 1 < len(starts) else len(text)
                label, place = start.group(1), "%s:%d" % (name, number)
                if label in defined and defined[label].file != name:
                    wrong.append("%s: [%s] is defined at %s too" %
                                 (place, label, defined[label].place))
                defined.setdefault(label, Label(label, place, lines, number))
                defined[label].add(text[start.start():end])
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
    for name, label in sorted(defined.items()):
        if not label.partners():
            wrong.append("%s: [%s] names no partner" % (label.place, name))
        for partner in sorted(label.partners()):
            if partner in defined and name not in LABEL.findall(defined[partner].text):
                wrong.append("%s: [%s] names [%s], which does not name it (%s)" %
                             (label.place, name, partner, defined[partner].place))
    return defined, wrong


def by_number(name):
    return name[0], int(name[1:])


def groups(labels):
    """The labels in groups that are tied by partners, each sorted, in the order of the first."""
    left, out = sorted(labels, key=by_number), []
    while left:
        group, new = set(), {left[0]}
        while new:
            group |= new
            new = {p for n in new for p in labels[n].partners() if p in labels}
            new |= {n for n in left if labels[n].partners() & group}
            new -= group
        out.append(sorted(group, key=by_number))
        left = [n for n in left if n not in group]
    return out


def document(labels):
    """Markdown: for each file the groups whose first label it defines."""
    out = []
    files = []
    for group in groups(labels):
        if labels[group[0]].file not in files:
            files.append(labels[group[0]].file)
    for name in sorted(files):
        out += ["", "## %s" % name]
        for group in groups(labels):
            if labels[group[0]].file != name:
                continue
            out += ["", "| label | operation | order | partners | what the code says |",
                    "| --- | --- | --- | --- | --- |"]
            for n in group:
                label = labels[n]
                text = re.sub(r"^\[%s\](?: and \[\w+\])* " % n, "", label.text)
                where = "" if label.file == name else " in %s" % label.file
                out.append("| [%s]%s | %s | %s | %s | %s |" % (
                    n, where, "`%s`" % label.operation if label.operation else "",
                    ", ".join(label.orders or [label.code_order]),
                    " ".join("[%s]" % p for p in sorted(label.partners(), key=by_number)),
                    text.replace("|", "\\|")))
    return "\n".join(out) + "\n"


def main(args):
    action, path = None, None
    if args and args[0] in ("--write", "--check"):
        action, path, args = args[0], args[1], args[2:]
    labels, wrong = read(args)
    if action and not wrong:
        said = open(path, encoding="utf-8").read()
        above, mark, _ = said.partition(MARK)
        should = above + MARK + "\n" + document(labels)
        if not mark:
            wrong.append("%s: it has no line %s" % (path, MARK))
        elif action == "--write":
            open(path, "w", encoding="utf-8").write(should)
        elif said != should:
            wrong.append("%s does not say what the sources do; write it anew with --write" % path)
    print("\n".join(wrong) if wrong else "%d labels, each with its partner" % len(labels))
    return 1 if wrong or not labels else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
