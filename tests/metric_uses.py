#!/usr/bin/env python3
"""Checks that what alerting rules and dashboards ask for is what an exporter serves.

Every metric that an expression names must be in the scrape; every label that it matches, groups by
or prints must be one of that metric's, and what it compares a label with must be a value of it.

usage: metric_uses.py SCRAPE FILE...        SCRAPE: a URL or a file; FILE: rules (.yml) or Grafana's
                                            JSON. Exits 1 and prints what is wrong
       metric_uses.py --expressions FILE... prints all expressions as a file of recording rules, for
                                            promtool to parse
"""
import json
import re
import sys
import urllib.request

import yaml

TOKEN = re.compile(r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'[^']*')
  |(?P<range>\[[^]]*\])|(?P<number>[0-9][0-9a-zA-Z.]*)
  |(?P<word>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?P<sign>=~|!~|!=|==|>=|<=|.))""", re.X | re.S)
GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}
# What Prometheus adds to every series; and the exporter, when it shows more than one set of zones.
COMMON = {"job", "instance", "set"}
# Prometheus' own series.
OWN = {"up": {}, "ALERTS": {"alertname": None, "alertstate": None, "severity": None}}
# Grafana's variables, as something that has the same place in an expression.
VARIABLES = [("$__rate_interval", "1m"), ("$instance", ".*"), ("$zone", ".*")]


def scrape_of(text):
    """{metric: {label: set of values}}; None for the values that are not known."""
    metrics = dict(OWN)
    for line in text.splitlines():
        found = re.match(r'([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$', line)
        if not found:
            continue
        labels = metrics.setdefault(found.group(1), {})
        for name, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found.group(2) or ""):
            labels.setdefault(name, set()).add(value)
    return metrics


def expressions(path):
    """Yields (place, expression, texts that print labels) of a file."""
    with open(path, encoding="utf-8") as file:
        if path.endswith(".json"):
            yield from of_dashboard(json.load(file))
        else:
            for group in yaml.safe_load(file)["groups"]:
                for rule in group["rules"]:
                    yield rule["alert"], rule["expr"], list(rule["annotations"].values())


def of_dashboard(board):
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            found = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
            # Both are there if a sum by the label is.
            yield ("variable " + variable["name"],
                   "sum by (%s) (%s)" % (found.group(2), found.group(1)), [])
    for note in board["annotations"]["list"]:
        yield "annotation " + note["name"], note["expr"], [note["titleFormat"]]
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield (panel["title"] + " " + target["refId"], target["expr"],
                   [target["legendFormat"]])


def plain(expression):
    for variable, value in VARIABLES:
        expression = expression.replace(variable, value)
    return expression


def check(place, expression, texts, metrics, wrong):
    tokens = [(m.lastgroup, m.group(m.lastgroup)) for m in TOKEN.finditer(plain(expression))]
    known, grouped, by = set(COMMON), set(), set()
    at = 0

    def sign(i, what):
        return i < len(tokens) and tokens[i] == ("sign", what)

    while at < len(tokens):
        kind, word = tokens[at]
        at += 1
        if kind != "word" or word in WORDS:
            continue
        if word in GROUPING:
            end = tokens.index(("sign", ")"), at)
            names = {text for kind, text in tokens[at:end] if kind == "word"}
            grouped |= names
            by |= names if word == "by" else set()
            at = end + 1
        elif not sign(at, "(") and not (at < len(tokens) and tokens[at][1] in GROUPING):
            labels = metrics.get(word)
            if labels is None:
                wrong.append("%s: there is no metric %s" % (place, word))
                labels = {}
            known |= set(labels)
            if sign(at, "{"):
                end = tokens.index(("sign", "}"), at)
                at += 1
                while at < end:
                    compare(place, word, labels, tokens[at:at + 3], wrong)
                    at += 4  # and the comma
                at = end + 1
    for name in grouped - known:
        wrong.append("%s: groups by %s, which is no label of its metrics" % (place, name))
    printed = {n for text in texts
               for n in re.findall(r"\{\{ *(?:\$labels\.)?(\w+) *[}|]", text)}
    for name in printed - (by or known):
        wrong.append("%s: prints %s, which its result has not" % (place, name))


def compare(place, metric, labels, matcher, wrong):
    (_, name), (_, operator), (_, quoted) = matcher
    if name in COMMON or labels.get(name, 0) is None:
        return
    value = json.loads(quoted)
    fits = {"=": lambda v: v == value, "!=": lambda v: v != value,
            "=~": lambda v: re.fullmatch(value, v), "!~": lambda v: not re.fullmatch(value, v)}
    if name not in labels:
        wrong.append("%s: %s has no label %s" % (place, metric, name))
    elif not any(fits[operator](v) for v in labels[name]):
        wrong.append("%s: no %s has %s%s%s" % (place, metric, name, operator, quoted))
    elif operator == "!=" and value not in labels[name]:
        wrong.append("%s: %s never has %s=%s anyway" % (place, metric, name, quoted))


def check_board(path, wrong):
    """Ids differ, and no panel lies on another."""
    with open(path, encoding="utf-8") as file:
        panels = json.load(file)["panels"]
    ids, places = set(), {}
    for panel in panels:
        if panel["id"] in ids:
            wrong.append("%s: there is another panel %d" % (panel["title"], panel["id"]))
        ids.add(panel["id"])
        grid = panel["gridPos"]
        if grid["x"] + grid["w"] > 24:
            wrong.append("%s: wider than the page" % panel["title"])
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                other = places.setdefault((x, y), panel["title"])
                if other != panel["title"]:
                    wrong.append("%s lies on %s" % (panel["title"], other))
                    return


def main(first, paths):
    if first == "--expressions":
        rules = [{"record": "expression", "labels": {"place": "%s %d" % (path, n)},
                  "expr": plain(expression)}
                 for path in paths for n, (_, expression, _) in enumerate(expressions(path))]
        yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}, sys.stdout)
        return 0
    if first.startswith("http"):
        with urllib.request.urlopen(first, timeout=10) as answer:
            text = answer.read().decode()
    else:
        with open(first, encoding="utf-8") as file:
            text = file.read()
    metrics = scrape_of(text)
    wrong = []
    count = 0
    for path in paths:
        for place, expression, texts in expressions(path):
            check(place, expression, texts, metrics, wrong)
            count += 1
        if path.endswith(".json"):
            check_board(path, wrong)
    for line in wrong:
        print(line)
    print("%d expressions, %d wrong" % (count, len(wrong)))
    return 1 if wrong or count == 0 else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
