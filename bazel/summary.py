#!/usr/bin/env python3
"""Counts the tests of one `bazel test` from its build events: summary.py EVENTS

Prints "PASSED FAILED" and, on stderr, what failed. A target counts by the test cases of its
report; one that has no report, or that failed without a failing case (a crash, a time-out, a
broken build), counts as one.
"""

import json
import sys
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree


def cases(uri):
    """The (name, failed) of each test case in a report, or nothing if it cannot be read."""
    path = urllib.request.url2pathname(urllib.parse.urlparse(uri).path)
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return
    for case in root.iter("testcase"):
        if case.get("status") == "notrun" or case.get("result") in ("suppressed", "skipped"):
            continue
        name = ".".join(filter(None, (case.get("classname"), case.get("name"))))
        failed = case.find("failure") is not None or case.find("error") is not None
        yield name, failed


def main(path):
    targets = {}  # label -> {case: failed}
    status = {}  # label -> overall status
    broken = []  # what is not a test and did not build
    with open(path, encoding="utf-8") as events:
        for line in events:
            event = json.loads(line)
            ident = event.get("id", {})
            if "testResult" in ident:
                found = targets.setdefault(ident["testResult"]["label"], {})
                for output in event.get("testResult", {}).get("testActionOutput", []):
                    if output["name"] == "test.xml":
                        for name, failed in cases(output.get("uri", "")):
                            found[name] = found.get(name, False) or failed
            elif "testSummary" in ident:
                label = ident["testSummary"]["label"]
                status[label] = event.get("testSummary", {}).get("overallStatus", "NO_STATUS")
            elif "targetCompleted" in ident:
                label = ident["targetCompleted"]["label"]
                reason = event.get("aborted", {}).get("reason")
                if reason == "SKIPPED":
                    continue
                if reason or not event.get("completed", {}).get("success", False):
                    broken.append(label)

    passed = failed = 0
    for label in sorted(targets.keys() | status.keys()):
        found = targets.get(label, {})
        bad = [name for name, wrong in found.items() if wrong]
        if status.get(label) in ("PASSED", "FLAKY"):
            passed += max(1, len(found))
            continue
        if label in broken:
            continue
        passed += len(found) - len(bad)
        failed += max(1, len(bad))
        for name in bad or [status.get(label, "no result")]:
            print(f"FAILED {label} {name}", file=sys.stderr)
    for label in sorted(set(broken)):
        failed += 1
        print(f"FAILED {label} does not build", file=sys.stderr)
    print(passed, failed)


if __name__ == "__main__":
    main(sys.argv[1])
